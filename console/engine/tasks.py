"""The tasks of the engine: each is held, named, and its failure is logged rather than lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine

from calls import log


class Tasks:
    """Holds running tasks, so that none is collected while it runs and none is left when the engine stops."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Run ``work`` as a task called ``name``."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def cancel_all(self) -> None:
        """End what still runs, and what that starts while it ends, and wait for all of it."""
        while running := list(self._running):
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.get().error("a task failed", task=task.get_name(), exc_info=problem)


async def each_of(*steps: Callable[[], Awaitable[None] | None]) -> None:
    """Take the steps one after another, each whatever became of those before it.

    Raises:
        Exception: what a step raised; of several, the last.
    """
    async with contextlib.AsyncExitStack() as left:
        for step in reversed(steps):
            left.push_async_callback(_taken, step)


async def _taken(step: Callable[[], Awaitable[None] | None]) -> None:
    if (waits := step()) is not None:
        await waits
