"""gevent's hub on an OS thread of its own. It owns sockets and nothing else; the rest of us is asyncio.

Nothing is monkey-patched: greenswitch imports ``gevent.socket`` itself, and the hub of this thread is seen by no
other one. From elsewhere :meth:`HubThread.post` wakes it (``hub.loop.async_()``, the one call of gevent's that any
thread may make); it answers with ``loop.call_soon_threadsafe``.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import gevent
from gevent.event import Event as GeventEvent

from calls.errors import SwitchError, SwitchTimeout, SwitchUnavailable

T = TypeVar("T")

START_S = 10.0
STOP_S = 10.0


class HubThread:
    """The thread and its queue of what it is to do. Made on one thread, used from any."""

    def __init__(self, name: str) -> None:
        self._tasks: deque[Callable[[], object]] = deque()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started: Future[None] = Future()
        self._stopped: Future[None] = Future()
        self._wake: Callable[[], object] | None = None
        self._lock = threading.Lock()

    async def start(self) -> None:
        """Start the thread and wait until the hub listens.

        Raises:
            SwitchTimeout: it did not within :data:`START_S`.
        """
        self._thread.start()
        try:
            async with asyncio.timeout(START_S):
                await asyncio.wrap_future(self._started)
        except TimeoutError as error:
            raise SwitchTimeout("the thread of FreeSWITCH's sockets did not start") from error

    def post(self, task: Callable[[], object]) -> bool:
        """Have ``task``, which must not block, run on the hub, in the order of the posts. False: it has stopped."""
        with self._lock:
            if self._wake is None:
                return False
            self._tasks.append(task)
            self._wake()
            return True

    async def call(self, task: Callable[[], T], timeout_s: float) -> T:
        """The result of ``task``, which may block, on a greenlet of the hub's.

        Raises:
            SwitchUnavailable: the hub has stopped.
            SwitchTimeout: no result within ``timeout_s``.
            OSError, SwitchError: what ``task`` raised.
        """
        result: Future[T] = Future()

        def run() -> None:
            if not result.set_running_or_notify_cancel():
                return  # nobody waits any more
            try:
                result.set_result(task())
            except (OSError, SwitchError) as error:
                result.set_exception(error)

        def ended(greenlet: gevent.Greenlet) -> None:
            if greenlet.exception is not None:
                result.set_exception(greenlet.exception)  # our bug, and gevent has printed it

        if not self.post(lambda: gevent.spawn(run).link_exception(ended)):
            raise SwitchUnavailable("the thread of FreeSWITCH's sockets has stopped")
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(result)
        except TimeoutError as error:
            raise SwitchTimeout("the thread of FreeSWITCH's sockets did not answer") from error

    async def stop(self) -> None:
        """End the hub with whatever still runs on it, and the thread. Again is no error.

        Raises:
            SwitchTimeout: something on the hub blocks it.
        """
        if not self._thread.is_alive():
            return
        self.post(self._end)
        try:
            async with asyncio.timeout(STOP_S):
                await asyncio.shield(asyncio.wrap_future(self._stopped))
        except TimeoutError as error:
            raise SwitchTimeout("the thread of FreeSWITCH's sockets did not stop") from error
        self._thread.join()

    # --- on the thread -----------------------------------------------------------------------------------------

    def _end(self) -> None:
        self._over.set()

    def _run(self) -> None:
        hub = gevent.get_hub()
        self._over = GeventEvent()
        watcher = hub.loop.async_()
        watcher.start(self._work)
        with self._lock:
            self._wake = watcher.send
        self._started.set_result(None)
        try:
            self._over.wait()
        finally:
            with self._lock:
                self._wake = None  # from here on nobody touches the watcher
            watcher.stop()
            watcher.close()
            hub.destroy(destroy_loop=True)
            self._stopped.set_result(None)

    def _work(self) -> None:
        while self._tasks:
            gevent.spawn(self._tasks.popleft())  # a greenlet each: a fault ends its own task only
