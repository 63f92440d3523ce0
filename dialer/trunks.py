"""How much a trunk may be given: lines, calls per second, and rest when its carrier is congested. Pure."""

from __future__ import annotations

from collections import deque

from calls.settings import Trunk

JITTER_S = 0.15
"""Two calls may get onto the wire nearer to each other than we placed them, by the switch's own delays: the window
is wider by this, so that no second on the wire has more than the limit."""

FIRST_REST_S = 0.5
LONGEST_REST_S = 60.0
OPEN_AFTER = 5
"""Congested probes in a row after which the trunk is called broken in the view; the rests grow from the first on."""


class TrunkGate:
    """One trunk's limits.

    Calls per second hold in any sliding second, not on average: at most ``floor(rate)`` placed calls in each window
    of a second (a rate under 1: one call in each ``1 / rate`` seconds). It starts as if calls had just been placed,
    since a run before this one may have done so.

    Congestion (503 and its kin) closes the trunk for a rest that doubles; after it one probe at a time is let
    through until one of them gets an answer of any other kind. Results of calls placed before the last step say
    nothing new and are not counted, so a burst of refusals is one step.
    """

    def __init__(self, trunk: Trunk, now: float) -> None:
        self.trunk = trunk
        rate = trunk.calls_per_second
        self._limit = max(1, int(rate))
        self._window_s = (1.0 if rate >= 1 else 1.0 / rate) + JITTER_S
        self._placed: deque[float] = deque([now] * self._limit, maxlen=self._limit)
        self._strikes = 0
        self._rest_until = now
        self._probe_out = False

    def may_place(self, now: float) -> int:
        """How many calls may be placed this moment, lines not regarded."""
        if now < self._rest_until:
            return 0
        free = self._limit - self._within(now)
        if self._strikes:
            return 0 if self._probe_out else min(1, free)
        return free

    def next_at(self, now: float) -> float | None:
        """When :meth:`may_place` grows by time alone; None: not by time."""
        if now < self._rest_until:
            return self._rest_until
        if self._strikes and self._probe_out:
            return None
        return self._placed[0] + self._window_s if self._within(now) else None

    def _within(self, now: float) -> int:
        """Calls placed in the window."""
        while self._placed and self._placed[0] + self._window_s <= now:
            self._placed.popleft()
        return len(self._placed)

    def placed(self, now: float) -> None:
        """A call was placed."""
        self._placed.append(now)
        self._probe_out = self._strikes > 0

    def spare_at(self, now: float) -> float:
        """When a call may be placed by the calls per second alone."""
        return now if self._within(now) < self._limit else self._placed[0] + self._window_s

    def placed_beside(self, now: float) -> None:
        """A call was placed that is no probe: perhaps nothing will be told of its fate."""
        self._placed.append(now)

    def congested(self, placed_at: float, now: float) -> None:
        """A call placed at ``placed_at`` found the trunk congested."""
        if self._strikes and placed_at < self._rest_until:
            return
        self._strikes += 1
        self._probe_out = False
        self._rest_until = now + min(LONGEST_REST_S, FIRST_REST_S * 2 ** min(self._strikes - 1, 20))

    def carried(self, placed_at: float) -> None:
        """A call placed at ``placed_at`` got through the trunk: it rang, or ended for a reason of the far end."""
        if self._strikes and placed_at >= self._rest_until:
            self._strikes = 0
            self._probe_out = False

    def probe_gone(self, placed_at: float) -> None:
        """A call ended and says nothing of the trunk: where it was the probe, another one may go."""
        if placed_at >= self._rest_until:
            self._probe_out = False

    def describe(self, now: float) -> str:
        """The trunk's health in words; "" where there is nothing to say."""
        if not self._strikes:
            return ""
        name = "broken" if self._strikes >= OPEN_AFTER else "congested"
        if now < self._rest_until:
            return f"trunk {self.trunk.name} is {name}: rests {self._rest_until - now:.1f} s"
        return f"trunk {self.trunk.name} is {name}: one probe at a time"
