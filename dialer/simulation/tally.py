"""What was counted in one run."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

WAIT_EDGES_S = (0.0, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0)
"""Agents' waits for their next call are counted between these; what is longer, in the last one."""


@dataclass(slots=True)
class Hour:
    """An hour of the run."""

    answers: int = 0
    abandoned: int = 0
    busy_s: float = 0.0
    logged_in_s: float = 0.0

    @property
    def occupancy(self) -> float:
        """Talk and wrap-up over logged-in time."""
        return self.busy_s / self.logged_in_s if self.logged_in_s else 0.0

    @property
    def abandonment(self) -> float:
        """Abandoned over live answers."""
        return self.abandoned / self.answers if self.answers else 0.0


@dataclass(slots=True)
class Tally:
    """What was counted after the warm-up. Integrals are in agent-seconds."""

    dials: int = 0
    answers: int = 0
    """Persons, as far as the dialer knows: machines that detection missed are among them."""
    machines: int = 0
    failures: int = 0
    connected: int = 0
    abandoned: int = 0
    gone: int = 0
    """Persons who hung up before an agent was there or the message began."""
    talks_ended: int = 0
    machines_missed: int = 0
    """Of the answers."""
    persons_missed: int = 0
    """Persons whom detection took for machines, of the machines."""
    inbound: int = 0
    """Inbound callers; those who talked and those who gave up."""
    inbound_talks: int = 0
    inbound_gone: int = 0
    logged_in_s: float = 0.0
    talking_s: float = 0.0
    wrapping_s: float = 0.0
    ringing_s: float = 0.0
    waited_s: float = 0.0
    waited: int = 0
    """Connected persons who waited at all."""
    left: dict[str, int] = field(default_factory=dict)
    """What was still under way at the end: ringing, detecting, waiting, talking, wrapping."""
    hours: dict[int, Hour] = field(default_factory=dict)
    """By hour of the run."""
    waits: list[int] = field(default_factory=lambda: [0] * len(WAIT_EDGES_S))
    """Agents' waits for their next call, by the edges."""
    idle_s: float = 0.0
    """The sum of those waits."""
    parts: dict[str, Tally] = field(default_factory=dict)
    """Of each campaign, where several share the agents: what is of calls alone, and the agents' time with them."""

    @property
    def occupancy(self) -> float:
        """Talk and wrap-up over logged-in time."""
        return (self.talking_s + self.wrapping_s) / self.logged_in_s if self.logged_in_s else 0.0

    @property
    def abandonment(self) -> float:
        """Abandoned over live answers."""
        return self.abandoned / self.answers if self.answers else 0.0

    @property
    def mean_wait_s(self) -> float:
        """An agent's mean wait for the next call."""
        count = sum(self.waits)
        return self.idle_s / count if count else 0.0

    def wait_ended(self, after_s: float) -> None:
        """An agent has waited so long for a call."""
        self.waits[bisect_right(WAIT_EDGES_S, after_s) - 1] += 1
        self.idle_s += after_s

    def wait_quantile_s(self, share: float) -> float:
        """The edge below which ``share`` of the waits lie, or just above it."""
        count, so_far = sum(self.waits), 0
        for index, each in enumerate(self.waits):
            so_far += each
            if so_far >= share * count:
                return WAIT_EDGES_S[min(index + 1, len(WAIT_EDGES_S) - 1)]
        return WAIT_EDGES_S[-1]

    def hour(self, number: int) -> Hour:
        """That hour of the run."""
        found = self.hours.get(number)
        if found is None:
            found = self.hours[number] = Hour()
        return found
