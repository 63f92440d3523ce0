"""What is simulated: the agents and when they work, who answers, how long things take. Values only.

Times are seconds from the start of the run. ``base`` is the scenario of docs/pacing.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from dialer.simulation.distributions import Constant, Distribution, LogNormal

HOUR_S = 3600.0

NOTICE_S = 120.0
"""A policy is told so long before that agents will go whose going is announced."""

RING, TALK, WRAP_UP = LogNormal(12.0, 5.0), LogNormal(120.0, 120.0), LogNormal(15.0, 9.0)
PATIENCE, INBOUND_PATIENCE = Constant(2.0), Constant(60.0)


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
        if len(self.steps) == 1:
            return self.steps[0][1]
        return self.steps[bisect_right(self.steps, (at_s, float("inf"))) - 1][1]

    def from_time(self, from_s: float) -> Iterator[tuple[float, float]]:
        """Each figure from ``from_s`` on, with the time until which it holds; the last one for ever."""
        ends = [at_s for at_s, _ in self.steps[1:]] + [float("inf")]
        return ((until_s, value) for until_s, (_, value) in zip(ends, self.steps, strict=True) if until_s > from_s)


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
    announced: bool = False
    """Whether the dialer knows beforehand when they go, for a break or for good."""

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
class LeadList:
    """Leads that are answered alike."""

    name: str
    weight: int = 1
    """How many of its leads are dialled for each of another list's of weight 1."""
    leads: int | None = None
    """How many there are; None: more than can be dialled."""
    answer_rate: Steps | None = None
    """None: the scenario's."""

    def __post_init__(self) -> None:
        if self.weight < 1 or (self.leads is not None and self.leads < 0):
            raise ValueError("expected weight >= 1 and leads >= 0")


@dataclass(frozen=True, slots=True)
class Inbound:
    """Callers who want the same agents, and go before what is dialled."""

    calls_per_hour: Steps
    talk: Distribution = TALK
    patience: Distribution = INBOUND_PATIENCE
    """How long they wait."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One campaign over one run, or several that share its agents."""

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
    dead_share: float = 0.0
    """Of them too: numbers that lead to nobody fail after ``dead_after_s`` with cause 1 and are not dialled again."""
    dead_after_s: float = 1.0
    lists: tuple[LeadList, ...] = ()
    """None: one list, which never ends."""
    by_try: tuple[float, ...] = (1.0,)
    """The answer rate of the first try, the second, … and all later ones, as a part of what it would be."""
    tries: int = 1
    """How often a lead is dialled at most that was not reached (and is not dead)."""
    retry_after_s: float = 3600.0
    ring: Distribution = RING
    talk: Distribution = TALK
    wrap_up: Distribution = WRAP_UP
    patience: Distribution = PATIENCE
    """How long a person is held for an agent before the message plays."""
    message_s: float = 6.0
    """The message for those who found nobody: the policy is told of the abandonment at its end, as in life."""
    detection_s: float = 0.0
    """How long machine detection takes."""
    detection: Distribution | None = None
    """The same where it takes not always as long."""
    machines_missed: float = 0.0
    """The share of machines that detection takes for persons: an agent talks to them for ``missed_talk_s``."""
    missed_talk_s: float = 8.0
    persons_missed: float = 0.0
    """The share of persons whom it takes for machines: they are hung up on."""
    no_answer_s: float = 25.0
    lines: int = 100_000
    calls_per_second: int = 100_000
    outages: tuple[Outage, ...] = ()
    abandonment_cap: float = 0.03
    cap_window_s: float = 30 * 24 * HOUR_S
    """Over how long before now the law counts."""
    connect_within_s: float = 2.0
    sees_wrap_up: bool = True
    """Whether the policy is told who wraps up and when that ends."""
    inbound: Inbound | None = None
    weight: int = 10
    """Its part of the agents, against the weights of ``beside``."""
    beside: tuple[Scenario, ...] = ()
    """Further campaigns, which have no agents of their own."""
    store_s: float = 0.005
    """Through the dialer's core: how long the store takes to begin attempts."""
    bridge_s: float = 0.05
    """Through the core: how long agent and person take to hear each other, once they are brought together."""

    def __post_init__(self) -> None:
        shares = [value for steps in (self.answer_rate, self.machine_share) for _, value in steps.steps]
        shares += [value for each in self.lists if each.answer_rate for _, value in each.answer_rate.steps]
        shares += [self.busy_share, self.dead_share, self.abandonment_cap, self.machines_missed, self.persons_missed]
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError(
                "answer_rate, machine_share, busy_share, dead_share, abandonment_cap, machines_missed,"
                " persons_missed: expected shares from 0 to 1"
            )
        if self.busy_share + self.dead_share > 1:
            raise ValueError("busy_share and dead_share: expected no more than 1 together")
        if not self.by_try or min(self.by_try) < 0 or self.tries < 1 or self.weight < 1:
            raise ValueError("by_try, tries, weight: expected factors of 0 or more, one at least, and 1 or more")
        if not 0 <= self.warm_up_s < self.duration_s:
            raise ValueError("warm_up_s: expected 0 or more and less than duration_s")
        if self.no_answer_s <= 0 or self.connect_within_s <= 0 or self.cap_window_s <= 0:
            raise ValueError("no_answer_s, connect_within_s and cap_window_s: expected more than 0")
        if self.lines < 1 or self.calls_per_second < 1:
            raise ValueError("lines and calls_per_second: expected 1 or more")

    @property
    def lists_or_one(self) -> tuple[LeadList, ...]:
        """The lists; one that never ends where none is named."""
        return self.lists or (LeadList("list"),)

    @property
    def needs_core(self) -> bool:
        """True where only a run through the dialer's core can show it."""
        return bool(self.beside) or self.inbound is not None

    @property
    def campaigns(self) -> tuple[Scenario, ...]:
        """This one, and those beside it."""
        return (self, *self.beside)

    def chance(self, list_number: int, tries: int, at_s: float) -> float:
        """The chance that a dial is answered by somebody or something."""
        rate = self.answer_rate
        if self.lists:
            rate = self.lists[list_number].answer_rate or rate
        return rate.at(at_s) * (self.by_try[tries - 1] if tries < len(self.by_try) else self.by_try[-1])

    def announced_s(self) -> tuple[float, ...]:
        """When each agent goes whose going is announced, in the order of time."""
        changes = (change for shift in self.shifts if shift.announced for change in shift.changes())
        return tuple(sorted(at_s for at_s, more in changes for _ in range(-more)))

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
