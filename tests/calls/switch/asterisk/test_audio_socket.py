"""The AudioSocket server: who may connect, under which id, for how long, and how either side ends it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network
from uuid import UUID, uuid4

import pytest

from calls.errors import SwitchUnavailable
from calls.switch.asterisk import audio_socket
from calls.switch.asterisk.audio_socket import AudioSocketInlet, AudioSocketServer
from console.demo.ports import free_media_ports

HOST = IPv4Address("127.0.0.1")
LOOPBACK = IPv4Network("127.0.0.0/8")
SOUND = bytes(range(160)) * 2
SOON_S = 20.0


@asynccontextmanager
async def serving(allow: IPv4Network = LOOPBACK) -> AsyncIterator[AudioSocketServer]:
    first, _ = free_media_ports(10, random.Random())
    server = AudioSocketServer(HOST, range(first, first + 10), (allow,))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def message(kind: int, body: bytes = b"") -> bytes:
    return bytes([kind]) + len(body).to_bytes(2, "big") + body


class Leg:
    """Asterisk's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def say(self, *data: bytes) -> None:
        for each in data:
            self._writer.write(each)

    async def closed(self) -> None:
        """Returns when our side has closed it."""
        async with asyncio.timeout(SOON_S):
            try:
                assert await self._reader.read() == b""
            except ConnectionError:
                pass
        self._writer.close()

    def close(self) -> None:
        self._writer.close()


async def connect(inlet: AudioSocketInlet, id_: UUID | None = None) -> Leg:
    host, port = inlet.far_end.split("/")[1].split(":")
    leg = Leg(*await asyncio.open_connection(host, int(port)))
    leg.say(message(0x01, (id_ or inlet.id).bytes))
    return leg


async def read(inlet: AudioSocketInlet) -> bytes:
    async with asyncio.timeout(SOON_S):
        return await inlet.audio.read()


async def test_what_a_leg_sends_is_heard_until_it_ends() -> None:
    async with serving() as server:
        inlet = await server.open()
        assert inlet.far_end.endswith(f"/{inlet.id}/c(slin)")
        leg = await connect(inlet)
        leg.say(message(0x10, SOUND), message(0x10, SOUND))
        assert [await read(inlet), await read(inlet)] == [SOUND, SOUND]
        leg.close()
        assert await read(inlet) == b""


async def test_closing_an_inlet_closes_its_connection() -> None:
    async with serving() as server:
        for cut in (True, False):
            inlet = await server.open()
            leg = await connect(inlet)
            leg.say(message(0x10, SOUND))
            assert await read(inlet) == SOUND
            (inlet.cut if cut else inlet.close)()
            await leg.closed()
            assert await read(inlet) == b""


@pytest.mark.parametrize("when", ["unknown", "second", "closed", "garbage", "nameless"])
async def test_a_connection_of_nobody_s_is_closed(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio_socket, "NAMELESS_S", 0.1)
    async with serving() as server:
        inlet = await server.open()
        match when:
            case "unknown":
                leg = await connect(inlet, uuid4())
            case "second":
                first = await connect(inlet)
                first.say(message(0x10, SOUND))
                assert await read(inlet) == SOUND
                leg = await connect(inlet)
            case "closed":
                inlet.close()
                leg = await connect(inlet)
            case "garbage":
                leg = await connect(inlet)
                leg.say(message(0x10, SOUND), b"GET / HTTP/1.1\r\n")
            case _:
                host, port = inlet.far_end.split("/")[1].split(":")
                leg = Leg(*await asyncio.open_connection(host, int(port)))
        await leg.closed()
        if when == "second":
            first.say(message(0x10, SOUND))
            assert await read(inlet) == SOUND
            first.close()


async def test_who_may_not_connect_is_not_read() -> None:
    async with serving(IPv4Network("10.0.0.0/8")) as server:
        leg = await connect(await server.open())
        await leg.closed()


async def test_too_many_that_say_nothing_keep_nobody_else_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio_socket, "NAMELESS_S", 0.2)
    async with serving() as server:
        inlet = await server.open()
        host, port = inlet.far_end.split("/")[1].split(":")
        idle = [Leg(*await asyncio.open_connection(host, int(port))) for _ in range(audio_socket.MAX_NAMELESS + 5)]
        for leg in idle:
            await leg.closed()
        leg = await connect(inlet)
        leg.say(message(0x10, SOUND))
        assert await read(inlet) == SOUND
        leg.close()


async def test_it_takes_the_first_port_that_is_free_and_says_when_there_is_none() -> None:
    async with serving() as server:
        taken = int((await server.open()).far_end.split(":")[1].split("/")[0])
        other = AudioSocketServer(HOST, range(taken, taken + 5), (LOOPBACK,))
        await other.start()
        assert int((await other.open()).far_end.split(":")[1].split("/")[0]) > taken
        await other.stop()
        with pytest.raises(OSError, match="is free for AudioSocket"):
            await AudioSocketServer(HOST, range(taken, taken + 1), (LOOPBACK,)).start()


async def test_stopping_ends_everything() -> None:
    async with serving() as server:
        inlet = await server.open()
        leg = await connect(inlet)
        leg.say(message(0x10, SOUND))
        assert await read(inlet) == SOUND
        await server.stop()
        await leg.closed()
        assert await read(inlet) == b""
        with pytest.raises(SwitchUnavailable):
            await server.open()
