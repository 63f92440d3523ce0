"""A walk written down as a test: what was heard, what the caller did, and what it came to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from calls.switch.port import (
    Gather,
    Hangup,
    HungUp,
    Interrupted,
    Match,
    NoInput,
    NoMatch,
    Record,
    Recorded,
    RecordEnd,
    TransferFailed,
    Transferred,
)
from ivr.callers import Asked, Told, spoken_s
from ivr.commands import (
    BrokeOut,
    Charged,
    ChargeDeclined,
    ChargeFailed,
    ChargeUnknown,
    Command,
    CommitFailed,
    Deaf,
    Heard,
    Listen,
    LockedOut,
    LookedUp,
    LookupFailed,
    NobodyThere,
    NotUnderstood,
    NotVerified,
    QueueClosed,
    QueueFull,
    Result,
    Served,
    SpeechResult,
    TransferRefused,
    VerifyFailed,
    WaitExpired,
)
from ivr.session import Context, Finished
from ivr.testing.running import prompts_of
from ivr.testing.script import MONDAY_NOON
from ivr.values import Value, in_words

PAID = {Charged: "c+", ChargeDeclined: "c-", ChargeFailed: "cf", ChargeUnknown: "cu"}
"""The word of a walk for what a payment comes to."""

PRESS, REST = "press ", "rest "
"""How a step of keys begins until those that belong together are joined."""


def recorded(
    name: str, flow: str, at: datetime, context: Context, events: Iterable[Asked | Told], finished: Finished
) -> str:
    """The text of a file with one test, in which what happened in ``events`` is done and expected again.

    ``flow`` is the path of the flow's file, seen from the file of tests.
    """
    lines = [f"flow: {json.dumps(flow)}", "tests:", f"  - name: {json.dumps(name, ensure_ascii=False)}"]
    if at != MONDAY_NOON:
        lines.append(f"    at: {at:%Y-%m-%dT%H:%M:%S}")
    if context.draw:
        lines.append(f"    draw: {context.draw!r}")
    lines += ["    steps:", *(f"      - {step}" for step in _joined(_steps(events)))]
    lines.append(f"      - expect: {{outcome: {json.dumps(finished.outcome)}}}")
    return "\n".join(lines) + "\n"


def _steps(events: Iterable[Asked | Told]) -> Iterator[str]:
    asked: Asked | None = None
    node = ""
    for event in events:
        if isinstance(event, Asked):
            asked = event
            if asked.node and asked.node != node:
                node = asked.node
                yield f"expect: {{node: {json.dumps(node)}}}"
            if heard := _heard(asked):
                yield f"hear: {json.dumps(heard, ensure_ascii=False)}"
        elif asked is not None:
            yield from _deeds(asked, event)
            if isinstance(event.result, Recorded) and event.result.ended_by is RecordEnd.HANGUP:
                return


def _joined(steps: Iterable[str]) -> Iterator[str]:
    """``steps``, with the digits that still came of a misdialled extension put to its first ones."""
    pressed = ""
    for step in steps:
        if step.startswith(REST):
            pressed += step.removeprefix(REST)
            continue
        if pressed:
            yield f"press: {json.dumps(pressed)}"
        pressed = step.removeprefix(PRESS) if step.startswith(PRESS) else ""
        if not pressed:
            yield step
    if pressed:
        yield f"press: {json.dumps(pressed)}"


def _heard(asked: Asked) -> list[str]:
    """The keys of what was heard; of what was put together for this caller, the words."""
    prompts = prompts_of(asked.command)
    return [prompt.key or text for prompt, text in zip(prompts, asked.texts, strict=True) if prompt.key or text]


def _deeds(asked: Asked, told: Told) -> Iterator[str]:
    """What must be done for ``told`` to come of ``asked``."""
    took_s = told.since_s - asked.since_s
    match asked.command, told.result:
        case command, (HungUp() | Interrupted()) as ended if not isinstance(command, Hangup):
            if took_s > 0.0005:
                yield f"wait: {_duration(took_s)}"
            yield "hang_up" if isinstance(ended, HungUp) else "word: f"
        case Listen(gather), (Heard() | NotUnderstood() | Deaf()) as result:
            yield from _said(asked, gather, result)
        case Listen(gather), result:
            yield from _deeds(replace(asked, command=gather), told)
        case Gather(()), Match(keys) | NoMatch(keys):
            yield f"{REST}{keys}"
        case Gather(()), NoInput():
            pass
        case Gather(), Match(keys, barged_in) | NoMatch(keys, barged_in):
            if barged_in:
                yield f"wait: {_duration(min(took_s, spoken_s(asked.texts)) / 2)}"
            yield f"{PRESS}{keys}"
        case Gather(), NoInput():
            yield "wait: timeout"
        case Record(_, _, _, _, end_keys), Recorded(_, duration_s, by):
            if duration_s:
                yield f"speak: {_duration(duration_s)}"
            match by:
                case RecordEnd.KEY:
                    yield f"{PRESS}{end_keys[0]}"
                case RecordEnd.SILENCE:
                    yield "wait: timeout"
                case RecordEnd.HANGUP:
                    yield "hang_up"
                case RecordEnd.LONGEST:
                    pass
        case command, result:
            yield from _others(command, result)


def _said(asked: Asked, gather: Gather, result: SpeechResult) -> Iterator[str]:
    """What was said, and what a recogniser made of it."""
    if isinstance(result, Heard | NotUnderstood) and result.barged_in and gather.barge_in:
        yield f"wait: {_duration(spoken_s(asked.texts) / 2)}"
    match result:
        case Heard(_, words, sure):
            yield f"say: {_text(words)}" if sure else f"say: {{unsure: {_text(words)}}}"
        case NotUnderstood(words) if words:
            yield f"say: {{unclear: {_text(words)}}}"
        case NotUnderstood():
            yield "word: s-"
        case Deaf(reason):
            yield f"say: {{deaf: {reason}}}"


def _others(command: Command, result: Result) -> Iterator[str]:
    """What others do: agents, and those to whom a caller is transferred. All else comes about by itself."""
    match result:
        case Served(talk_s):
            yield f"agent: {{answers: {_duration(talk_s)}}}"
        case WaitExpired():
            yield "agent: none"
        case NobodyThere():
            yield "agent: nobody"
        case QueueClosed():
            yield "agent: closed"
        case QueueFull():
            yield "word: qf"
        case BrokeOut(keys):
            yield f"{PRESS}{keys}"
        case Charged() | ChargeDeclined() | ChargeFailed() | ChargeUnknown():
            yield f"word: {PAID[type(result)]}"
        case LookedUp(values):
            yield f"lookup: {json.dumps({name: _written(value) for name, value in values.items()})}"
        case LookupFailed(reason):
            yield f"lookup: {reason}"
        case NotVerified():
            yield "word: p-"
        case LockedOut():
            yield "word: pl"
        case VerifyFailed():
            yield "word: pf"
        case CommitFailed():
            yield "word: b-"
        case Transferred(talk_s):
            yield f"transfer: {{answers: {_duration(talk_s)}}}"
        case TransferFailed(reason):
            yield f"transfer: {reason}"
        case TransferRefused():
            yield "word: tr"
        case _:
            pass


def _written(value: Value) -> str | int | bool | None:
    """A value as a test file holds it; a decimal number as a text."""
    return in_words(value) if isinstance(value, Decimal) else value


def _text(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)


def _duration(seconds: float) -> str:
    return f"{max(seconds, 0.001):.3f}".rstrip("0").rstrip(".") + "s"
