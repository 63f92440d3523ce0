"""One timer that is moved at every event, and rings when the time that was set last has come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from calls.clock import Clock


class Alarm:
    """Of one event loop. Moved to later it keeps the loop's timer, which finds that out when it fires."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._due_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._fires_s = 0.0

    def set(self, due_s: float | None) -> None:
        """Ring once ``due_s`` of the clock has come, and not when it was set to before; None: never."""
        self._due_s = due_s
        if due_s is None or (self._timer is not None and self._fires_s <= due_s):
            return
        self._start(due_s)

    def cancel(self) -> None:
        """Ring no more."""
        self._due_s = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, due_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_s = due_s
        delay_s = max(0.0, due_s - self._clock.monotonic_s())
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._fired)

    def _fired(self) -> None:
        self._timer = None
        due_s = self._due_s
        if due_s is None:
            return
        if due_s > self._fires_s:
            self._start(due_s)
        else:
            self._due_s = None
            self._ring()
