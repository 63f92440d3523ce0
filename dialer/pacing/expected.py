"""What a team may expect: the share of its time that it talks or wraps up, at this size and with this cap.

At first that of teams of its size in the base scenario (docs/benchmarks.md), then more and more what it has been.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dialer.pacing.kept import Kept, number

SIZES = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 300.0)
STEERED = (0.67, 0.76, 0.82, 0.876, 0.93, 0.957, 0.982)
"""With a cap of 3%; with a lower one it is some points less."""
NONE_RISKED = 0.62
"""Without risk it is the ring time that they wait for, whatever their number."""

PRIOR_S = 4 * 3600.0
"""Of one agent's time: the sizes above count as much as so long a look."""
MEMORY_S = 40 * 3600.0
GAP_S = 10.0
"""Nothing is known of what happened in a longer time between two decisions."""


class Expected:
    """Learns how much of their time agents work."""

    def __init__(self) -> None:
        self._worked_s = self._there_s = 0.0
        self._seen_s: float | None = None

    def look(self, at_s: float, busy: int, agents: int) -> None:
        """So many of the agents work now, and did since the last look."""
        passed_s = 0.0 if self._seen_s is None else at_s - self._seen_s
        self._seen_s = at_s
        if 0.0 < passed_s <= GAP_S:
            self._worked_s += passed_s * busy
            self._there_s += passed_s * agents
        if self._there_s > MEMORY_S:
            self._worked_s /= 2
            self._there_s /= 2

    def occupancy(self, agents: int, *, steered: bool) -> float:
        """Talk and wrap-up over logged-in time that so many agents may expect."""
        usual = _usual(max(agents, 1)) if steered else NONE_RISKED
        return (self._worked_s + PRIOR_S * usual) / (self._there_s + PRIOR_S)

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values."""
        return {"worked_s": self._worked_s, "there_s": self._there_s}

    def restore(self, state: Kept) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            ValueError: it is no such state.
        """
        self._worked_s, self._there_s = number(state, "worked_s"), number(state, "there_s")
        self._seen_s = None


@lru_cache(1000)
def _usual(agents: int) -> float:
    """What so many agents work where they are steered, between the sizes by the logarithm of their number."""
    return float(np.interp(np.log(agents), np.log(SIZES), STEERED))
