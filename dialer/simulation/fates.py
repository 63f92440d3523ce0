"""What becomes of each dial: who or what answers it and when, or how it fails.

The n-th dial of a list's try has the same fate under every policy: its random numbers are its own, and only the time
at which it is made decides what they mean.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum, auto
from math import inf

from dialer.simulation.distributions import Constant
from dialer.simulation.draws import draws_of, uniform_draws
from dialer.simulation.roll import Lead
from dialer.simulation.scenario import Scenario

REDRAWS = 50
"""Ring times past the dialer's own limit are drawn again; a distribution of nothing else is not waited for."""

UNALLOCATED = 1
BUSY = 17
UNANSWERED = 19
"""Q.850."""


class End(Enum):
    """How a dial ends that is left alone."""

    PERSON = auto()
    MACHINE = auto()
    FAILED = auto()
    SILENT = auto()
    """Nobody answers in the time that it rings."""
    REFUSED = auto()
    """The trunk reaches nobody."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How a dial ends, so many seconds after it was made."""

    end: End
    after_s: float
    cause: int | None = None
    """Q.850, of one that fails."""
    detection_s: float = 0.0
    """How long it takes to tell who answered."""
    person: bool = False
    """What the dialer takes it for: a person, or a machine."""

    @property
    def answered(self) -> bool:
        """True where somebody or something answers."""
        return self.end is End.PERSON or self.end is End.MACHINE

    @property
    def reaches(self) -> bool:
        """True where a person answers whom the dialer takes for one."""
        return self.person and self.end is End.PERSON


class Fates:
    """The fates of one campaign's dials. ``stream``: tells its random numbers from those of another campaign."""

    def __init__(self, scenario: Scenario, seed: int, stream: int = 0) -> None:
        self._scenario = scenario
        self._outages, self._no_answer_s = scenario.outages, scenario.no_answer_s
        self._busy_share, self._failed_share = scenario.busy_share, scenario.busy_share + scenario.dead_share
        self._silent = Fate(End.SILENT, scenario.no_answer_s, UNANSWERED)
        self._engaged = Fate(End.FAILED, scenario.busy_after_s, BUSY)
        self._dead = Fate(End.FAILED, scenario.dead_after_s, UNALLOCATED)
        rates = [scenario.answer_rate, scenario.machine_share]
        rates += [each.answer_rate for each in scenario.lists if each.answer_rate]
        self._changes_s = sorted({at_s for rate in rates for at_s, _ in rate.steps})
        """When a share becomes another one."""
        self._from_s = self._until_s = 0.0
        """So long the shares that were looked up last hold."""
        self._chances: dict[tuple[int, int], float] = {}
        """By list and try."""
        self._machine_share = 0.0
        self._answered, self._machine, self._busy = (uniform_draws((seed, stream + index)) for index in range(3))
        self._ring = draws_of(scenario.ring, (seed, stream + 3))
        self._misheard = uniform_draws((seed, stream + 8))
        self._detection = draws_of(scenario.detection or Constant(scenario.detection_s), (seed, stream + 9))

    def next(self, lead: Lead, now: float) -> Fate:
        """The fate of a dial of ``lead`` that is made ``now``."""
        answered = self._answered() < self._chance(lead, now)
        machine = self._machine() < self._machine_share
        failing = self._busy()
        ring_s = self._ring()
        if ring_s > self._no_answer_s:
            ring_s = self._redrawn_s()
        for outage in self._outages:
            if outage.from_s <= now < outage.until_s:
                if outage.fails_after_s is None:
                    return self._silent
                return Fate(End.REFUSED, outage.fails_after_s, outage.cause)
        if answered:
            return self._answer(machine, ring_s)
        if failing >= self._failed_share:
            return self._silent
        return self._engaged if failing < self._busy_share else self._dead

    def _chance(self, lead: Lead, now: float) -> float:
        """That somebody or something answers."""
        if not self._from_s <= now < self._until_s:
            place = bisect_right(self._changes_s, now)
            self._from_s = self._changes_s[place - 1]
            self._until_s = self._changes_s[place] if place < len(self._changes_s) else inf
            self._machine_share = self._scenario.machine_share.at(now)
            self._chances.clear()
        key = lead[:2]
        found = self._chances.get(key)
        if found is None:
            found = self._chances[key] = self._scenario.chance(*key, now)
        return found

    def _answer(self, machine: bool, ring_s: float) -> Fate:
        scenario = self._scenario
        wrong = self._misheard() < (scenario.machines_missed if machine else scenario.persons_missed)
        end = End.MACHINE if machine else End.PERSON
        return Fate(end, ring_s, None, self._detection(), machine == wrong)

    def _redrawn_s(self) -> float:
        """How long this one rings to its answer: a ring time that is not cut off by the dialer's patience."""
        for _ in range(REDRAWS - 1):
            ring_s = self._ring()
            if ring_s <= self._no_answer_s:
                return ring_s
        return self._no_answer_s
