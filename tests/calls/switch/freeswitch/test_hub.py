"""The hub's thread: what becomes of work whose asker has gone."""

from __future__ import annotations

import asyncio
import threading

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
