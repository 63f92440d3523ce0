"""A loop in virtual time beside threads that really work: while one of them is busy the clock stands still.

The engine's writer is a thread. Its commits take no virtual time; everything else waits by the loop's clock, which
jumps from timer to timer as in :mod:`tests.virtual_time`.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, TypeVarTuple

from tests.virtual_time import LIMIT_S, Stalled

T = TypeVar("T")
P = ParamSpec("P")
Ts = TypeVarTuple("Ts")

REAL_S = 20.0
"""How long the threads may keep the clock standing, in real seconds."""

LOOK_S = 0.02

TURN_S = 1e-9
"""What a turn of the loop takes: a timer that asyncio fires early, by its clock's resolution, comes to its time."""

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""A Monday: when every world begins."""


class _HoldingSelector(selectors.DefaultSelector):
    """Lets the clock pass only while no thread is busy."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.busy: list[Callable[[], bool]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        waited_s = 0.0
        self.now += TURN_S
        while True:
            busy = any(is_busy() for is_busy in self.busy)  # asked first: what it has done by now is seen below
            ready = super().select(LOOK_S if busy and timeout != 0 else 0)
            if ready or timeout == 0:
                return ready
            if not busy:
                break
            waited_s += LOOK_S
            if waited_s > REAL_S:
                raise Stalled(f"at {self.now:.3f} s: a thread has been busy for {REAL_S:.0f} s")
        if timeout is None:
            raise Stalled(f"at {self.now:.3f} s: no timer is set and no callback is ready")
        self.now += timeout
        if self.now > LIMIT_S:
            raise Stalled(f"still running after {LIMIT_S:.0f} s of virtual time")
        return ready


class HeldTimeLoop(asyncio.SelectorEventLoop):
    """See the module. Its clock starts at 0."""

    def __init__(self) -> None:
        self._holding = _HoldingSelector()
        self._in_threads = 0
        self._holding.busy.append(lambda: self._in_threads > 0)
        super().__init__(self._holding)

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self._holding.now

    def hold_while(self, is_busy: Callable[[], bool]) -> None:
        """Let the clock stand while ``is_busy``."""
        self._holding.busy.append(is_busy)

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As every loop; the clock stands until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._left_thread)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """As every loop; the clock stands until its threads have ended."""
        self._in_threads += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._in_threads -= 1

    def _left_thread(self, _future: asyncio.Future[Any]) -> None:
        self._in_threads -= 1


class LoopClock:
    """The running loop's time as both clocks of a process."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def monotonic_s(self) -> float:
        """See :class:`calls.clock.Clock`."""
        return self._loop.time()

    def now(self) -> datetime:
        """See :class:`calls.clock.Clock`."""
        return NOON + timedelta(seconds=self._loop.time())


def held(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Run an async test on a loop of its own in held time."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=HeldTimeLoop) as runner:
            return runner.run(test(*args, **kwargs))

    return run
