"""``callwright agents``: who is there, and what they do."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from console.cli.shared import ask_engine, print_json, print_table, settings_of
from console.client import EngineClient

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
def pause(context: typer.Context, agent: Id, reason: Annotated[str, typer.Option(help="Why.")] = "") -> None:
    """The agent wants no calls for a while."""
    _order(context, agent, "pause", reason)


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


def _order(context: typer.Context, agent: str, order: str, reason: str = "") -> None:
    path = f"/v1/agents/{quote(agent, safe='')}/{order}"
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.order(path, {"reason": reason})).said)
