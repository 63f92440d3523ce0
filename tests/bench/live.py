"""The console's live pages: 200 agents' desks and 50 wallboards on one console, while agents change their state.

Engine and console are processes of their own, the sockets are in this one. Each change is ordered of the engine, and
is seen where the message that has it was read and parsed: what a browser still has to draw comes on top.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from calls.settings import Settings, load
from console.accounts import store
from tests.bench.machine import Meter
from tests.bench.quantiles import quantile
from tests.browser.installation import install
from tests.console.browser import HASH
from tests.console.processes import answers, started

DESKS, WALLS = 200, 50
CHANGES = 900
PER_S = 30.0
IDLE_S = 10.0
COMING = 10
"""So many open their page at a time."""
WAIT_S = 120.0
SITE = {"Sec-Fetch-Site": "same-origin"}
BOSS = "boss"


@dataclass(slots=True)
class Measured:
    """``desk_s`` and ``wall_s``: from an order to each who saw it. ``engine``, ``console``, ``idle``: CPU as a share
    of one core, the last of the console with everybody connected and nothing happening."""

    desks: int
    walls: int
    changes: int
    desk_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    engine: float = 0.0
    console: float = 0.0
    idle: float = 0.0
    per_s: float = 0.0

    @property
    def lost(self) -> int:
        """Changes that a desk, or a wall, was not told of within the wait."""
        return self.changes * (1 + self.walls) - len(self.desk_s) - len(self.wall_s)


class Seen:
    """When each change was ordered, and what has been seen of it."""

    def __init__(self, found: Measured) -> None:
        self.whole = asyncio.Event()
        """Everybody has seen everything."""
        self._found = found
        self._ordered: dict[tuple[str, str], float] = {}

    def order(self, agent: str, reason: str) -> None:
        """It is about to be ordered."""
        self._ordered[agent, reason] = time.perf_counter()

    def hear(self, took_s: list[float], message: bytes, known: set[tuple[str, str]]) -> None:
        """A page was told something. ``known``: what it had been told before."""
        for agent, record in json.loads(message).get("content", {}).get("agents", {}).items():
            change = (agent, record["reason"])
            if change in self._ordered and change not in known:
                known.add(change)
                took_s.append(time.perf_counter() - self._ordered[change])
        if self._found.lost == 0:
            self.whole.set()


async def measure(desks: int = DESKS, walls: int = WALLS, changes: int = CHANGES) -> Measured:
    """Run it to its end."""
    names = [f"a{number}" for number in range(desks)]
    with tempfile.TemporaryDirectory(prefix="cw-") as folder:
        path = install(Path(folder) / "i", [(name, f"Agent {name}") for name in names], reasons=False)
        settings, log = load(path, {}), path.parent / "log"
        async with started(path, "engine") as engine:
            await answers(f"http://127.0.0.1:{settings.engine.http_port}/readyz", engine, log)
            async with started(path, "console") as console:
                await answers(f"http://127.0.0.1:{settings.console.http_port}/readyz", console, log)
                return await _run(settings, names, Measured(desks, walls, changes), engine.pid, console.pid)


async def _run(settings: Settings, names: Sequence[str], found: Measured, engine: int, console: int) -> Measured:
    seen, ready, coming = Seen(found), asyncio.Semaphore(0), asyncio.Semaphore(COMING)
    limits = httpx.Limits(keepalive_expiry=1.0)  # the engine ends a line that is idle for 5 s, at any moment of ours
    transport = httpx.AsyncHTTPTransport(uds=str(settings.engine.socket), verify=False, limits=limits)
    address = f"ws://127.0.0.1:{settings.console.http_port}/live?topic="

    async def look(who: str, topic: str, took_s: list[float]) -> None:
        headers = {**SITE, "Cookie": f"callwright=session-{who}"}
        known: set[tuple[str, str]] = set()
        options: dict[str, Any] = {"proxy": None, "compression": None, "open_timeout": WAIT_S}
        async with AsyncExitStack() as stack:
            async with coming:
                socket = await stack.enter_async_context(
                    connect(f"{address}{topic}", additional_headers=headers, **options)
                )
                await socket.recv()
            ready.release()
            async for message in socket:
                assert isinstance(message, bytes)
                seen.hear(took_s, message, known)

    async with httpx.AsyncClient(transport=transport, base_url="http://engine", timeout=WAIT_S) as control:
        await _open(control, BOSS, "administrator", None)
        for name in names:
            await _open(control, name, "agent", name)
            await _order(control, f"/v1/agents/{name}/login")
        looks = [look(name, "desk", found.desk_s) for name in names]
        looks += [look(BOSS, "wall", found.wall_s) for _ in range(found.walls)]
        tasks = [asyncio.ensure_future(each) for each in looks]
        for _ in tasks:
            await asyncio.wait_for(ready.acquire(), WAIT_S)
        resting = Meter.of(console)
        await asyncio.sleep(IDLE_S)
        found.idle = resting.used_s(console) / IDLE_S
        await _change(control, seen, names, found, engine, console)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    if broken := [each for each in ended if isinstance(each, Exception)]:
        raise broken[0]
    return found


async def _change(
    control: httpx.AsyncClient, seen: Seen, names: Sequence[str], found: Measured, engine: int, console: int
) -> None:
    """Have agents change their state, by the clock, and wait until all have seen it."""
    meter, began_s = Meter.of(engine, console), time.perf_counter()
    for number in range(found.changes):
        await asyncio.sleep(max(0.0, began_s + number / PER_S - time.perf_counter()))
        agent = names[number % len(names)]
        seen.order(agent, f"r{number}")
        await _order(control, f"/v1/agents/{agent}/pause?reason=r{number}")
    took_s = time.perf_counter() - began_s
    found.per_s = found.changes / took_s
    found.engine, found.console = meter.used_s(engine) / took_s, meter.used_s(console) / took_s
    with suppress(TimeoutError):
        await asyncio.wait_for(seen.whole.wait(), WAIT_S)


async def _open(control: httpx.AsyncClient, name: str, role: str, agent: str | None) -> None:
    """An account with a session of its own, whose password nobody has to type."""
    account = {"name": name, "role": role, "agent": agent, "password": HASH, "must_change": False}
    await _order(control, "/v1/accounts", account)
    session = {"name": name, "token": store.digest(f"session-{name}"), "address": "bench"}
    await _order(control, "/v1/sessions", session)


async def _order(control: httpx.AsyncClient, path: str, body: object = None) -> None:
    answer = await control.post(path, json=body)
    assert answer.status_code == 200, answer.text


def report(found: Measured) -> list[str]:
    """What it says."""
    shown = {
        name: f"p50 {quantile(took_s, 0.5) * 1e3:.0f} ms, p95 {quantile(took_s, 0.95) * 1e3:.0f} ms"
        for name, took_s in (("desks", found.desk_s), ("walls", found.wall_s))
    }
    return [
        f"live pages: {found.desks} desks and {found.walls} walls, {found.per_s:.1f} changes a second",
        f"  a desk is told of its own agent: {shown['desks']}; a wall of any: {shown['walls']}",
        f"  CPU of one core: console {found.console:.1%} ({found.idle:.1%} at rest), engine {found.engine:.1%}",
        f"  not seen: {found.lost} of {found.changes * (1 + found.walls):,}",
    ]
