"""A plain FastAGI handler, as one would write it in twenty lines: what serving a call costs at the least.

It speaks as asyncio's streams let it, keeps nothing, records nothing, checks no token and ends no call that says
nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection

LOOPBACK = "127.0.0.1"
WITHIN_S = 60.0


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, prompt: str, keys: int) -> bool:
    """Take so many keys of a request, each after the prompt; whether they are the last digits of its number."""
    environment = (await reader.readuntil(b"\n\n")).decode()
    lines = dict(line.split(": ", 1) for line in environment.splitlines() if ": " in line)
    if lines["agi_network_script"].startswith("alive"):
        return False

    async def say(command: str) -> str:
        writer.write(f"{command}\n".encode())
        return (await reader.readline()).decode().strip()

    await say("ANSWER")
    walked = ""
    for _ in range(keys):
        walked += (await say(f"GET DATA {prompt} 30000 1")).partition("result=")[2]
    await say("SET VARIABLE IVR_DONE 1")
    await say("HANGUP")
    return walked == lines["agi_callerid"][-keys:]


def serve(prompt: str, keys: int, pipe: Connection) -> None:
    """A process of its own: tells its port; when told to end, how many calls came to their end."""
    asyncio.run(_serve(prompt, keys, pipe))


async def _serve(prompt: str, keys: int, pipe: Connection) -> None:
    whole = 0

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal whole
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            came_whole = await answer(reader, writer, prompt, keys)
            whole += came_whole

    server = await asyncio.start_server(one, LOOPBACK, 0, backlog=1_024)
    pipe.send(server.sockets[0].getsockname()[1])
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), over.set)
    await over.wait()
    with contextlib.suppress(BrokenPipeError):  # whoever measures is gone
        pipe.send(whole)


@asynccontextmanager
async def plain_handler(prompt: str, keys: int) -> AsyncIterator[tuple[int, int, Callable[[], Awaitable[int]]]]:
    """Its process id, its port, and what ends it and gives the calls that came to their end."""
    context = multiprocessing.get_context("spawn")
    pipe, far_end = context.Pipe()
    process = context.Process(target=serve, args=(prompt, keys, far_end), daemon=True)
    process.start()
    far_end.close()

    async def told() -> int:
        if not await asyncio.to_thread(pipe.poll, WITHIN_S):
            raise TimeoutError("the plain handler says nothing")
        return int(pipe.recv())

    async def end() -> int:
        pipe.send(None)
        return await told()

    try:
        port = await told()
        assert process.pid is not None
        yield process.pid, port, end
    finally:
        pipe.close()
        await asyncio.to_thread(process.join, WITHIN_S)
