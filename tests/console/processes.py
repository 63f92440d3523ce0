"""Commands that stay, as processes of their own: started, asked until they answer, and ended."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.console.served import environment

START_S = 60.0


@asynccontextmanager
async def started(path: Path, command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command as a process of its own, its log in ``log`` beside the settings; killed where it stays."""
    with (path.parent / "log").open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "console.main", command), env=environment(path), stdout=sink, stderr=sink
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def said(log: Path) -> str:
    return log.read_text(encoding="utf-8")


async def answers(url: str, process: asyncio.subprocess.Process, log: Path) -> str:
    """What ``url`` gives as soon as it answers well."""
    async with asyncio.timeout(START_S), httpx.AsyncClient(verify=False) as client:
        while True:
            assert process.returncode is None, said(log)
            try:
                answer = await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == 200:
                return answer.text
            await asyncio.sleep(0.1)
