"""The fake FreeSWITCH's end of one connection with our driver."""

from __future__ import annotations

import asyncio

from tests.calls.switch.freeswitch.traffic import Traffic


class FakeLine:
    """Commands come, frames go. ``traffic``: where time is held, what is on its way is counted there."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic | None) -> None:
        self._reader = reader
        self._writer = writer
        self._traffic = traffic
        self._key = frozenset[int]() if traffic is None else traffic.of(writer)
        self.closed = False
        """We have closed it."""

    def say(self, data: bytes) -> None:
        """Send ``data``; nothing happens where it is closed."""
        if self._writer.is_closing():
            return
        if self._traffic is not None:
            self._traffic.said(self._key, len(data))
        self._writer.write(data)

    async def drain(self) -> None:
        """Wait until the peer has room for more."""
        await self._writer.drain()

    async def command(self) -> str | None:
        """The next command; None: there will be none."""
        if self.closed:
            return None
        try:
            data = await self._reader.readuntil(b"\n\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        if self._traffic is not None:
            self._traffic.heard(self._key, len(data))
        return data.decode().removesuffix("\n\n")

    def close(self) -> None:
        """Close behind what was said. Again is no error."""
        self._over()
        self._writer.close()

    def abort(self) -> None:
        """The connection is reset."""
        self._over()
        self._writer.transport.abort()

    def _over(self) -> None:
        if not self.closed and self._traffic is not None:
            self._traffic.ended(self._key)
        self.closed = True


async def connect(port: int, traffic: Traffic | None) -> FakeLine:
    """A connection to our driver."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    return FakeLine(reader, writer, traffic)
