"""A day in Chromium on a real Asterisk: a call in, a call out, and all that is shown of them agrees to the calls."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from calls.settings import load
from console.demo.ports import free_port
from console.demo.sipp import CallerScript
from tests.browser.running import DESKTOP, Engine, Page, chromium, fetch_chromium
from tests.console.console_thread import console
from tests.integration.conftest import OpenHouse
from tests.integration.harness import House, number
from tests.integration.premises import Plan

pytestmark = pytest.mark.asterisk

CALLER = "+493055501234"
CALLEE = number(1, 0)
AGENT = "agent0"
PLAN = Plan(agents=1, wrap_up_s=120.0, lines=1, talk_ms=(120_000, 120_000))
"""Agent and customer both stay until somebody ends their call."""


@contextlib.contextmanager
def pages(house: House) -> Iterator[Page]:
    """A browser and the console, on the engine of ``house``, with an agent's and a supervisor's account."""
    settings = load(house.folder / "callwright.toml", {})
    engine = Engine(settings)
    with contextlib.closing(engine), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        engine.account("anna", "agent", AGENT)
        engine.account("eve", "supervisor")
        engine.account("mia", "manager")
        engine.account("quinn", "quality")
        with console(settings) as at:
            driver = chromium(Path(folder))
            try:
                page = Page(driver, at.url)
                page.size(*DESKTOP)
                yield page
            finally:
                driver.quit()


def tiles(page: Page) -> dict[str, str]:
    """What the wallboard's tiles say: the figure under each title."""
    return dict(text.split("\n")[:2] for text in page.texts("#wall .tile") if "\n" in text)


def talk_and_say(page: Page, who: str, outcome: str) -> None:
    """At the desk, by keys alone: whom the call is with, what came of it, and the end of it."""
    page.shows("#strip", "Talking")
    page.shows("#call", who)
    page.one("body").send_keys(Keys.ALT, "n")
    page.driver.switch_to.active_element.send_keys(f"spoke with {who}")
    page.one("#dispositions input").send_keys(Keys.ALT, "o")
    page.driver.switch_to.active_element.send_keys(outcome)
    page.one("body").send_keys(Keys.ALT, "s")
    page.until(lambda: "Saved" in page.driver.execute_script("return document.getElementById('said').textContent"))
    page.press("End the call")
    page.shows("#strip", "Wrap-up")
    page.one("body").send_keys(Keys.ALT, "r")
    page.shows("#strip", "Ready")


def look_at_the_wall(page: Page, **expected: str) -> None:
    """The supervisor sees so much on the wall, by the titles of the tiles with ``_`` for a space."""
    page.be("eve")
    page.open("/wall")
    wanted = {title.replace("_", " "): value for title, value in expected.items()}
    page.until(lambda: wanted.items() <= tiles(page).items())


def agent_comes(page: Page) -> None:
    page.log_in("anna")
    page.shows("#strip", "Logged out")
    page.one("body").send_keys(Keys.ALT, "r")
    page.shows("#strip", "Ready")


def answers_a_caller(page: Page) -> None:
    page.shows("#call", CALLER)
    look_at_the_wall(page, Calls_now="1", Talking="1", Waiting="0")
    page.be("anna")
    page.open("/desk")
    talk_and_say(page, CALLER, "2")


def starts_a_campaign(page: Page) -> None:
    """The manager does, on the page; the agent has the customer."""
    page.be("mia")
    page.open("/campaigns/floor")
    page.press("Start")
    page.driver.switch_to.alert.accept()
    page.shows("main .badge", "running")
    page.be("anna")
    page.open("/desk")
    talk_and_say(page, CALLEE, "2")


FUNNEL = dict.fromkeys(("Leads", "Dialled", "A person answered", "Met an agent", "Right party"), "1") | {"Sold": "0"}


def shows_the_figures(page: Page) -> None:
    """What the wallboard and the reports make of the two calls."""
    look_at_the_wall(page, Calls_now="0", Free="1", Answer_rate="100%", Abandoned="0%", Service_level="100%")
    for section in ("inbound", "outbound"):
        page.open(f"/reports?section={section}")
        assert "1 / 1" in page.text("main table tbody tr"), page.text("main table")
    page.be("mia")
    page.open("/campaigns/floor")
    titles = page.driver.execute_script(
        "return [...document.querySelectorAll('svg.wide-chart rect title')].map((e) => e.textContent)"
    )
    stages = dict(each.split(": ") for each in titles if "%" in each)
    assert {stage: told.split()[0] for stage, told in stages.items()} == FUNNEL
    assert [each.rpartition(": ")[2] for each in titles if "Attempts" in each] == ["Attempts 1"]


def hears_the_talk(page: Page) -> None:
    """The quality analyst does: the talk of the campaign was recorded, and is as loud as the switch wrote it."""
    page.log_in("quinn")
    page.open("/quality")
    page.one("main")
    page.driver.find_element("xpath", "//tr[td='yes']//a").click()
    page.shows("#main", "What was said")
    assert "Nothing to hear" not in page.text("#main"), page.text("#main")
    wave = page.one(".wave[role=slider]")
    drawn = str(page.one(".wave .bars").get_attribute("d"))
    loud = [50 - float(each) for each in re.findall(r"M[\d.]+ ([\d.]+)V", drawn)]
    lasts_s = float(str(wave.get_attribute("aria-valuemax")))
    assert len(loud) == 400 and max(loud) > 1.0 and lasts_s > 0.5, (max(loud), lasts_s)
    wave.send_keys(" ")
    page.until(lambda: page.driver.execute_script("return document.querySelector('audio').currentTime > 0.1"))


async def test_a_call_in_and_a_call_out(house_of: OpenHouse) -> None:
    """Phones and people are SIPp's; the records agree with what they and Asterisk say, by the independent checker."""
    fetch_chromium()
    async with house_of(PLAN) as house:
        with (house.folder / "callwright.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"\n[console]\nhttp_port = {free_port(socket.SOCK_STREAM)}\n")
            settings.write(f'\n[recordings]\nfolder = "{house.folder / "recordings"}"\n')
        await house.start_engine()
        with pages(house) as page:
            await asyncio.to_thread(agent_comes, page)
            caller = await house.caller(CallerScript("2000", caller=CALLER, stays_s=120))
            await asyncio.to_thread(answers_a_caller, page)
            assert await caller.wait(20)
            await house.write_campaign("floor", [CALLEE], {"record": '"all"'})
            await asyncio.to_thread(starts_a_campaign, page)
            await house.campaign_over("floor")
            await asyncio.to_thread(shows_the_figures, page)
            await asyncio.to_thread(hears_the_talk, page)
            assert page.errors() == []
        found = {str(row["direction"]): row for row in house.records()}
        said = {way: (row["agent_id"], row["disposition"], row["disposition_note"]) for way, row in found.items()}
        assert said == {
            "inbound": (AGENT, "not_interested", f"spoke with {CALLER}"),
            "outbound": (AGENT, "not_interested", f"spoke with {CALLEE}"),
        }
        heard = house.rows("SELECT who FROM audit WHERE what = 'recording.hear'")
        assert [each["who"] for each in heard] == ["quinn"]
        assert house.invited() == [CALLEE]
        assert house.broken() == []
        assert house.complaints() == []
