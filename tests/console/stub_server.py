"""A server of others on 127.0.0.1 that answers as a test says."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: after ``after_s``, ``body`` in pieces; ``cut`` closes the connection before anything."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[str, ...] = ()
    after_s: float = 0.0
    cut: bool = False
    endless: bool = False


@dataclass(slots=True)
class Stub:
    """What came, and how it is answered."""

    answer: Callable[[Asked], Reply]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def count(self, wanted: int, within_s: float = 20.0) -> list[Asked]:
        """Return when ``wanted`` requests have come."""
        async with asyncio.timeout(within_s):
            while len(self.asked) < wanted:
                self.came.clear()
                await self.came.wait()
        return self.asked

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            asked = await _read(reader)
            self.asked.append(asked)
            self.came.set()
            reply = self.answer(asked)
            await asyncio.sleep(reply.after_s)
            if reply.cut:
                return
            await _write(writer, reply)


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    length = [] if reply.endless else [f"Content-Length: {len(reply.body)}"]
    lines = [f"HTTP/1.1 {reply.status} Said", *length, *reply.headers]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + reply.body)
    await writer.drain()
    while reply.endless:
        writer.write(b"x" * 65536)
        await writer.drain()


@asynccontextmanager
async def stub(answer: Callable[[Asked], Reply], context: ssl.SSLContext | None = None) -> AsyncIterator[Stub]:
    """A server that answers by ``answer``."""
    serving = Stub(answer)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serving.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    serving.port = server.sockets[0].getsockname()[1]
    try:
        yield serving
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
