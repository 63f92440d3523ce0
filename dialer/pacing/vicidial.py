"""VICIdial's adaptive dial methods: the level of lines for each agent follows the agents who wait.

Source: AST_VDadapt.pl and AST_VDauto_dial.pl of VICIdial, by their behaviour.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from dialer.pacing.model import (
    Abandoned,
    Explanation,
    LiveAnswer,
    MachineAnswer,
    NoAnswer,
    Observation,
    Snapshot,
)
from dialer.pacing.period import Period
from dialer.pacing.ratio import HOPPER_S, lines_in_use

ADAPT_S = 15.0
REFRESH_S = 60.0
"""The drop shares of the day and of the last minute are this old at most."""
SAMPLES = 15
FEW_TODAY = 50
FEW_A_MINUTE = 20
PANIC_SHARE = 0.5
"""Of the calls of the last minute, answered or not."""
START_MINUTE = 13 * 60
"""The run is taken to begin at 13:00 where no clock is told: eight hours later it is the default latest time."""


class Limit(Enum):
    """What is done to the level while the day's drops are over the limit."""

    HARD = "hard"
    AVERAGE = "average"
    TAPERED = "tapered"


@dataclass(frozen=True, slots=True)
class Tuning:
    """The fields of a VICIdial campaign that an administrator tunes; the defaults are VICIdial's."""

    intensity: float = 0.0
    difference_target: float = 0.0
    max_level: float = 3.0
    latest_hhmm: int = 2100
    available_only: bool = False
    """Lines for each free agent, and one for each talk, in the place of lines for each agent at work."""


class Adapt:
    """ADAPT_HARD_LIMIT, ADAPT_AVERAGE or ADAPT_TAPERED."""

    def __init__(
        self,
        limit: Limit,
        abandonment_cap: float,
        connect_within_s: float,
        no_answer_s: float,
        tuning: Tuning | None = None,
    ) -> None:
        self._limit = limit
        self._cap = abandonment_cap
        self._tuning = tuning or Tuning()
        self._level = 1.0
        self._began_s: float | None = None
        self._dialler, self._adapter, self._refresher = Period(HOPPER_S), Period(ADAPT_S), Period(REFRESH_S)
        self._samples: deque[tuple[int, int, int]] = deque(maxlen=SAMPLES)
        self._calls = self._answers = self._drops = 0
        self._marks = (0, 0)
        self._day = (0, 0.0)
        """Calls today, and the share of the human answers that were dropped, when last refreshed."""
        self._minute = (0, 0.0)
        self._last = Explanation("nothing was asked yet")

    def observe(self, seen: Observation) -> None:
        """Count calls, answers of people, drops."""
        self._calls += isinstance(seen, LiveAnswer | MachineAnswer | NoAnswer)
        self._answers += isinstance(seen, LiveAnswer)
        self._drops += isinstance(seen, Abandoned)

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        at_s = snapshot.at_s
        if self._began_s is None:
            self._began_s = at_s
        agents = snapshot.ready + len(snapshot.talking_since_s)
        self._samples.append((snapshot.ready, snapshot.waiting, agents))
        if self._refresher.due(at_s):
            self._refresh()
        if self._adapter.due(at_s) and len(self._samples) == SAMPLES:
            self._adapt(at_s - self._began_s)
        lines = lines_in_use(snapshot)
        if self._dialler.due(at_s):
            self._dialler.begin(at_s, self._goal(snapshot, agents) - lines if agents else 0)
        dials = self._dialler.left(snapshot)
        self._last = Explanation(
            f"level {self._level:.2f} for {agents} agents, less {lines} lines in use; dropped today"
            f" {100 * self._day[1]:.1f}%",
            {"level": self._level, "agents": agents, "lines_in_use": lines, "dropped": self._day[1], "dials": dials},
        )
        return dials

    def _goal(self, seen: Snapshot, agents: int) -> int:
        if self._tuning.available_only:
            return round(self._level * seen.ready) + len(seen.talking_since_s)
        return round(self._level * agents)

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._last

    def _refresh(self) -> None:
        calls, drops = self._marks
        self._day = (self._calls, self._drops / max(1, self._answers))
        self._minute = (self._calls - calls, (self._drops - drops) / max(1, self._calls - calls))
        self._marks = (self._calls, self._drops)

    def _adapt(self, passed_s: float) -> None:
        ready, waiting, agents = (sum(sample[part] for sample in self._samples) / SAMPLES for part in range(3))
        tuning = self._tuning
        share = (ready - waiting + tuning.difference_target) / max(1.0, agents)
        bent = tuning.intensity / 100
        share *= abs(bent - 1) if share < 0 else 1 + bent
        self._level = self._within(self._level * (1 + share))
        if self._minute[0] > FEW_A_MINUTE and self._minute[1] > PANIC_SHARE:
            self._level = self._within(self._level / 2)
        if self._day[0] > FEW_TODAY and self._day[1] > self._cap:
            self._level = self._within(self._held_back(passed_s))

    def _held_back(self, passed_s: float) -> float:
        match self._limit:
            case Limit.HARD:
                return 1.0
            case Limit.AVERAGE:
                return self._level / 2
            case Limit.TAPERED:
                minute = START_MINUTE + int(passed_s // 60)
                left = self._tuning.latest_hhmm - (minute // 60 * 100 + minute % 60)  # HHMM less HHMM, as it stands
                return 1.0 if left <= 0 else self._level * min(1.0, left / 1000)

    def _within(self, level: float) -> float:
        return min(max(level, 1.0), self._tuning.max_level)


def adapt(limit: Limit, tuning: Tuning | None = None) -> Callable[[float, float, float], Adapt]:
    """The policy of this limit, to be made from cap, connect time and ring time."""
    return partial(Adapt, limit, tuning=tuning)
