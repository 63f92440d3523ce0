"""The engine's tasks: none is left when they are cancelled."""

from __future__ import annotations

import asyncio

from console.engine.tasks import Tasks


async def test_what_a_task_begins_while_it_is_cancelled_is_cancelled_too() -> None:
    tasks = Tasks()
    came_to: list[str] = []

    async def last() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            came_to.append("last")

    async def first() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tasks.start(last(), "last")
            await asyncio.sleep(0)
            came_to.append("first")

    running = tasks.start(first(), "first")
    await asyncio.sleep(0)
    await tasks.cancel_all()
    assert running.cancelled() and came_to == ["first", "last"]
