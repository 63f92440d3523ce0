"""``callwright agents``: who is there, and what they do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import typer

from calls.ids import CallId
from calls.text import printable
from console import desk
from console.agent_dials import PreviewShown
from console.cli.shared import ask_engine, print_json, print_table, settings_of, with_engine_or_store
from console.client import EngineClient, who

app = typer.Typer(help="Who is there, and what they do.", no_args_is_help=True, rich_markup_mode=None)

Id = Annotated[str, typer.Argument(help="The agent's id in the settings.")]


@app.command("list")
def list_agents(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The agents and their states."""
    agents = ask_engine(settings_of(context), EngineClient.status).agents
    if as_json:
        print_json([agent.model_dump() for agent in agents])
    else:
        rows = ([agent.id, agent.name, agent.state, agent.reason, agent.for_s, agent.call_id] for agent in agents)
        print_table("Agents", ["agent", "name", "state", "reason", "for s", "call"], rows)


@app.command()
def login(context: typer.Context, agent: Id) -> None:
    """The agent wants calls; a nailed-up phone is rung now."""
    _order(context, agent, "login")


@app.command()
def logout(context: typer.Context, agent: Id) -> None:
    """The agent leaves, after the call in hand."""
    _order(context, agent, "logout")


@app.command()
def pause(
    context: typer.Context,
    agent: Id,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    in_minutes: Annotated[
        float, typer.Option(min=0, max=1440, help="When: until then calls come, and pacing counts on it.")
    ] = 0.0,
) -> None:
    """The agent wants no calls for a while: now, or in some minutes. unpause takes either back."""
    _order(context, agent, "pause", reason, in_s=60 * in_minutes)


@app.command()
def unpause(context: typer.Context, agent: Id) -> None:
    """The agent wants calls again."""
    _order(context, agent, "unpause")


@app.command()
def done(context: typer.Context, agent: Id) -> None:
    """The agent's wrap-up is over."""
    _order(context, agent, "done")


@app.command("end-call")
def end_call(context: typer.Context, agent: Id) -> None:
    """End the agent's talk; the caller goes on in the flow."""
    _order(context, agent, "end-call")


@app.command()
def extend(
    context: typer.Context,
    agent: Id,
    by_s: Annotated[float, typer.Option("--by", min=1, max=86400, help="How many seconds more.")] = 60.0,
) -> None:
    """The agent needs longer for the wrap-up, up to wrap_up_max_s of the settings."""
    path = f"/v1/agents/{quote(agent, safe='')}/extend"
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.order(path, {"by_s": str(by_s)})).said)


@app.command()
def dispose(
    context: typer.Context,
    agent: Id,
    call: Annotated[str, typer.Argument(help="The call's id: callwright agents list shows it.")],
    disposition: Annotated[str, typer.Argument(help="What came of it, as the campaign or the queue names it.")],
    value: Annotated[str | None, typer.Option(help="What was sold for: 129.90.")] = None,
    currency: Annotated[str | None, typer.Option(help="The value's currency: EUR.")] = None,
    note: Annotated[str, typer.Option(help="What else is to be kept.")] = "",
    callback_at: Annotated[
        str | None, typer.Option(help="When to call back: 2026-12-31T12:00 by the person's time, or with an offset.")
    ] = None,
    shared: Annotated[bool, typer.Option("--shared", help="Whoever of the queue is there calls back.")] = False,
) -> None:
    """Say what came of the agent's call, during the talk or in the wrap-up. Said again, the last counts."""
    said: dict[str, object] = {
        "call_id": call,
        "disposition": disposition,
        "value": value,
        "currency": currency,
        "note": note,
        "callback_at": callback_at,
        "callback_personal": not shared,
    }
    path = f"/v1/agents/{quote(agent, safe='')}/disposition"
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.tell("POST", path, said)).said)


@app.command()
def answer(
    context: typer.Context,
    agent: Id,
    call: Annotated[str, typer.Argument(help="The call's id.")],
    step: Annotated[str, typer.Argument(help="The step of the script.")],
    text: Annotated[str, typer.Argument(help="What was answered; an empty text takes it back.")],
) -> None:
    """Keep what a person said to a step of the script."""
    said = {"call_id": call, "answers": {step: text}}
    path = f"/v1/agents/{quote(agent, safe='')}/answers"
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.tell("POST", path, said)).said)


@app.command("call")
def show_call(
    context: typer.Context,
    agent: Id,
    language: Annotated[str | None, typer.Option(help="Of the script; none: the campaign's.")] = None,
) -> None:
    """The agent's call as JSON: who it is, the script, the dispositions, how long the wrap-up lasts. Or null."""
    path = f"/v1/agents/{quote(agent, safe='')}/call"
    query = {} if language is None else {"language": language}
    print_json(ask_engine(settings_of(context), lambda engine: engine.look(path, query)))


