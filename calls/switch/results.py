"""What a command to a call on a switch gives, and who ended what. See :mod:`calls.switch.port`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Done:
    """It was done, whole."""


@dataclass(frozen=True, slots=True)
class Match:
    """The caller keyed a sequence that the plan takes. ``barged_in``: during a prompt."""

    keys: str
    barged_in: bool = False


@dataclass(frozen=True, slots=True)
class NoMatch:
    """The caller keyed something that the plan does not take."""

    keys: str
    barged_in: bool = False


@dataclass(frozen=True, slots=True)
class NoInput:
    """The caller keyed nothing in time."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A Connect or a Hangup took the place of the command, or a StopGather ended it."""


class EndedBy(Enum):
    """Who ended a talk or a call."""

    CALLER = "caller"
    AGENT = "agent"
    US = "us"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The talk is over and the caller is still there."""

    by: EndedBy


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Caller and agent never met: the agent's leg had gone."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """The destination answered, and that talk is over."""

    talk_s: float


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The destination was not reached. ``reason``: ``busy``, ``no_answer``, ``unavailable``, ``refused``, or
    ``declined``: it answered and did not take the call."""

    reason: str


class RecordEnd(Enum):
    """What ended a recording of the caller."""

    KEY = "key"
    SILENCE = "silence"
    LONGEST = "longest"
    """It was as long as it may be."""
    HANGUP = "hangup"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the caller said is in the recording ``name``. ``duration_s`` leaves the silence out that ended it; where
    the caller hung up it may be some tenths of a second too long."""

    name: str
    duration_s: float
    ended_by: RecordEnd


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """It was not done. ``reason``: ``running``, ``disk`` (too little is free) or ``unavailable``."""

    reason: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call has ended. ``cause``: Q.850, None where the switch did not say."""

    by: EndedBy
    cause: int | None = None


Result = (
    Done
    | Match
    | NoMatch
    | NoInput
    | Interrupted
    | TalkEnded
    | NotConnected
    | Transferred
    | TransferFailed
    | Recorded
    | RecordingFailed
    | HungUp
)
