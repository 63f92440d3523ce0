"""The console's page: with an engine and without, hostile names, its headers; and both processes of ``up``."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from calls.settings import load
from console.web.shared import Shared
from console.web.words.formats import FORMATS
from tests.console.browser import HASH, PASSWORD, Browser
from tests.console.processes import START_S, answers, said, started
from tests.console.served import install, served


def administrator(browser: Browser) -> None:
    """Add one, and log in."""
    order = {"name": "Root", "role": "administrator", "password": HASH, "must_change": False}
    engine = httpx.Client(transport=httpx.HTTPTransport(uds=str(browser.settings.engine.socket), verify=False))
    assert engine.post("http://engine/v1/accounts", json=order).status_code in (200, 409)
    engine.close()
    assert browser.log_in("root", PASSWORD).url.path == "/wall"


def test_without_an_engine_or_a_database_it_is_ready_for_the_first_account(tmp_path: Path) -> None:
    with Browser(load(install(tmp_path, render=False), {})) as browser:
        page = browser.get("/")
        assert (page.status_code, page.url.path) == (200, "/setup")
        assert browser.get("/livez").text == "ok\n"
        assert browser.get("/readyz").status_code == 503
        for path in ("/docs", "/openapi.json", "/v1/status", "/../app.py", "/templates/base.html"):
            assert browser.get(path).status_code == 404


def test_the_wallboard_is_there_for_who_may_see_it(tmp_path: Path) -> None:
    path = install(tmp_path)
    with served(path), Browser(load(path, {})) as browser:
        administrator(browser)
        page = browser.get("/wall")
        assert page.status_code == 200 and browser.get("/readyz").text == "ok\n"
        assert 'id="wall"' in page.text and "Service level" in page.text and "/wall.js" in page.text
        assert "Anna" not in page.text  # what is on it comes by the socket


def test_what_is_no_page_or_no_number_is_said_on_a_page(tmp_path: Path) -> None:
    path = install(tmp_path)
    with served(path), Browser(load(path, {})) as browser:
        administrator(browser)
        asked = {
            "/no-such": 404,
            "/flows/main?days=x": 409,
            "/flows/main/graph.svg?days=366": 409,
            f"/flows/main?days={'0' * 8}7{'9' * 5000}": 409,
            "/quality?days=0": 409,
            f"/quality?days={'9' * 5000}": 409,
            "/reports?section=x": 400,
        }
        for address, status in asked.items():
            page = browser.get(address)
            assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8"), address
        page = browser.post("/campaigns/autumn/explode")
        assert page.status_code == 422 and "order: Input should be" in page.text and "<html" in page.text
        assert browser.call("GET", "/v1/flows/main/figures?days=x").headers["content-type"] == "application/json"


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
    [(None, "s", "\N{EN DASH}"), (0.9534, "ratio", "95.3%"), (12.34, "s", "12.3\u00a0s"), (3.0, "calls", "3")],
)
def test_figures_are_shown_by_their_unit(value: float | None, unit: str, text: str) -> None:
    assert FORMATS["en"].figure(value, unit) == text


def test_nothing_but_our_own_is_loaded_or_run(tmp_path: Path) -> None:
    with Browser(load(install(tmp_path, render=False), {})) as browser:
        for path in ("/", "/static/old/style.css", "/none", "/api/v1/status"):
            headers = browser.get(path).headers
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
        page = browser.get("/").text
        assert re.findall(r"<script[^>]*>[^<]+", page) == [] and "style=" not in page


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


def await_none(path: Path) -> None:
    """Return when there is no such process: nobody tells, since they are no children of this one."""
    until_s = time.monotonic() + START_S
    while (left := ours(path)) and time.monotonic() < until_s:
        time.sleep(0.1)
    assert left == []


async def test_up_serves_drains_and_leaves_nothing(tmp_path: Path) -> None:
    path = install(tmp_path)
    at = load(path, {})
    log = tmp_path / "log"
    async with started(path, "up") as process:
        engine, console = (f"http://127.0.0.1:{part.http_port}" for part in (at.engine, at.console))
        assert await answers(f"{engine}/readyz", process, log) == "ok\n"
        assert await answers(f"{console}/readyz", process, log) == "ok\n"
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
        transport = httpx.AsyncHTTPTransport(uds=str(at.engine.socket), verify=False)
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


async def test_engine_and_console_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    path = install(tmp_path)
    at = load(path, {})
    log = tmp_path / "log"
    async with started(path, "up") as process:
        engine, console = (f"http://127.0.0.1:{part.http_port}" for part in (at.engine, at.console))
        for part in (engine, console):
            assert await answers(f"{part}/readyz", process, log) == "ok\n"
        process.kill()
        await process.wait()
        await asyncio.to_thread(await_none, path)
    assert not at.engine.socket.exists(), said(log)
