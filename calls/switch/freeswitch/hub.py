"""gevent's hub on an OS thread of its own. It owns sockets and nothing else; the rest of us is asyncio.

Nothing is monkey-patched: greenswitch imports ``gevent.socket`` itself, and the hub of this thread is seen by no
other one. From elsewhere :meth:`HubThread.post` wakes it (``hub.loop.async_()``, the one call of gevent's that any
thread may make); it answers by :meth:`HubThread.tell`. Each wakes the other once for all that is waiting: a wake is a
system call, behind which the thread waits for the interpreter's lock. Whoever waits for that is to have it soon:
:data:`SWITCH_S`.
"""

from __future__ import annotations

import asyncio
import sys
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

SWITCH_S = 0.0005
"""How long a thread of this process may keep the interpreter while another one waits for it. A turn of a call goes to
this thread, to the event loop and back, and at each step either may be busy with other calls. At Python's own 5 ms a
turn of 300 calls on a busy machine took nearly twice as long, p50 and p99; with a core to itself the same."""


class HubThread:
    """The thread and its queue of what it is to do. Made on one thread, used from any."""

    def __init__(self, name: str) -> None:
        self._tasks: deque[Callable[[], object]] = deque()
        self._told: deque[Callable[[], object]] = deque()
        """What the event loop is to run: while there is any, it has been woken."""
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
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
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
            if len(self._tasks) == 1:  # what stands before it has woken the hub
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

    def tell(self, loop: asyncio.AbstractEventLoop, task: Callable[[], object]) -> bool:
        """Have ``task`` run on ``loop``, always the same one, in the order of the calls. False: it is closed."""
        if loop.is_closed():
            return False
        self._told.append(task)
        if len(self._told) == 1:  # what stands before it has woken the loop
            try:
                loop.call_soon_threadsafe(self._run_told, loop)
            except RuntimeError:
                return False  # closed meanwhile
        return True

    def _run_told(self, loop: asyncio.AbstractEventLoop) -> None:
        """On the event loop."""
        try:
            for _ in range(len(self._told)):  # what comes meanwhile keeps up no other of the loop's work
                self._told.popleft()()
        finally:
            if self._told:  # a fault ends its own task only
                loop.call_soon(self._run_told, loop)

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
