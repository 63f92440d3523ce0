"""What was recorded of a call: each recording with whose talk it is, its muted stretches, and what happened in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from calls.errors import UserError
from calls.waveform import Waveform

OF_A_CALL = 50
"""Recordings of one call that are shown: a talk for each time that it was handed over, and messages."""

NAMED_AGENT = frozenset(
    {"agent_connected", "talk_ended", "recording_paused", "recording_resumed", "hold_began", "hold_ended"}
)
"""Events of a talk that name its agent."""

MARKED: Mapping[str, str] = {
    "agent_connected": "talks with {agent}",
    "talk_passed": "talks with {agent}",
    "talk_ended": "the talk with {agent} is over",
    "transferred": "handed over to {to}",
    "hold_began": "on hold",
    "hold_ended": "on hold no longer",
    "consulted": "the agent asks somebody else",
    "consult_ended": "that question is over",
    "supervised": "{supervisor}: {mode}",
    "supervision_ended": "{supervisor} has left",
    "opted_out": "wants no more calls",
    "payment": "a payment: {result}",
    "recording_announced": "heard that this is recorded",
}
"""Events that are worth a place in a recording, in words with what they carry."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a call, ``since_s`` after it began."""

    since_s: float
    kind: str
    detail: Mapping[str, object]


class Stretch(BaseModel):
    """Seconds of a recording in which nothing was recorded, and why."""

    model_config = ConfigDict(frozen=True)
    from_s: float
    to_s: float
    why: str


class Mark(BaseModel):
    """Something that happened at a place of a recording, in seconds."""

    model_config = ConfigDict(frozen=True)
    at_s: float
    what: str


class RecordingShown(BaseModel):
    """One recording of a call. ``began_s``: after the call began; None where its events are not kept any more.
    ``agent``: whose talk it is; None: of the whole call, or a message. ``duration_s`` None: the file is not there, or
    cannot be read, which ``problem`` says."""

    model_config = ConfigDict(frozen=True)
    name: str
    kind: str
    agent: str | None
    began_s: float | None
    duration_s: float | None
    muted: tuple[Stretch, ...]
    marks: tuple[Mark, ...]
    problem: str


def events(connection: sqlite3.Connection, call_id: str) -> list[Happened]:
    """All events of a call, in order."""
    rows = connection.execute(
        "SELECT since_s, kind, detail FROM call_events WHERE call_id = ? ORDER BY seq", (call_id,)
    )
    return [Happened(float(row[0]), str(row[1]), json.loads(row[2])) for row in rows]


def of_call(connection: sqlite3.Connection, call_id: str) -> list[RecordingShown]:
    """What was recorded of a call, in order, by its events; where those are not kept any more, the one that its
    record names. Nothing is said of their files: see :func:`measured`.

    Raises:
        UserError: no such call has ended.
    """
    row = connection.execute(
        "SELECT recording, duration_s, agent_id FROM calls WHERE call_id = ?", (call_id,)
    ).fetchone()
    if row is None:
        raise UserError(f"no call {call_id!a} has ended")
    happened = events(connection, call_id)
    found = [_shown(happened, at, name, kind, float(row[1])) for at, name, kind in _begun(happened)][:OF_A_CALL]
    if row[0] is not None and str(row[0]) not in {each.name for each in found}:
        found.insert(0, _alone(str(row[0]), row[2]))
    return found


def measured(shown: RecordingShown, wave: Waveform) -> RecordingShown:
    """The same with its length, and without what is said to be behind its end."""
    lasts_s = round(wave.duration_s, 2)
    cut = [each.model_copy(update={"to_s": min(each.to_s, lasts_s)}) for each in shown.muted if each.from_s < lasts_s]
    marks = tuple(each for each in shown.marks if each.at_s <= lasts_s)
    return shown.model_copy(update={"duration_s": lasts_s, "muted": tuple(cut), "marks": marks})


