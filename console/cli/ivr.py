"""``callwright ivr``: check, walk and describe flows."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Annotated

import typer

from calls.switch.port import Gather
from console.cli import ivr_graph, ivr_replay
from console.cli.flows import Alone, File, known_by, texts_of
from console.cli.shared import out, print_json, settings_of
from ivr.check import check, load
from ivr.commands import Enqueue, Result
from ivr.faults import Fault, Severity
from ivr.flow import json_schema
from ivr.nodes.split import BELOW_ONE
from ivr.sarif import as_json, sarif
from ivr.script import parse
from ivr.trail import Instant
from ivr.walk import Asked, Caller, ScriptedCaller, Told, TypingCaller, Walk, json_line

app = typer.Typer(help="Check, walk and describe flows.", no_args_is_help=True, rich_markup_mode=None)
app.command("graph")(ivr_graph.graph)
app.command("replay")(ivr_replay.replay_call)

Files = Annotated[list[Path], typer.Argument(help="Flow files, e.g. flows/main.yaml.", exists=True, dir_okay=False)]

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""A Monday: when a walk begins where ``--at`` says nothing else."""


class Format(StrEnum):
    """How faults are told."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


@app.command("check")
def check_flows(
    context: typer.Context,
    files: Files,
    alone: Alone = False,
    as_format: Annotated[
        Format, typer.Option("--format", help="For people, for programs, or SARIF 2.1.0 for code hosts.")
    ] = Format.TEXT,
) -> None:
    """Check flows: 0 where all can be used, 1 with file, line and key of each fault where one can't."""
    known = known_by(None if alone else settings_of(context))
    found = {file: check(file, known) for file in files}
    faults = [fault for each in found.values() for fault in each]
    match as_format:
        case Format.TEXT:
            for file, each in found.items():
                _tell(file, each)
        case Format.JSON:
            print_json([as_json(fault) for fault in faults])
        case Format.SARIF:
            print_json(sarif(faults, importlib.metadata.version("callwright")))
    raise typer.Exit(1 if any(fault.severity is Severity.ERROR for fault in faults) else 0)


def _tell(file: Path, faults: Sequence[Fault]) -> None:
    for fault in faults:
        typer.echo(str(fault))
    errors = sum(fault.severity is Severity.ERROR for fault in faults)
    typer.echo(f"{file}: {errors} errors, {len(faults) - errors} warnings")


@app.command()
def walk(
    context: typer.Context,
    file: File,
    keys: Annotated[
        str | None, typer.Option(help='What the caller does, e.g. "1,w,2": keys, w waits, h hangs up, q+ an agent.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The trail as JSON lines.")] = False,
    at: Annotated[
        datetime | None, typer.Option(help="When the call comes, in UTC. Default: a Monday, 12:00.")
    ] = None,
    draw: Annotated[
        float, typer.Option(min=0.0, max=BELOW_ONE, help="From 0 up to 1: what splits go by; 0: their first ways.")
    ] = 0.0,
    alone: Alone = False,
) -> None:
    """Walk a flow at the terminal, without a switch and without waiting."""
    settings = None if alone else settings_of(context)
    flow = load(file, known_by(settings))
    began = Instant(NOON if at is None else at.replace(tzinfo=UTC), 0.0)
    caller: Caller = TypingCaller(_ask) if keys is None else ScriptedCaller(parse(keys))
    walked = Walk(flow, caller, texts_of(settings), began, draw)
    for event in walked.events():
        if not as_json:
            _show(event)
    if as_json:
        for each in walked.session.trail:
            typer.echo(json_line(each))
    elif walked.finished is not None:
        out.print(f"The call has ended: {walked.finished.outcome} at {walked.finished.last_node}.", markup=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of flow files, for editors."""
    typer.echo(json.dumps(json_schema(), indent=2))


def _ask(asked: Asked, problem: str) -> str:
    """Ask the person at the terminal what the caller does now."""
    if problem:
        typer.echo(f"           {problem}")
    match asked.command:
        case Gather():
            question = "keys (empty: silence, h: hang up)"
        case Enqueue():
            question = "q+: an agent comes, q-: nobody comes, h: hang up"
        case _:
            question = "t+: it is answered, t-: it is not, h: hang up"
    answer: str = typer.prompt(f"           {question}", default="", show_default=False)
    return answer


def _show(event: Asked | Told) -> None:
    match event:
        case Asked(since_s, node, command):
            typer.echo(f"{since_s:7.1f} s  {node or 'start'}: {type(command).__name__.lower()}")
            for text in event.texts:
                typer.echo(f'           "{text}"')
        case Told(_, result):
            typer.echo(f"           -> {_words(result)}")


def _words(result: Result) -> str:
    """A result in a few words: its name, and what it carries."""
    carried = ", ".join(
        str(value.value if isinstance(value, Enum) else value)
        for value in (getattr(result, each.name) for each in fields(result))
        if value not in (None, False)
    )
    return f"{type(result).__name__} {carried}".strip()
