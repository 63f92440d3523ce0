"""What is simulated: the agents and when they work, who answers, how long things take. Values only.

Times are seconds from the start of the run. ``base`` is the scenario of docs/pacing.md.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from dialer.simulation.distributions import Constant, Distribution, LogNormal

HOUR_S = 3600.0

RING, TALK, WRAP_UP = LogNormal(12.0, 5.0), LogNormal(120.0, 120.0), LogNormal(15.0, 9.0)
PATIENCE = Constant(2.0)


@dataclass(frozen=True, slots=True)
class Steps:
    """A figure that changes at given times: ``(from_s, value)``, the first from 0."""

    steps: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        times = [at_s for at_s, _ in self.steps]
        if not times or times[0] != 0 or times != sorted(set(times)):
            raise ValueError("expected times that rise, the first 0")

    def at(self, at_s: float) -> float:
        """The figure at ``at_s``."""
        return self.steps[bisect_right(self.steps, (at_s, float("inf"))) - 1][1]


def always(value: float) -> Steps:
    """One figure for the whole run."""
    return Steps(((0.0, value),))


@dataclass(frozen=True, slots=True)
class Shift:
    """``agents`` people who come at ``from_s`` and go at ``until_s``; a talk under way is finished first."""

    agents: int
    from_s: float = 0.0
    until_s: float = float("inf")
    breaks: tuple[tuple[float, float], ...] = ()
    """``(from_s, until_s)`` of each break."""

    def __post_init__(self) -> None:
        if self.agents < 0 or self.from_s > self.until_s:
            raise ValueError("expected agents >= 0 and from_s <= until_s")
        if any(begin >= end for begin, end in self.breaks):
            raise ValueError("expected breaks that end after they begin")

    def changes(self) -> list[tuple[float, int]]:
        """``(at_s, agents more or less)``."""
        found = [(self.from_s, self.agents), (self.until_s, -self.agents)]
        for begin, end in self.breaks:
            found += [(begin, -self.agents), (end, self.agents)]
        return sorted(each for each in found if each[0] != float("inf"))


@dataclass(frozen=True, slots=True)
class Outage:
    """The trunk reaches nobody: a dial made meanwhile fails after ``fails_after_s`` with ``cause`` (Q.850).

    ``fails_after_s`` None: it rings out in silence, and nothing tells it from people who do not answer.
    """

    from_s: float
    until_s: float
    fails_after_s: float | None = None
    cause: int | None = None

    def __post_init__(self) -> None:
        if self.from_s >= self.until_s:
            raise ValueError("expected until_s after from_s")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One campaign over one run."""

    shifts: tuple[Shift, ...]
    name: str = "base"
    duration_s: float = 8 * HOUR_S
    warm_up_s: float = 0.0
    """What happens before this is not counted (it still happens)."""
    answer_rate: Steps = field(default=always(0.30))
    """The share of dials that somebody or something answers before ``no_answer_s``."""
    machine_share: Steps = field(default=always(0.20))
    """Of the answers."""
    busy_share: float = 0.0
    """Of the dials that are not answered: these fail after ``busy_after_s`` with cause 17."""
    busy_after_s: float = 3.0
    ring: Distribution = RING
    talk: Distribution = TALK
    wrap_up: Distribution = WRAP_UP
    patience: Distribution = PATIENCE
    """How long a person is held for an agent before the message plays."""
    message_s: float = 6.0
    """The message for those who found nobody: the policy is told of the abandonment at its end, as in life."""
    detection_s: float = 0.0
    """How long machine detection takes."""
    no_answer_s: float = 25.0
    lines: int = 100_000
    calls_per_second: int = 100_000
    outages: tuple[Outage, ...] = ()
    abandonment_cap: float = 0.03
    connect_within_s: float = 2.0
    sees_wrap_up: bool = True
    """Whether the policy is told who wraps up and when that ends."""

    def __post_init__(self) -> None:
        shares = [value for steps in (self.answer_rate, self.machine_share) for _, value in steps.steps]
        if not all(0 <= share <= 1 for share in (*shares, self.busy_share, self.abandonment_cap)):
            raise ValueError("answer_rate, machine_share, busy_share, abandonment_cap: expected shares from 0 to 1")
        if not 0 <= self.warm_up_s < self.duration_s:
            raise ValueError("warm_up_s: expected 0 or more and less than duration_s")
        if self.no_answer_s <= 0 or self.connect_within_s <= 0:
            raise ValueError("no_answer_s and connect_within_s: expected more than 0")
        if self.lines < 1 or self.calls_per_second < 1:
            raise ValueError("lines and calls_per_second: expected 1 or more")

    def most_agents(self) -> int:
        """The largest number of agents at work at any time."""
        now = most = 0
        for _, more in sorted(change for shift in self.shifts for change in shift.changes()):
            now += more
            most = max(most, now)
        return most


def base(agents: int) -> Scenario:
    """Eight hours, cold start, nothing changes: the scenario most figures of docs/pacing.md are of."""
    return Scenario((Shift(agents),))
