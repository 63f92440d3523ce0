"""What a caller of a fake FreeSWITCH does, and what became of the call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Key:
    """A key, so many seconds after the answer."""

    at_s: float
    key: str


@dataclass(frozen=True, slots=True)
class Say:
    """The caller speaks for ``for_s``, so many seconds after the answer; with one of these the telephone sends audio
    all the time, else none at all."""

    at_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class Leave:
    """The caller hangs up, so many seconds after the answer (or after the call, with ``unanswered``)."""

    at_s: float
    unanswered: bool = False


Act = Key | Say | Leave


@dataclass(frozen=True, slots=True)
class Caller:
    """One call of one caller."""

    acts: Sequence[Act] = ()
    number: str = "4930111"
    name: str = "Alice Caller"
    called: str = "8084"
    uuid: str = ""
    """Of the channel, where somebody has chosen it: an attempt's."""
    route: str = "in"
    """By which of the dialplan's extensions the call comes."""


@dataclass(slots=True)
class Seen:
    """What became of a call, as FreeSWITCH knows it."""

    uuid: str
    by_caller: bool = False
    cause: str = ""
    answered: bool = False
    resumed: bool = False
    """Our connection went while the call was up: the dialplan's next action ran."""
    commands: list[str] = field(default_factory=list)
    played: list[str] = field(default_factory=list)


Spans = Sequence[tuple[float, float]]
"""From and to which second somebody speaks."""


def silent_for(spans: Spans, since_s: float, for_s: float) -> float:
    """When, from ``since_s`` on, ``for_s`` of silence have passed."""
    at_s = since_s
    for begin_s, end_s in sorted(spans):
        if begin_s < at_s + for_s:
            at_s = max(at_s, end_s)
    return at_s + for_s


def spans_of(acts: Iterable[Act]) -> Spans:
    """When the caller speaks."""
    return [(act.at_s, act.at_s + act.for_s) for act in acts if isinstance(act, Say)]
