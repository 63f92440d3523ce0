"""A fixed number of lines for each agent: the oldest way to dial ahead. It learns nothing and keeps no cap."""

from __future__ import annotations

from math import floor

from dialer.pacing.model import Explanation, Observation, Snapshot
from dialer.pacing.period import Period

POWER = 1.3
"""Lines for each free agent where nobody said another number: cautious, so that hardly anybody is abandoned."""

PER_AGENT = 1.0
"""Lines for each agent at work: no dialling ahead until somebody asks for it."""

HOPPER_S = 2.5
"""VICIdial's auto-dialler looks this often. Source: AST_VDauto_dial.pl."""


class PerAvailableAgent:
    """``ratio`` lines for each agent who is free now, less what rings or waits."""

    def __init__(
        self, abandonment_cap: float, connect_within_s: float, no_answer_s: float, ratio: float = POWER
    ) -> None:
        self._ratio = ratio
        self._last = Explanation("nothing was asked yet")

    def observe(self, seen: Observation) -> None:
        """Nothing: the ratio is fixed."""

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        under_way = len(snapshot.ringing_since_s) + len(snapshot.detecting_since_s) + snapshot.waiting
        dials = max(0, min(floor(self._ratio * snapshot.ready) - under_way, snapshot.lines_free))
        self._last = Explanation(
            f"{self._ratio:g} lines for each of {snapshot.ready} free agents, less {under_way} under way",
            {"ratio": self._ratio, "ready": snapshot.ready, "under_way": under_way, "dials": dials},
        )
        return dials

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._last


class PerAgent:
    """``ratio`` lines for each agent who is free or talks, less all lines in use: VICIdial's RATIO."""

    def __init__(
        self, abandonment_cap: float, connect_within_s: float, no_answer_s: float, ratio: float = PER_AGENT
    ) -> None:
        self._ratio = ratio
        self._period = Period(HOPPER_S)
        self._last = Explanation("nothing was asked yet")

    def observe(self, seen: Observation) -> None:
        """Nothing: the ratio is fixed."""

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        agents = snapshot.ready + len(snapshot.talking_since_s)
        lines = lines_in_use(snapshot)
        if self._period.due(snapshot.at_s):
            self._period.begin(snapshot.at_s, round(self._ratio * agents) - lines if agents else 0)
        dials = self._period.left(snapshot)
        self._last = Explanation(
            f"{self._ratio:g} lines for each of {agents} agents, less {lines} in use",
            {"ratio": self._ratio, "agents": agents, "lines_in_use": lines, "dials": dials},
        )
        return dials

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._last


def lines_in_use(seen: Snapshot) -> int:
    """Dials that ring, persons who wait, talks."""
    return len(seen.ringing_since_s) + len(seen.detecting_since_s) + seen.waiting + len(seen.talking_since_s)
