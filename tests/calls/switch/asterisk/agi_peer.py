"""Asterisk's side of a FastAGI connection, played by a test line by line, with the bytes that real ones sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from weakref import WeakKeyDictionary

from pydantic import SecretStr

from calls.switch.asterisk.fastagi import FastAgiServer, Limits
from calls.switch.asterisk.fastagi_connection import AgiConnection
from tests.calls.wire import agi_recordings

TOKEN = "token-of-this-install"
HOST = "127.0.0.1"
LOOPBACK = (IPv4Network("127.0.0.0/8"),)
WITHIN_S = 20.0
"""The deadline of every wait of a test."""

DEAD = b"511 Command Not Permitted on a dead channel or intercept routine\n"


def environment(script: str = f"inbound?token={TOKEN}", *arguments: str, version: str = "asterisk-16") -> bytes:
    """The recorded environment of agi-menu, for another request."""
    recorded = agi_recordings.read(version, "agi-menu").from_switch
    lines = recorded[: recorded.index(b"\n\n")].replace(b"\nagi_network_script: menu", b"\nagi_network_script: @")
    extra = "".join(f"\nagi_arg_{place}: {argument}" for place, argument in enumerate(arguments, 1))
    return lines.replace(b"script: @", b"script: " + script.encode()) + extra.encode() + b"\n\n"


class Peer:
    """One connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    async def heard(self) -> bytes:
        """The next command without its line feed; b"" where our side closed."""
        async with asyncio.timeout(WITHIN_S):
            return (await self._reader.readline()).removesuffix(b"\n")

    async def expect(self, command: bytes, reply: bytes | None = None) -> None:
        heard = await self.heard()
        assert heard == command, f"{heard!r} is not {command!r}"
        if reply is not None:
            self.say(reply)

    async def closed(self) -> None:
        """Our side closes, and has nothing more to say."""
        try:
            assert await self.heard() == b""
        except ConnectionResetError:
            pass

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            pass


PEERS: WeakKeyDictionary[FastAgiServer, list[Peer]] = WeakKeyDictionary()
"""The connections to a server, to be closed with it."""


async def connect(server: FastAgiServer) -> Peer:
    peer = Peer(*await asyncio.open_connection(HOST, server.port))
    PEERS.setdefault(server, []).append(peer)
    return peer


async def close_all(server: FastAgiServer) -> None:
    await server.stop()
    for peer in PEERS.pop(server, []):
        await peer.close()


async def request(server: FastAgiServer, script: str = f"inbound?token={TOKEN}", *arguments: str) -> Peer:
    peer = await connect(server)
    peer.say(environment(script, *arguments))
    return peer


class Requests:
    """An endpoint that hands its connections to the test and ends when the test lets go of them."""

    def __init__(self) -> None:
        self._came: asyncio.Queue[AgiConnection] = asyncio.Queue()
        self.over = asyncio.Event()

    async def serve(self, connection: AgiConnection) -> None:
        self._came.put_nowait(connection)
        await self.over.wait()

    async def next(self) -> AgiConnection:
        async with asyncio.timeout(WITHIN_S):
            return await self._came.get()

    def none(self) -> bool:
        return self._came.empty()


@asynccontextmanager
async def serving(limits: Limits | None = None) -> AsyncIterator[tuple[FastAgiServer, Requests]]:
    """A server with the route "inbound", and what comes there."""
    server = FastAgiServer(SecretStr(TOKEN), LOOPBACK, limits)
    requests = Requests()
    server.add_route("inbound", requests.serve)
    await server.start(HOST, 0)
    try:
        yield server, requests
    finally:
        await close_all(server)


async def settled(condition: Callable[[], bool]) -> None:
    """Waits for a condition that other tasks bring about, one turn of the loop at a time, with a deadline."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WITHIN_S
    while not condition():
        assert loop.time() < until
        await asyncio.sleep(0.001)
