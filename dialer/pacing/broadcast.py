"""Broadcast pacing: no agent is needed for who answers, so lines and a rate are all that bounds it."""

from __future__ import annotations

from collections import deque
from math import ceil

from dialer.pacing.model import Dialled, Explanation, Observation, Snapshot

MINUTE_S = 60.0

SPREAD_S, DECISION_S = 9.9, 1.0
"""The minute's calls are spread: each decision, of which there is one a second, has a second's share of them, rounded
up, and each such stretch its share and a second's more. A second's calls are not held against the next decision by
when they went out: where that was late, every other second would be lost, and half of the rate with it."""


class Broadcast:
    """As many dials as there are lines, at most ``calls_per_minute`` in any minute, and not all of them at its start.

    ``calls_per_minute`` None: lines and calls per second are the only bounds.
    """

    def __init__(self, calls_per_minute: int | None) -> None:
        self._per_minute = calls_per_minute
        self._dialled: deque[float] = deque()
        self._last = Explanation("nothing was asked yet")

    def observe(self, seen: Observation) -> None:
        """When each number was dialled."""
        if isinstance(seen, Dialled):
            self._dialled.append(seen.at_s)

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        while self._dialled and self._dialled[0] <= snapshot.at_s - MINUTE_S:
            self._dialled.popleft()
        due, words = self._number(snapshot.at_s)
        dials = snapshot.lines_free if due is None else min(due, snapshot.lines_free)
        figures: dict[str, int | float | str] = {
            "wanted": snapshot.lines_free if due is None else due,
            "dials": dials,
            "dialled_in_minute": len(self._dialled),
            "lines_free": snapshot.lines_free,
        }
        reason = f"lines free: {snapshot.lines_free} ({words})" if due is None or dials < due else words
        self._last = Explanation(reason, figures)
        return dials

    def _number(self, now: float) -> tuple[int | None, str]:
        """What the rate leaves, None where there is none; and in words."""
        rate = self._per_minute
        if rate is None:
            return None, "no rate is set"
        lately = sum(at > now - SPREAD_S for at in self._dialled)
        spread = ceil(rate * (SPREAD_S + DECISION_S) / MINUTE_S) - lately
        left = min(rate - len(self._dialled), spread, ceil(rate * DECISION_S / MINUTE_S))
        return max(0, left), f"{len(self._dialled)} dialled in the last minute, of {rate}"

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._last