@app.command()
def preview(
    context: typer.Context, agent: Id, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The lead that the agent looks at before it is dialled."""
    shown = ask_engine(settings_of(context), lambda engine: engine.read(_at(agent, "preview"), PreviewShown))
    if as_json:
        print_json(shown.model_dump())
    else:
        told = {**shown.model_dump(exclude={"fields", "others"}), "others": ", ".join(shown.others), **shown.fields}
        rows = ([name, printable(str(value))] for name, value in told.items() if value not in (None, ""))
        print_table("Preview", ["what", "value"], rows)


@app.command()
def skip(context: typer.Context, agent: Id, reason: Annotated[str, typer.Option(help="Why, for the audit.")]) -> None:
    """Do not dial the lead that the agent looks at; it goes back to the roll."""
    path, said = _at(agent, "preview/skip"), {"reason": reason}
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.tell("POST", path, said)).said)


@app.command()
def dial(
    context: typer.Context,
    agent: Id,
    number: Annotated[str | None, typer.Option(help="Dial this number; else the lead that is shown.")] = None,
    lead: Annotated[str | None, typer.Option(help="Dial the lead with this id.")] = None,
    campaign: Annotated[
        str | None, typer.Option(help="Whose rules hold, where several run for the agent's queues.")
    ] = None,
) -> None:
    """Dial the lead that the agent looks at, or a number, or a lead of the campaign's list."""
    if number is None and lead is None:
        path = _at(agent, "preview/dial")
        typer.echo(ask_engine(settings_of(context), lambda engine: engine.order(path)).said)
        return
    said = {"number": number, "lead": lead, "campaign": campaign}
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.tell("POST", _at(agent, "dial"), said)).said)


@app.command()
def correct(
    context: typer.Context,
    call: Annotated[str, typer.Argument(help="The call's id.")],
    disposition: Annotated[str, typer.Argument(help="What stands in its record from now on.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit.")],
    value: Annotated[str | None, typer.Option(help="What was sold for: 129.90.")] = None,
    currency: Annotated[str | None, typer.Option(help="The value's currency: EUR.")] = None,
    note: Annotated[str | None, typer.Option(help="In the place of the agent's note.")] = None,
) -> None:
    """As a supervisor: correct what an agent said came of a call, once the wrap-up is over."""
    settings, now = settings_of(context), datetime.now(UTC)
    said = {"disposition": disposition, "value": value, "currency": currency, "note": note, "reason": reason}
    order = desk.correction(said)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("POST", f"/v1/calls/{quote(call, safe='')}/disposition", said),
        lambda db: desk.correct(db, settings.queues, CallId(call), order, who(), now).done,
    )
    typer.echo(done.said)


@app.command("pause-recording")
def pause_recording(context: typer.Context, agent: Id) -> None:
    """Record nothing of the agent's talk, and let nobody listen, as for a card number."""
    _order(context, agent, "recording/pause")


@app.command("resume-recording")
def resume_recording(context: typer.Context, agent: Id) -> None:
    """Record the agent's talk again."""
    _order(context, agent, "recording/resume")


@app.command("complete-transfer")
def complete_transfer(context: typer.Context, agent: Id) -> None:
    """The agent who was asked takes the caller."""
    _order(context, agent, "transfer/complete")


@app.command("cancel-transfer")
def cancel_transfer(context: typer.Context, agent: Id) -> None:
    """The agent takes the caller back."""
    _order(context, agent, "transfer/cancel")


@app.command()
def hold(context: typer.Context, agent: Id) -> None:
    """Put the agent's caller on hold: the caller hears music, and the agent nothing."""
    _order(context, agent, "hold")


@app.command("take-back")
def take_back(context: typer.Context, agent: Id) -> None:
    """Let the agent and the caller on hold talk again."""
    _order(context, agent, "take-back")


@app.command()
def transfer(
    context: typer.Context,
    agent: Id,
    to_agent: Annotated[str | None, typer.Option("--agent", help="To another agent, by id.")] = None,
    queue: Annotated[str | None, typer.Option(help="To a queue of the settings.")] = None,
    destination: Annotated[str | None, typer.Option(help="To a destination of the settings.")] = None,
    supervisor: Annotated[str | None, typer.Option(help="To the phone of a supervisor, by id.")] = None,
    number: Annotated[str | None, typer.Option(help="To a number, where [transfer] allows it.")] = None,
    attended: Annotated[
        bool, typer.Option("--attended", help="Ask first: the caller hears music until the agent decides.")
    ] = False,
) -> None:
    """End the agent's talk and hand the caller on."""
    given = {"agent": to_agent, "queue": queue, "destination": destination, "number": number}
    given["supervisor"] = supervisor
    order: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    order["attended"] = attended
    path = f"/v1/agents/{quote(agent, safe='')}/transfer"
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.tell("POST", path, order)).said)


def _at(agent: str, what: str) -> str:
    return f"/v1/agents/{quote(agent, safe='')}/{what}"


def _order(context: typer.Context, agent: str, order: str, reason: str = "", in_s: float = 0.0) -> None:
    path, query = f"/v1/agents/{quote(agent, safe='')}/{order}", {"reason": reason}
    if in_s:
        query["in_s"] = str(in_s)
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.order(path, query)).said)
