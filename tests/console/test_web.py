"""The console's page: with an engine and without, hostile names, its headers; and both processes of ``up``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from calls.records.writer import write_once
from calls.settings import load
from console.web import app as web
from console.web.shared import Shared
from tests.console.processes import START_S, answers, said, started
from tests.console.served import install, served


class Page:
    """A browser's view of the console, in this process."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
                return await client.get(path)

        return asyncio.run(ask())


def test_the_page_without_an_engine_says_so(tmp_path: Path) -> None:
    client = Page(web.build(load(install(tmp_path, render=False), {})))
    page = client.get("/")
    assert page.status_code == 200
    assert "no engine answers" in page.text
    assert client.get("/livez").text == "ok\n"
    assert client.get("/readyz").status_code == 503
    for path in ("/docs", "/openapi.json", "/v1/status", "/../app.py"):
        assert client.get(path).status_code == 404


def test_the_page_with_an_engine_and_hostile_names(tmp_path: Path) -> None:
    path = install(tmp_path)
    with served(path) as running:
        client = Page(web.build(load(path, {})))
        page = client.get("/")
        assert page.status_code == 200 and client.get("/readyz").text == "ok\n"
        assert "Anna &lt;b&gt;[red]" in page.text and "<b>" not in page.text
        assert "service level" in page.text
        running.do("drain")
        assert "Nothing new is dialled: the engine is being drained." in client.get("/").text


def test_the_figures_are_counted_once_for_all_viewers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[float] = []
    at_s = [100.0]

    def count(*_what: object) -> list[object]:
        counted.append(at_s[0])
        return []

    path = install(tmp_path, render=False)
    settings = load(path, {})
    write_once(settings.engine.database, lambda connection: None)
    monkeypatch.setattr(web, "all_figures", count)
    client = Page(web.build(settings, lambda: at_s[0]))
    for moment_s in (100.0, 100.0, 101.9, 102.0, 103.5, 104.1):
        at_s[0] = moment_s
        assert client.get("/").status_code == 200
    assert counted == [100.0, 102.0, 104.1]


def test_many_threads_share_what_is_made_once_and_a_failure_is_tried_again() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        if len(made) == 1:
            raise OSError("not now")
        return made[-1]

    shared = Shared(make, 2.0, lambda: 0.0)
    with pytest.raises(OSError, match="not now"):
        shared.get()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: shared.get(), range(100))) == {1}
    assert made == [0, 1]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(None, "s", "\N{EN DASH}"), (0.9534, "ratio", "0.953"), (12.34, "s", "12.3 s"), (3.0, "calls", "3")],
)
def test_figures_are_shown_by_their_unit(value: float | None, unit: str, text: str) -> None:
    assert web.shown(value, unit) == text


def test_nothing_but_our_own_style_is_loaded_or_run(tmp_path: Path) -> None:
    client = Page(web.build(load(install(tmp_path, render=False), {})))
    for path in ("/", "/style.css", "/none"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'") and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy and "form-action 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
    page = client.get("/").text
    assert "<script" not in page and "style=" not in page


# --- processes --------------------------------------------------------------------------------------------------


def lengthen_drain(path: Path) -> None:
    path.write_text(said(path).replace("drain_s = 2.0", "drain_s = 600.0"), encoding="utf-8")


def ours(path: Path) -> list[str]:
    """The processes that still run with these settings."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(path).encode() in words and each.parent.name != str(os.getpid()):
            found.append(each.parent.name)
    return found


async def test_up_serves_drains_and_leaves_nothing(tmp_path: Path) -> None:
    path = install(tmp_path)
    at = load(path, {})
    log = tmp_path / "log"
    async with started(path, "up") as process:
        engine, console = (f"http://127.0.0.1:{part.http_port}" for part in (at.engine, at.console))
        assert await answers(f"{engine}/readyz", process, log) == "ok\n"
        assert "Switch main (loopback)" in await answers(f"{console}/", process, log)
        assert len(ours(path)) == 2
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), START_S) == 0, said(log)
    assert ours(path) == []
    assert not at.engine.socket.exists()
    events = [json.loads(line)["event"] for line in said(log).splitlines() if line[:1] == "{"]
    assert [word for word in events if word in ("draining", "engine stopped")] == ["draining", "engine stopped"]


async def test_a_second_signal_ends_the_drain_of_an_engine(tmp_path: Path) -> None:
    path = install(tmp_path)
    lengthen_drain(path)
    at = load(path, {})
    log = tmp_path / "log"
    async with started(path, "up") as process:
        await answers(f"http://127.0.0.1:{at.engine.http_port}/readyz", process, log)
        transport = httpx.AsyncHTTPTransport(uds=str(at.engine.socket))
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
            caller = {"called": "100", "caller": "+4930555", "presses": [], "hang_up_at_s": 300.0}
            call = asyncio.ensure_future(client.post("/v1/loopback/calls", json=caller))
            while not (await client.get("/v1/status")).json()["calls"]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            while "draining" not in said(log):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            status = await asyncio.wait_for(process.wait(), START_S)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        assert status == 0, said(log)
    assert ours(path) == []
