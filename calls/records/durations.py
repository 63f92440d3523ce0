"""How long each part of a call took, from a monotonic clock.

::

    took = CallDurations(now)          # first sight of the call: it rings
    took.answered(now)
    took.enter(Phase.MENU, now) ...    # and WAIT, TALK, HOLD, in any order and as often as need be
    took.ended(now) -> Durations

Whatever comes, in whatever order, and even where ``now`` goes back: the parts are 0 or more, they add up to the
duration, and the duration is at least what is billed (invariant I9).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """What a call is in."""

    RING = "ring"
    MENU = "menu"
    WAIT = "wait"
    TALK = "talk"
    HOLD = "hold"
    """An agent has put the caller on hold, or asks somebody meanwhile."""


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds of a call's parts. ``ring_s``, ``wait_s`` and ``hold_s`` are None where the call never rang, waited or
    was on hold."""

    ring_s: float | None
    menu_s: float
    wait_s: float | None
    talk_s: float
    hold_s: float | None
    duration_s: float
    billed_s: float


class CallDurations:
    """The stopwatch of one call. ``now`` is seconds of a monotonic clock."""

    def __init__(self, now: float, phase: Phase = Phase.RING) -> None:
        self._began = self._last = now
        self._answered: float | None = None
        self._ended: float | None = None
        self._phase = phase
        self._took: dict[Phase, float] = {phase: 0.0}

    def enter(self, phase: Phase, now: float) -> None:
        """The call is in ``phase`` from ``now`` on. After the end nothing changes."""
        if self._ended is None:
            self._count(now)
            self._phase = phase
            self._took.setdefault(phase, 0.0)

    def answered(self, now: float) -> None:
        """The call is paid for from ``now`` on; only the first answer counts."""
        if self._ended is None and self._answered is None:
            self._count(now)
            self._answered = self._last

    def ended(self, now: float) -> Durations:
        """The call is over; gives its durations. A second end gives those of the first."""
        if self._ended is None:
            self._count(now)
            self._ended = self._last
        return Durations(
            ring_s=self._took.get(Phase.RING),
            menu_s=self._took.get(Phase.MENU, 0.0),
            wait_s=self._took.get(Phase.WAIT),
            talk_s=self._took.get(Phase.TALK, 0.0),
            hold_s=self._took.get(Phase.HOLD),
            duration_s=self._ended - self._began,
            billed_s=0.0 if self._answered is None else self._ended - self._answered,
        )

    def _count(self, now: float) -> None:
        now = max(now, self._last)
        self._took[self._phase] += now - self._last
        self._last = now
