"""A relay between Asterisk and the engine's FastAGI port, which measures each turn from outside.

A turn is what a caller's channel waits for: from the moment Asterisk's words (the environment, a reply) are here to
the moment the engine's next command is. It holds all that the engine lets pass: bytes that wait in the socket while
its loop does something else, decoding, the session's step, encoding. The relay's own reading is in it too, some tens
of microseconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BACKLOG = 1024


@dataclass(slots=True)
class Turns:
    """What the relay saw. Seconds."""

    took_s: list[float] = field(default_factory=list)
    connections: int = 0


class _Sides:
    """The sides that are open."""

    def __init__(self) -> None:
        self._open: set[asyncio.Transport] = set()
        self._none = asyncio.Event()
        self._none.set()

    def add(self, transport: asyncio.Transport) -> None:
        self._open.add(transport)
        self._none.clear()

    def remove(self, transport: asyncio.Transport) -> None:
        self._open.discard(transport)
        if not self._open:
            self._none.set()

    async def close(self) -> None:
        """Close them all. When this returns they are closed."""
        for transport in self._open:
            transport.abort()
        await self._none.wait()


class _Side(asyncio.Protocol):
    """One side of one connection: what comes here goes to ``other``."""

    def __init__(self, sides: _Sides) -> None:
        self.other: _Side | None = None
        self._sides = sides
        self._transport: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sides.add(transport)
        transport.writelines(self._early)
        if self._closed:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: closed, by whom ever; so is the other side."""
        if self._transport is not None:
            self._sides.remove(self._transport)
        if self.other is not None:
            self.other.close()

    def write(self, data: bytes) -> None:
        """Give ``data`` to this side's peer, as soon as there is one."""
        if self._transport is None:
            self._early.append(data)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Close it, or as soon as it is open."""
        self._closed = True
        if self._transport is not None:
            self._transport.close()


class _Engine(_Side):
    """The engine's side: what it says ends a turn."""

    def __init__(self, sides: _Sides, switch: _Switch) -> None:
        super().__init__(sides)
        self._switch = self.other = switch

    def data_received(self, data: bytes) -> None:
        """asyncio: a command came."""
        self._switch.turn_ended()
        self._switch.write(data)


class _Switch(_Side):
    """Asterisk's side: what it says begins a turn."""

    def __init__(self, sides: _Sides, port: int, turns: Turns, dialling: set[asyncio.Task[None]]) -> None:
        super().__init__(sides)
        self._port = port
        self._turns = turns
        self._dialling = dialling
        self._since_s: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: Asterisk connected; so do we."""
        super().connection_made(transport)
        self._turns.connections += 1
        self.other = _Engine(self._sides, self)
        task = asyncio.create_task(self._reach(self.other))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _reach(self, engine: _Side) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: engine, "127.0.0.1", self._port)
        except OSError:
            self.close()  # no engine there: the dialplan's fallback speaks, as it would without us

    def data_received(self, data: bytes) -> None:
        """asyncio: a reply came."""
        assert self.other is not None
        self._since_s = time.perf_counter()
        self.other.write(data)

    def turn_ended(self) -> None:
        """The engine has spoken."""
        if self._since_s is not None:
            self._turns.took_s.append(time.perf_counter() - self._since_s)
            self._since_s = None


@asynccontextmanager
async def relay(at: int, to: int) -> AsyncIterator[Turns]:
    """Relay from port ``at`` to port ``to``, both on loopback, as long as the context lasts."""
    turns, sides = Turns(), _Sides()
    dialling: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Switch(sides, to, turns, dialling), "127.0.0.1", at, backlog=BACKLOG)
    try:
        yield turns
    finally:
        server.close()
        if dialling:
            await asyncio.wait(dialling)
        await sides.close()
