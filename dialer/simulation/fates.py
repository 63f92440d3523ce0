"""What becomes of each dial: who or what answers it and when, or how it fails.

The n-th dial of a list's try has the same fate under every policy: its random numbers are its own, and only the time
at which it is made decides what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

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


@dataclass(slots=True)
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
    def reaches(self) -> bool:
        """True where a person answers whom the dialer takes for one."""
        return self.person and self.end is End.PERSON


class Fates:
    """The fates of one campaign's dials. ``stream``: tells its random numbers from those of another campaign."""

    def __init__(self, scenario: Scenario, seed: int, stream: int = 0) -> None:
        self._scenario = scenario
        self._answered, self._machine, self._busy = (uniform_draws((seed, stream + index)) for index in range(3))
        self._ring = draws_of(scenario.ring, (seed, stream + 3))
        self._misheard = uniform_draws((seed, stream + 8))
        self._detection = draws_of(scenario.detection or Constant(scenario.detection_s), (seed, stream + 9))

    def next(self, lead: Lead, now: float) -> Fate:
        """The fate of a dial of ``lead`` that is made ``now``."""
        scenario = self._scenario
        answered = self._answered() < scenario.chance(lead.of, lead.tries, now)
        machine = self._machine() < scenario.machine_share.at(now)
        failing = self._busy()
        ring_s = self._ring_s()
        for outage in scenario.outages:
            if outage.from_s <= now < outage.until_s:
                if outage.fails_after_s is None:
                    return Fate(End.SILENT, scenario.no_answer_s, UNANSWERED)
                return Fate(End.REFUSED, outage.fails_after_s, outage.cause)
        if answered:
            return self._answer(machine, ring_s)
        if failing < scenario.busy_share:
            return Fate(End.FAILED, scenario.busy_after_s, BUSY)
        if failing < scenario.busy_share + scenario.dead_share:
            return Fate(End.FAILED, scenario.dead_after_s, UNALLOCATED)
        return Fate(End.SILENT, scenario.no_answer_s, UNANSWERED)

    def _answer(self, machine: bool, ring_s: float) -> Fate:
        scenario = self._scenario
        wrong = self._misheard() < (scenario.machines_missed if machine else scenario.persons_missed)
        end = End.MACHINE if machine else End.PERSON
        return Fate(end, ring_s, None, self._detection(), machine == wrong)

    def _ring_s(self) -> float:
        """How long this one rings to its answer: a ring time that is not cut off by the dialer's patience."""
        for _ in range(REDRAWS):
            ring_s = self._ring()
            if ring_s <= self._scenario.no_answer_s:
                return ring_s
        return self._scenario.no_answer_s
