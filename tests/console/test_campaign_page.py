"""What the page of a campaign draws, tells of this moment, and has simulated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from console.accounts.roles import Role
from console.engine import api_forecast
from console.web.campaigns import today
from console.web.words import read
from console.web.words.tongue import PageTongue
from tests.console.browser import HASH, PASSWORD, Browser
from tests.console.held import Held
from tests.console.hours_dialled import DIALS, TALK_S, TALKS, two_hours
from tests.console.served import Served, install, served


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
        two_hours(found, "autumn")
        yield found


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
    german = PageTongue(read()["de"])
    drawn = today(held.db, held.settings, str(held.store.campaign.id), 0.01, held.store.now)
    assert [each.title for each in drawn] == ["Attempts", "Abandonment (US)"]
    assert "target 1%" in drawn[1].svg and "target 3%" not in drawn[1].svg
    assert "target 1%" in drawn[1].narrow and 'viewBox="0 0 344' in drawn[1].narrow
    said = today(held.db, held.settings, str(held.store.campaign.id), 0.01, held.store.now, german)
    assert [each.title for each in said] == ["Anwahlen", "Abbruchquote (US)"] and "Soll 1\u00a0%" in said[1].svg
