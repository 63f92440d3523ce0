"""An asyncio event loop whose clock jumps to the next timer when nothing is ready: hours in milliseconds, the same
in every run.

Only for code that waits by the loop (``asyncio.sleep``, ``call_later``, ``loop.time()``): threads and sockets have
no place in virtual time, and a loop that could only wait for them says so instead of hanging.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LIMIT_S = 24 * 3600.0
"""How long a test may last on its own clock: beyond it something waits by a timer that starts itself again."""


class Stalled(Exception):
    """Nothing will ever happen again, or nothing but timers that start themselves again."""


class _JumpingSelector(selectors.DefaultSelector):
    """Looks for what is ready, never waits, and lets the clock pass instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise Stalled(f"at {self.now:.3f} s: no timer is set and no callback is ready")
        self.now += max(timeout, 0.0)
        if timeout > 0 and self.now > LIMIT_S:  # what is ready still runs, so that a stalled loop can be closed
            raise Stalled(f"still running after {LIMIT_S:.0f} s of virtual time")
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module. Its clock starts at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self._jumping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """The result of ``main``, run in virtual time.

    Raises:
        Stalled: it can never end.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
