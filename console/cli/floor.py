"""``callwright floor``: what supervisors do with the talks of agents."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from console.cli.shared import ask_engine, print_json, print_table, settings_of
from console.client import EngineClient

app = typer.Typer(help="What supervisors do with agents' talks.", no_args_is_help=True, rich_markup_mode=None)

Call = Annotated[str, typer.Argument(help="The call's id, as `callwright status` shows it.")]
As = Annotated[str, typer.Option("--as", help="The supervisor's id in the settings, whose phone is rung.")]


@app.command("list")
def list_supervisors(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Who listens to whom."""
    found = ask_engine(settings_of(context), EngineClient.status).supervisors
    if as_json:
        print_json([each.model_dump() for each in found])
    else:
        rows = ([each.supervisor, each.mode, each.agent, each.call_id, each.sits, each.for_s] for each in found)
        print_table("Supervisors", ["supervisor", "mode", "agent", "call", "there", "for s"], rows)


@app.command()
def listen(context: typer.Context, call: Call, supervisor: As) -> None:
    """Hear a talk, unheard."""
    _supervise(context, call, supervisor, "listen")


@app.command()
def whisper(context: typer.Context, call: Call, supervisor: As) -> None:
    """Hear a talk, and be heard by its agent alone."""
    _supervise(context, call, supervisor, "whisper")


@app.command()
def join(context: typer.Context, call: Call, supervisor: As) -> None:
    """Take part in a talk."""
    _supervise(context, call, supervisor, "join")


@app.command()
def leave(context: typer.Context, supervisor: As) -> None:
    """Hear the talk no longer; the phone's call ends."""
    path = f"/v1/supervisors/{quote(supervisor, safe='')}/leave"
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.order(path)).said)


def _supervise(context: typer.Context, call: str, supervisor: str, mode: str) -> None:
    path = f"/v1/calls/{quote(call, safe='')}/supervise"
    order = {"supervisor": supervisor, "mode": mode}
    typer.echo(ask_engine(settings_of(context), lambda engine: engine.tell("POST", path, order)).said)
