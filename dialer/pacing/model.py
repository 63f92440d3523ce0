"""What a pacing policy sees and hears: the snapshot, the observations, the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

Stratum = str | tuple[object, ...]
"""What a dial is one of: its list, the local hour and the number of the try, as text with ``", "`` between them or as
a tuple; "" where nobody knows."""


NO_AGENT = "no free agent"
"""The reason of a policy that dials only for agents who are free, while none is."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One campaign at one moment. All times in seconds on the campaign's monotonic clock.

    Fields with a default may be left out by whoever has no such figure.
    """

    at_s: float
    ready: int
    """Agents who can take a dialled call this moment: free, and on a leg that is up or answers by itself."""
    waiting: int
    """People who answered and have no agent yet."""
    ringing_since_s: tuple[float, ...]
    """When each number that is being dialled was dialled, unanswered so far."""
    talking_since_s: tuple[float, ...]
    wrapping_since_s: tuple[float, ...]
    lines_free: int
    """How many calls may be added now: trunk lines, calls per second and the campaign's own bound."""

    ringing: tuple[tuple[float, Stratum], ...] = ()
    """As ``ringing_since_s``, in the same order, with the stratum of each."""
    next_up: tuple[tuple[float, Stratum], ...] = ()
    """Who would be dialled next, in this order: since when they have been due, and their strata."""
    waiting_since_s: tuple[float, ...] = ()
    detecting_since_s: tuple[float, ...] = ()
    """Answered, and machine detection still runs."""
    reserved: int = 0
    """Agents who are promised to a dialled call and on their way to it."""
    inbound_waiting: int = 0
    inbound_rate_per_s: float = 0.0
    leaving_at_s: tuple[float, ...] = ()
    local_hour: int | None = None
    """Where the campaign is: the stratum of dials that have none."""
    window_answers: int = 0
    """People who answered in the legal window so far."""
    window_abandons: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Observed:
    at_s: float
    attempt_id: str = ""
    stratum: Stratum = ""
    cause: int | None = None
    """Q.850, where the switch said one: tells a dead trunk from people who do not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled(_Observed):
    """A number was dialled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAnswer(_Observed):
    """A person answered."""

    dialled_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineAnswer(_Observed):
    """A machine answered."""

    dialled_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer(_Observed):
    """The dial came to nothing: no answer, busy, any failure."""

    dialled_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected(_Observed):
    """A person met an agent."""

    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned(_Observed):
    """A person who answered met no agent in time."""

    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkEnded(_Observed):
    """A talk is over; its agent begins to wrap up."""

    talk_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapEnded(_Observed):
    """An agent has wrapped up and is free again."""

    wrap_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLeft(_Observed):
    """An agent who worked for the campaign has gone or paused."""


Observation = (
    Dialled | LiveAnswer | MachineAnswer | NoAnswer | Connected | Abandoned | TalkEnded | WrapEnded | AgentLeft
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a policy gave its last number: words for a person, figures for the record (JSON values only)."""

    reason: str
    figures: Mapping[str, int | float | str] = field(default_factory=dict)


class Policy(Protocol):
    """Decides how many to dial; driven by one campaign, from one thread."""

    def observe(self, seen: Observation) -> None:
        """Learn from what happened."""

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""


@runtime_checkable
class HardOfHearing(Protocol):
    """A policy that says what tells it nothing, which whoever drives it may leave out."""

    @property
    def unheard(self) -> frozenset[type]:
        """Kinds of observations."""
