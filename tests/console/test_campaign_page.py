"""What the page of a campaign draws, tells of this moment, and has simulated."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest

from calls.causes import Outcome
from calls.records import store
from calls.records.store import Direction
from calls.records.times import as_text
from console.accounts.roles import Role
from console.engine import api_forecast
from console.web.campaigns import today
from console.web.words import read
from tests.calls.records.test_figures import call
from tests.console.browser import HASH, PASSWORD, Browser
from tests.console.held import Held
from tests.console.served import Served, install, served

DIALS, TALKS = 60, 12
EVERY_S, TALK_S = 120.0, 90.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A campaign of one agent that has dialled for two hours; nobody dials now."""
    with served(install(tmp_path_factory.mktemp("campaign"))) as found:
        transport = httpx.HTTPTransport(uds=str(found.settings.engine.socket), verify=False)
        with httpx.Client(transport=transport, base_url="http://engine") as engine:
            order = {"name": "mara", "role": Role.MANAGER.value, "password": HASH, "must_change": False}
            assert engine.post("/v1/accounts", json=order).status_code == 200
            query = {"list": "autumn", "file": "shops.csv", "region": "US"}
            assert engine.post("/v1/leads", params=query, content=b"Phone\n+12025550120\n").status_code == 200
            for step in ("start", "pause"):
                assert engine.post(f"/v1/campaigns/autumn/{step}").status_code == 200
        began = found.engine.clock.now() - timedelta(seconds=EVERY_S * DIALS)

        async def write() -> None:
            await found.engine.writer.run(lambda db: dialled(db, began))

        found.wait(write)
        yield found


def dialled(connection: sqlite3.Connection, began: datetime) -> None:
    """A dial every two minutes, each fifth answered by a person and talked to."""
    (lead,) = connection.execute("SELECT lead_id, person_key FROM leads").fetchall()
    for number in range(DIALS):
        at, is_met = began + timedelta(seconds=EVERY_S * number), number % 5 == 0
        connection.execute(
            "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
            " trunk, state, intended_at, ended_at, outcome, decision)"
            " VALUES (?, 'autumn', ?, ?, '', 1, 'm', 'b', 'loop', 'done', ?, ?, ?, '{}')",
            (f"a{number}", *lead, as_text(at), as_text(at), "answered" if is_met else "no_answer"),
        )
        if is_met:
            met = call(
                f"a{number}", direction=Direction.OUTBOUND, agent="anna", campaign="autumn", talk_s=TALK_S,
                wrap_up_s=10.0, connect_s=0.2, outcome=Outcome.ANSWERED,
            )  # fmt: skip
            times = {"started_at": at, "answered_at": at, "ended_at": at + timedelta(seconds=TALK_S)}
            store.finish_call(connection, replace(met, ring_s=8.0, **times), [])


@pytest.fixture
def manager(running: Served) -> Iterator[Browser]:
    with Browser(running.settings) as browser:
        browser.log_in("mara", PASSWORD)
        yield browser


def shown(page: httpx.Response) -> str:
    """The page's text."""
    assert page.status_code == 200, page.text
    return " ".join(unescape(re.sub("<[^>]+>", " ", page.text)).split())


def test_what_a_change_would_bring_is_simulated_and_said_in_ones_language(
    manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process: to start others takes longer than to simulate so little."""
    monkeypatch.setattr(api_forecast, "WORKERS", 1)
    manager.cookies.set("callwright_language", "de")
    text = shown(manager.get("/campaigns/autumn/what-if?set=pacing.mode%3Dpower&set=pacing.ratio%3D3"))
    assert f"Aus {DIALS} Anwahlen und {TALKS} Gesprächen; 95-%-Intervalle. Noch ist nichts geändert." in text
    rows = re.findall(r"(Jetzt|So) (\d+,\d) ± (\d+,\d) (\d+) ± \d+ % (\d+,\d\d) ±", text)
    assert [row[0] for row in rows] == ["Jetzt", "So"]
    now, then = (float(row[1].replace(",", ".")) for row in rows)
    gain = re.search(r"([+-]?\d+,\d) ± \d+,\d Gespräche je Stunde", text)
    assert gain is not None and float(gain[1].replace(",", ".")) == pytest.approx(then - now, abs=0.11)
    # One line for a free agent reaches a person at every fifth dial; with three there is more to talk.
    assert 0.0 < now < then < 3600.0 / TALK_S


def test_the_page_tells_of_this_moment_what_the_page_has(manager: Browser) -> None:
    page, now = manager.get("/campaigns/autumn"), manager.get("/campaigns/autumn/now").json()
    assert now["state"] == "paused" and 'data-state="paused"' in page.text
    places = dict(re.findall(r'data-live="(\w+)">([^<]*)<', page.text))
    assert {name: unescape(text) for name, text in places.items()} == now["texts"]
    assert now["texts"]["answer"] == "20%" and now["texts"]["abandoned_of"] == "0 of 0; cap 100%"


def test_abandonment_is_drawn_beside_the_campaigns_own_cap(tmp_path: Path) -> None:
    held = Held(tmp_path)
    held.dialled()
    german = read()["de"].told
    drawn = today(held.db, held.settings, str(held.store.campaign.id), 0.01, held.store.now)
    assert [each.title for each in drawn] == ["Attempts", "Abandonment (US)"]
    assert "target 1%" in drawn[1].svg and "target 3%" not in drawn[1].svg
    assert "target 1%" in drawn[1].narrow and 'viewBox="0 0 344' in drawn[1].narrow
    said = today(held.db, held.settings, str(held.store.campaign.id), 0.01, held.store.now, german)
    assert [each.title for each in said] == ["Versuche", "Abbruchquote (US)"] and "Soll 1\u00a0%" in said[1].svg
