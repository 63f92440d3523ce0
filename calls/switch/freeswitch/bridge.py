"""The two ends of one connection: greenlets on the hub's thread read and write, asyncio decides.

Frames go up in batches by :meth:`HubThread.tell`, in the order of the wire. When asyncio lags by
:data:`MOST_BATCHES` the reader stops reading, so that the socket, and not our memory, holds what FreeSWITCH sends.
Nothing is dropped here; where it lasts for longer than a moment the log says so. FreeSWITCH ends a listener that lags
by 100,000 events, which is told as every lost connection is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from gevent.event import Event as GeventEvent

from calls import log
from calls.errors import SwitchError
from calls.switch.freeswitch.hub import HubThread
from calls.wire.esl import Frame

MOST_BATCHES = 64
"""Batches of frames that wait for asyncio, each of one read of 64 kB at most."""

TOLD_S = 0.25
"""A socket that was left unread for so long is worth a line in the log: callers hear of it."""


class Receiver(Protocol):
    """Who takes a connection's frames, on the event loop."""

    def received(self, frames: list[Frame]) -> None:
        """Frames came, in order."""

    def lost(self, fault: SwitchError) -> None:
        """No more will come, and nothing can be sent. Told once."""


class Writer(Protocol):
    """Who writes and closes, on the hub's thread, without blocking there."""

    def put(self, data: bytes) -> None:
        """Write ``data`` behind what waits to be written."""

    def finish(self) -> None:
        """Close when all is written."""


class Bridge:
    """One connection's frames upwards and bytes downwards."""

    def __init__(self, hub: HubThread, loop: asyncio.AbstractEventLoop, writer: Writer) -> None:
        self._hub = hub
        self._loop = loop
        self._writer = writer
        self._receiver: Receiver | None = None
        self._told = 0
        """Batches that the hub handed up; only its thread counts it."""
        self._taken = 0
        """Batches that asyncio has taken; only its thread counts it."""
        self._caught_up = GeventEvent()
        self._held = False

    # --- on the event loop -------------------------------------------------------------------------------------

    def bind(self, receiver: Receiver) -> None:
        """Who takes the frames. Before any of them is handed up."""
        self._receiver = receiver

    def write(self, data: bytes) -> None:
        """Send ``data``. Where the connection is closed already, ``lost`` has been told or will be."""
        self._hub.post(lambda: self._writer.put(data))

    def close(self) -> None:
        """Close when all is written. Again is no error."""
        self._hub.post(self._writer.finish)

    def _take(self, frames: list[Frame]) -> None:
        self._taken += 1
        if self._held and self._told - self._taken < MOST_BATCHES // 2:
            self._hub.post(self._caught_up.set)
        if self._receiver is not None:
            self._receiver.received(frames)

    def _take_end(self, fault: SwitchError) -> None:
        if self._receiver is not None:
            self._receiver.lost(fault)

    # --- on the hub's thread -----------------------------------------------------------------------------------

    def announce(self, arrived: Callable[[], object]) -> None:
        """Call ``arrived`` on the event loop, before any frame of this connection."""
        self._up(arrived)

    def hand_up(self, frames: list[Frame]) -> None:
        """Give frames to asyncio; blocks this greenlet, and nothing else, while asyncio lags."""
        self._told += 1
        self._up(lambda: self._take(frames))
        if self._told - self._taken >= MOST_BATCHES:
            self._hold()

    def _hold(self) -> None:
        """Read no more until asyncio has caught up."""
        since = time.monotonic()
        while self._told - self._taken >= MOST_BATCHES:
            self._caught_up.clear()
            self._held = True
            if self._told - self._taken >= MOST_BATCHES:  # asyncio may have caught up before it saw the flag
                self._caught_up.wait()
            self._held = False
        held_s = time.monotonic() - since
        if held_s >= TOLD_S:
            self._up(lambda: log.get().warning("freeswitch was left unread: we are behind", seconds=round(held_s, 2)))

    def hand_up_end(self, fault: SwitchError) -> None:
        """Tell asyncio that the connection is at its end."""
        self._up(lambda: self._take_end(fault))

    def _up(self, task: Callable[[], object]) -> None:
        if not self._hub.tell(self._loop, task):
            self._told = self._taken  # the event loop is closed: nobody is there to lag
