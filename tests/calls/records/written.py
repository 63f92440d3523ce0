"""Work for the writer that can be counted: put into it, held up, and read again."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

from calls.records.database import open_readonly
from calls.records.writer import Writer


class Add:
    """Work that adds a line to the audit and gives its own number; may fail after it has written."""

    def __init__(self, number: int, fail: BaseException | None = None) -> None:
        self.number = number
        self.fail = fail
        self.runs = 0

    def __call__(self, connection: sqlite3.Connection) -> int:
        self.runs += 1
        connection.execute("INSERT INTO audit (at, who, what) VALUES ('2025', 'test', ?)", (str(self.number),))
        if self.fail is not None:
            raise self.fail
        return self.number


def written(path: Path) -> list[int]:
    reader = open_readonly(path)
    try:
        return [int(row[0]) for row in reader.execute("SELECT what FROM audit ORDER BY audit_id")]
    finally:
        reader.close()


class Held:
    """Within it the writer's thread waits inside a transaction; all that comes meanwhile shares the next one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._go_on = threading.Event()

    async def __aenter__(self) -> None:
        entered = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait(_connection: sqlite3.Connection) -> None:
            loop.call_soon_threadsafe(entered.set)
            assert self._go_on.wait(20)

        self._task = asyncio.create_task(self._writer.run_alone(wait))
        await asyncio.wait_for(entered.wait(), 20)

    async def __aexit__(self, *_problem: object) -> None:
        self._go_on.set()
        await self._task


async def together(writer: Writer, works: list[Add]) -> list[int | BaseException]:
    """What each work gives, all of them in one transaction."""
    async with Held(writer):
        tasks = [asyncio.create_task(writer.run(work)) for work in works]
        await asyncio.sleep(0)  # each has put its work into the queue now
    return await asyncio.gather(*tasks, return_exceptions=True)
