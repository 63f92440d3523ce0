"""What is on its way between a fake FreeSWITCH and our driver, so that a clock can stand until it has come.

The driver's sockets live on gevent's thread, where virtual time is not known. Here each connection's bytes are
counted at both of its ends. While any are under way, or a connection begins or ends at one end only, it is busy, and
a loop in held time lets no time pass (:mod:`tests.console.held_time`). Everything is counted on the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pytest

from calls.switch.freeswitch.bridge import Bridge
from calls.switch.freeswitch.esl_socket import Wire
from calls.switch.freeswitch.hub import HubThread
from calls.switch.freeswitch.session import Session
from tests.console.held_time import HeldTimeLoop

Key = frozenset[int]
"""A connection's two ports."""


@dataclass(slots=True)
class _Connection:
    """One connection. ``to_us``, ``to_fake``: bytes that were sent and not taken."""

    to_us: int = 0
    to_fake: int = 0
    led: bool = False
    """asyncio leads our end."""
    closing: bool = False
    """asyncio has asked for its end."""
    ended_here: bool = False
    ended_there: bool = False

    @property
    def is_busy(self) -> bool:
        """Something of it is on its way."""
        if self.ended_here or self.ended_there:
            return not (self.ended_here and self.ended_there)
        return self.closing or not self.led or self.to_us != 0 or self.to_fake != 0


class Traffic:
    """All connections of one test, and what the driver's thread was asked for."""

    def __init__(self) -> None:
        self._connections: dict[Key, _Connection] = {}
        self._asked = 0

    def is_busy(self) -> bool:
        """Something is on its way."""
        return self._asked > 0 or any(each.is_busy for each in self._connections.values())

    # --- the fake's end ----------------------------------------------------------------------------------------

    def of(self, writer: asyncio.StreamWriter) -> Key:
        """The connection of ``writer``, which has just been made."""
        key = frozenset((writer.get_extra_info("sockname")[1], writer.get_extra_info("peername")[1]))
        self._of(key)
        return key

    def said(self, key: Key, size: int) -> None:
        """The fake is about to send so many bytes."""
        self._of(key).to_us += size

    def heard(self, key: Key, size: int) -> None:
        """The fake has taken so many bytes."""
        self._of(key).to_fake -= size

    def ended(self, key: Key) -> None:
        """The fake has closed its end, or seen ours close."""
        self._of(key).ended_there = True
        self._forget(key)

    # --- our end -----------------------------------------------------------------------------------------------

    def asks(self) -> None:
        """asyncio waits for the driver's thread."""
        self._asked += 1

    def answered(self) -> None:
        """It has an answer."""
        self._asked -= 1

    def wrote(self, key: Key, size: int) -> None:
        """So many bytes are to be sent to the fake."""
        self._of(key).to_fake += size

    def took(self, key: Key, size: int) -> None:
        """So many bytes of the fake's have been taken."""
        self._of(key).to_us -= size

    def leads(self, key: Key) -> None:
        """asyncio leads the connection."""
        self._of(key).led = True

    def closes(self, key: Key) -> None:
        """asyncio has asked for its end."""
        self._of(key).closing = True

    def closed(self, key: Key) -> None:
        """Our end is closed."""
        self._of(key).ended_here = True
        self._forget(key)

    def _of(self, key: Key) -> _Connection:
        """The connection: either end may tell of it first."""
        return self._connections.setdefault(key, _Connection())

    def _forget(self, key: Key) -> None:
        if self._of(key).ended_here and self._of(key).ended_there:
            del self._connections[key]


@contextmanager
def held_for(loop: HeldTimeLoop) -> Iterator[Traffic]:
    """Let the clock of ``loop`` stand while anything is on its way: every driver of this process is watched."""
    traffic = Traffic()
    loop.hold_while(traffic.is_busy)
    keys: dict[Wire, Key] = {}

    def soon(do: Callable[..., None], *about: object) -> None:
        loop.call_soon_threadsafe(do, *about)

    def begins(original: Callable[[Wire], None], wire: Wire) -> None:
        keys[wire] = frozenset((wire.sock.getsockname()[1], wire.sock.getpeername()[1]))
        original(wire)

    def takes(original: Callable[[Wire, bytes], None], wire: Wire, data: bytes) -> None:
        original(wire, data)  # where it raises they are on their way until the connection has ended
        soon(traffic.took, keys[wire], len(data))

    def writes(original: Callable[[Wire, bytes], None], wire: Wire, data: bytes) -> None:
        if wire._upwards is None:  # the hub's own words: asyncio counts its own when it asks for them
            soon(traffic.wrote, keys[wire], len(data))
        original(wire, data)

    def leads(original: Callable[[Wire, Any], None], wire: Wire, upwards: Any) -> None:
        original(wire, upwards)
        soon(traffic.leads, keys[wire])

    def refuses(original: Callable[[Session, float], bool], session: Session, seconds: float) -> bool:
        soon(traffic.leads, keys[session])  # asyncio never does: what ends it has been said
        return original(session, seconds)

    def stops(original: Callable[[Wire], None], wire: Wire) -> None:
        original(wire)
        key = keys.pop(wire, None)
        if key is not None:
            soon(traffic.closed, key)

    def puts(original: Callable[[Bridge, bytes], None], bridge: Bridge, data: bytes) -> None:
        key = keys.get(_wire_of(bridge))
        if key is not None:
            traffic.wrote(key, len(data))
        original(bridge, data)

    def finishes(original: Callable[[Bridge], None], bridge: Bridge) -> None:
        key = keys.get(_wire_of(bridge))
        if key is not None:
            traffic.closes(key)
        original(bridge)

    with pytest.MonkeyPatch.context() as patch:

        def over(owner: type, name: str, by: Callable[..., Any]) -> None:
            original = getattr(owner, name)
            patch.setattr(owner, name, wraps(original)(lambda *about, **more: by(original, *about, **more)))

        over(Wire, "start_event_handlers", begins)
        over(Wire, "_take", takes)
        over(Wire, "_write", writes)
        over(Wire, "hand_over", leads)
        over(Session, "ends_within", refuses)
        over(Wire, "stop", stops)
        over(Bridge, "write", puts)
        over(Bridge, "close", finishes)
        for name in ("start", "call", "stop"):
            patch.setattr(HubThread, name, _awaited(traffic, getattr(HubThread, name)))
        yield traffic


def _wire_of(bridge: Bridge) -> Wire:
    wire = bridge._writer
    assert isinstance(wire, Wire)
    return wire


def _awaited(traffic: Traffic, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def waited(*about: Any) -> Any:
        traffic.asks()
        try:
            return await original(*about)
        finally:
            traffic.answered()

    return waited
