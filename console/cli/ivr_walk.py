"""``callwright ivr walk``: a flow at the terminal, without a switch and without waiting."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from console.cli.flows import Alone, File, known_by, recognizers, texts_of
from console.cli.shared import out, settings_of
from console.walk_words import asks, described, result_in_words
from ivr.callers import Asked, Caller, ScriptedCaller, Told, TypingCaller
from ivr.check import load
from ivr.microphone import microphone
from ivr.nodes.split import BELOW_ONE
from ivr.script import parse
from ivr.session import Context
from ivr.speaking_caller import SpeakingCaller
from ivr.testing.recording import recorded
from ivr.testing.script import MONDAY_NOON
from ivr.trail import Instant
from ivr.walk import Walk, json_line
from ivr.wav_caller import WavCaller

MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]


def walk(
    context: typer.Context,
    file: File,
    keys: Annotated[
        str | None, typer.Option(help='What the caller does, e.g. "1,w,s=sales": keys, w waits, s= says, h hangs up.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The trail as JSON lines.")] = False,
    at: Annotated[
        datetime | None, typer.Option(formats=MOMENTS, help="When the call comes, in UTC. Default: a Monday, 12:00.")
    ] = None,
    draw: Annotated[
        float, typer.Option(min=0.0, max=BELOW_ONE, help="From 0 up to 1: what splits go by; 0: their first ways.")
    ] = 0.0,
    record: Annotated[
        Path | None, typer.Option(help="Write the walk to this file, as a test of the flow.", dir_okay=False)
    ] = None,
    wav: Annotated[
        list[Path] | None,
        typer.Option(
            help="A WAV file that is the next answer by voice, through the recogniser; may be given again.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    mic: Annotated[
        bool,
        typer.Option("--mic", help="Answer by voice into the microphone, through the recogniser; keys are typed."),
    ] = False,
    alone: Alone = False,
) -> None:
    """Walk a flow at the terminal, without a switch and without waiting."""
    settings = None if alone else settings_of(context)
    flow = load(file, known_by(settings))
    began = Instant(MONDAY_NOON if at is None else at.replace(tzinfo=UTC), 0.0)
    caller: Caller = TypingCaller(_ask) if keys is None else ScriptedCaller(parse(keys))
    if mic:
        caller = SpeakingCaller(microphone, _tell, caller, recognizers(settings), began.at.date())
    if wav:
        caller = WavCaller(wav, caller, recognizers(settings), began.at.date())
    known = Context(draw=draw)
    walked = Walk(flow, caller, texts_of(settings), began, known)
    events = []
    for event in walked.events():
        events.append(event)
        if not as_json:
            _show(event)
    if walked.finished is None:
        raise RuntimeError("a walk ended without an end")
    if as_json:
        for each in walked.session.trail:
            typer.echo(json_line(each))
    else:
        out.print(f"The call has ended: {walked.finished.outcome} at {walked.finished.last_node}.", markup=False)
    if record is not None:
        name = f"a walk through {flow.id}" + (f": {keys}" if keys else "")
        seen = os.path.relpath(file, record.parent)
        _write(record, recorded(name, seen, began.at, known, events, walked.finished))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UserError(f"cannot write {path}: {problem.strerror}") from problem


def _tell(what: str) -> None:
    typer.echo(f"           {what}")


def _ask(asked: Asked, problem: str) -> str:
    """Ask the person at the terminal what the caller does now."""
    if problem:
        typer.echo(f"           {problem}")
    question = asks(asked.command)
    answer: str = typer.prompt(f"           {question}", default="", show_default=False)
    return answer


def _show(event: Asked | Told) -> None:
    match event:
        case Asked(since_s, node, command):
            typer.echo(f"{since_s:7.1f} s  {node or 'start'}: {type(command).__name__.lower()}")
            for text in event.texts:
                typer.echo(f'           "{text}"')
            for line in described(command):
                typer.echo(f"           {line}")
        case Told(_, result):
            typer.echo(f"           -> {result_in_words(result)}")
