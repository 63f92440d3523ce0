"""``callwright ivr walk``: a flow at the terminal, without a switch and without waiting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from calls.switch.port import Gather, KeyPlan, Prompt, Record, Transfer
from console.cli.flows import Alone, File, known_by, recognizers, texts_of
from console.cli.shared import out, settings_of
from ivr.callers import Asked, Caller, ScriptedCaller, Told, TypingCaller
from ivr.check import load
from ivr.commands import Command, Enqueue, Listen, Lookup, Result
from ivr.microphone import microphone
from ivr.nodes.split import BELOW_ONE
from ivr.script import parse
from ivr.session import Context
from ivr.speaking_caller import SpeakingCaller
from ivr.speech.expected import Expected
from ivr.testing.recording import recorded
from ivr.testing.script import MONDAY_NOON
from ivr.trail import Instant
from ivr.walk import Walk, json_line
from ivr.wav_caller import WavCaller

MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]

SHOWN_KEYS = 12
"""How many choices are shown of a menu; a company has hundreds of extensions."""


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
    match asked.command:
        case Listen():
            question = "words or keys (empty: silence, s?=words: heard unsurely, s-: not understood, h: hang up)"
        case Gather():
            question = "keys (empty: silence, h: hang up)"
        case Lookup():
            question = "l+price=9.50: it is found, l-: it is not, lf: it fails, h: hang up"
        case Enqueue():
            question = "q+: an agent comes, q-: nobody comes, h: hang up"
        case Record():
            question = "m10: speaks for 10 s, #: ends it, empty: speaks for 5 s, h: hang up"
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
            for line in described(command):
                typer.echo(f"           {line}")
        case Told(_, result):
            typer.echo(f"           -> {_words(result)}")


def described(command: Command) -> Iterator[str]:
    """What is listened for or waited for, and for how long; what is heard is shown already."""
    match command:
        case Listen(gather, expected):
            yield f"listens for {_expected(expected)}"
            yield from described(gather)
        case Gather():
            yield f"listens for {_choices(command.plan)}"
            first = (
                f"{command.first_key_timeout_s:g} s for the first key, {command.next_key_timeout_s:g} s for each more"
            )
            yield first if command.barge_in else f"{first}; not before the end of the prompts"
        case Enqueue():
            most = (
                "as long as the queue has it" if command.max_wait_s is None else f"{command.max_wait_s:g} s at most"
            )
            yield f"waits in {command.queue}, priority {command.priority}, {most}"
            if command.announce:
                yield f"hears this again every {command.announce_every_s:g} s, and music between"
        case Transfer(destination, ring_s):
            yield f"rings {destination} for {ring_s:g} s at most"
        case _:
            told = [f"{name} {value}" for name, value in _held(command)]
            if told:
                yield ", ".join(told)


def _choices(plan: KeyPlan) -> str:
    choices = sorted(plan.choices, key=lambda keys: (len(keys), keys))
    shown = choices[:SHOWN_KEYS] + ([f"… ({len(choices)} in all)"] if len(choices) > SHOWN_KEYS else [])
    return ", ".join(shown + [f"any {length} digits" for length in sorted(plan.direct_dial_digits)])


def _expected(expected: Expected) -> str:
    """What may be said: of phrases the first few, else what kind of thing."""
    phrases = [f'"{phrase}"' for phrase in expected.phrases]
    if not phrases:
        return f"{expected.kind.value} by voice"
    more = [f"… ({len(phrases)} in all)"] if len(phrases) > SHOWN_KEYS else []
    return ", ".join(phrases[:SHOWN_KEYS] + more)


def _held(value: Command | Result) -> Iterator[tuple[str, object]]:
    """The fields of a command or a result that say something; prompts are shown by their texts."""
    for each in fields(value):
        held = getattr(value, each.name)
        if held in (None, False, ()) or (isinstance(held, tuple) and isinstance(held[0], Prompt)):
            continue
        yield each.name, held.value if isinstance(held, Enum) else held


def _words(result: Result) -> str:
    """A result in a few words: its name, and what it carries."""
    return f"{type(result).__name__} {', '.join(str(held) for _, held in _held(result))}".strip()
