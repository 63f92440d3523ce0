"""The hub's thread: what becomes of work whose asker has gone."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import Any

import pytest

from calls.errors import SwitchTimeout
from calls.switch.freeswitch.hub import HubThread


async def test_work_that_nobody_waits_for_any_more_is_not_begun() -> None:
    hub, busy, free = HubThread("test"), threading.Event(), threading.Event()
    done: list[str] = []

    def stands() -> None:  # as under load
        busy.set()
        free.wait()

    await hub.start()
    try:
        hub.post(stands)
        await asyncio.to_thread(busy.wait)
        with pytest.raises(SwitchTimeout):
            await hub.call(lambda: done.append("given up"), 0.01)
        free.set()
        await hub.call(lambda: done.append("asked"), 10.0)
    finally:
        free.set()
        await hub.stop()
    assert done == ["asked"]


async def test_what_comes_at_once_wakes_the_event_loop_once_and_keeps_its_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub, loop = HubThread("test"), asyncio.get_running_loop()
    wakes, faults, done = 0, list[str](), list[int]()
    wake = loop.call_soon_threadsafe

    def counted(*about: Any) -> asyncio.Handle:
        nonlocal wakes
        wakes += 1
        return wake(*about)

    def fails() -> None:
        raise ValueError("one task's own")

    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
    loop.set_exception_handler(lambda _, context: faults.append(str(context["exception"])))
    for index in range(100):
        hub.tell(loop, fails if index == 50 else partial(done.append, index))
    assert (wakes, done) == (1, [])
    for _ in range(3):
        await asyncio.sleep(0)
    assert (done, faults) == ([*range(50), *range(51, 100)], ["one task's own"])
    hub.tell(loop, partial(done.append, 100))
    for _ in range(3):
        await asyncio.sleep(0)
    assert (wakes, done[-1]) == (2, 100)


async def test_what_is_posted_while_the_hub_is_busy_is_done_in_its_order() -> None:
    hub, busy, free = HubThread("test"), threading.Event(), threading.Event()
    done: list[int] = []

    def stands() -> None:
        busy.set()
        free.wait()

    await hub.start()
    try:
        for turn in range(3):
            busy.clear()
            free.clear()
            hub.post(stands)
            await asyncio.to_thread(busy.wait)
            for index in range(100):
                hub.post(partial(done.append, turn * 100 + index))
            free.set()
            await hub.call(lambda: None, 10.0)
    finally:
        free.set()
        await hub.stop()
    assert done == list(range(300))