def _begun(happened: Iterable[Happened]) -> Iterator[tuple[int, str, str]]:
    """Where among the events each recording begins, its name, and what it is of."""
    seen = set[str]()
    for at, each in enumerate(happened):
        match each:
            case Happened(_, "recording", {"what": "start", "recording": str(name)} as told) if not told.get(
                "failed"
            ):
                kind = "call"
            case Happened(_, "recording_started", {"recording": str(name)}):
                kind = "talk"
            case Happened(_, "voicemail", {"recording": str(name)} as told) if not told.get("failed"):
                kind = "message"
            case Happened(_, "survey_answer", {"recording": str(name)}):
                kind = "answer"
            case _:
                continue
        if name not in seen:
            seen.add(name)
            yield at, name, kind


def _shown(happened: list[Happened], at: int, name: str, kind: str, call_s: float) -> RecordingShown:
    if kind in ("message", "answer"):  # they are told when they are over, and nothing happens in them
        return _alone(name, None, kind)
    began_s = happened[at].since_s
    inside = list(_until_end(happened[at + 1 :], kind, name))
    named = (each.detail.get("agent") for each in inside if each.kind in NAMED_AGENT)
    return RecordingShown(
        name=name,
        kind=kind,
        agent=next((str(each) for each in named if each), None) if kind == "talk" else None,
        began_s=began_s,
        duration_s=None,
        muted=tuple(_muted(inside, began_s, call_s)),
        marks=tuple(_marks(inside, began_s)),
        problem="",
    )


def _until_end(later: Sequence[Happened], kind: str, name: str) -> Iterator[Happened]:
    """What happened while it was recorded: a talk's recording ends with the talk, but for one that holds its
    announcement, which goes on through what is asked on hold."""
    goes_on = False
    for each, following in zip(later, [*later[1:], None], strict=True):
        if kind == "call" and each.kind == "recording" and each.detail.get("what") == "stop":
            return
        if kind == "talk" and each.kind == "recording_started":
            return
        yield each
        goes_on = goes_on or (each.kind == "recording_announced" and each.detail.get("recording") == name)
        is_held = goes_on and following is not None and following.kind == "hold_began"
        if kind == "talk" and each.kind in ("talk_ended", "transferred") and not is_held:
            return


def _muted(inside: Iterable[Happened], began_s: float, call_s: float) -> Iterator[Stretch]:
    """From each muting to its end, or to the call's: an agent pauses, a flow takes a card, somebody is on hold."""
    since_s, why = None, ""
    for each in inside:
        begins, words = _begins_mute(each)
        if begins is True and since_s is None:
            since_s, why = each.since_s, words
        elif begins is False and since_s is not None:
            yield Stretch(from_s=_place(since_s, began_s), to_s=_place(each.since_s, began_s), why=why)
            since_s = None
    if since_s is not None:
        yield Stretch(from_s=_place(since_s, began_s), to_s=_place(max(call_s, since_s), began_s), why=why)


def _begins_mute(each: Happened) -> tuple[bool | None, str]:
    """True where nothing is recorded from there on, and why; False where it goes on; None: neither."""
    match each:
        case Happened(_, "recording_paused", told):
            return True, f"paused by {told.get('who') or told.get('agent')}"
        case Happened(_, "recording_resumed", _):
            return False, ""
        case Happened(_, "recording_muted", _):
            return True, "on hold"
        case Happened(_, "recording_unmuted", _):
            return False, ""
        case Happened(_, "exchange", {"command": {"MuteRecording": dict() as told}}):
            return bool(told.get("muted")), "a card number is taken"
        case _:
            return None, ""


def _marks(inside: Iterable[Happened], began_s: float) -> Iterator[Mark]:
    for each in inside:
        words = MARKED.get(each.kind)
        if words is not None:
            told = {name: "somebody" if value is None else str(value) for name, value in each.detail.items()}
            try:
                yield Mark(at_s=_place(each.since_s, began_s), what=words.format_map(told))
            except KeyError:  # an event of a release that told less
                yield Mark(at_s=_place(each.since_s, began_s), what=each.kind.replace("_", " "))


def _alone(name: str, agent: object, kind: str = "talk") -> RecordingShown:
    return RecordingShown(
        name=name,
        kind=kind,
        agent=None if agent is None else str(agent),
        began_s=None,
        duration_s=None,
        muted=(),
        marks=(),
        problem="",
    )


def _place(since_s: float, began_s: float) -> float:
    return round(max(0.0, since_s - began_s), 2)
