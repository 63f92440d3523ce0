"""The days of a quality analyst and of an administrator in Chromium, on the live floor that the others share."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pyotp
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from calls.records.database import open_readonly
from tests.browser import sound
from tests.browser.conftest import Centre
from tests.browser.running import DESKTOP, PHONE

CALLER = "+493023125044"

GUESSES = """
const done = arguments[0];
const body = new URLSearchParams({name: "Sven", password: "a guess"});
(async () => { for (let at = 0; at < 5; at += 1) await fetch("/log-in", {method: "POST", body}); done(); })();
"""
"""Five wrong tries by the form that is open, without its letters typed."""


def talked(centre: Centre, seconds: float) -> str:
    """A talk of anna's that is over, with a recording of ``seconds`` in the switch's place; the call's id."""
    engine = centre.engine
    for agent in ("anna", "ben"):
        engine.post(f"/v1/agents/{agent}/logout")
        engine.post(f"/v1/agents/{agent}/done")
    engine.post("/v1/agents/anna/login")

    def anna() -> dict[str, object]:
        return next(each for each in engine.status()["agents"] if each["id"] == "anna")

    centre.page.until(lambda: anna()["state"] == "ready")
    centre.call(CALLER)
    centre.page.until(lambda: anna()["state"] == "talking")
    call = str(anna()["call_id"])
    engine.post("/v1/agents/anna/recording/pause")
    engine.post("/v1/agents/anna/recording/resume")
    engine.post("/v1/agents/anna/end-call")
    centre.page.until(lambda: anna()["state"] == "wrap_up")
    engine.post("/v1/agents/anna/done")
    (centre.folder / "recordings" / f"{call}-talk-1.wav").write_bytes(sound.talk(seconds))
    return call


def rows(centre: Centre, sql: str) -> list[sqlite3.Row]:
    with closing(open_readonly(centre.folder / "callwright.db")) as connection:
        found: list[sqlite3.Row] = connection.execute(sql).fetchall()
        return found


def judge(centre: Centre, listening: str, note: str, calibration: bool = False) -> None:
    """Fill the form in, by the mouse, and keep it."""
    page = centre.page
    for question, answer in (("greeting", "yes"), ("listening", listening)):
        page.one(f"input[name=answer-{question}][value={answer}]").click()
    page.one("textarea[name=note]").send_keys(note)
    if calibration:
        page.one("input[name=calibration]").click()
    page.press("Keep the review")


def test_a_quality_analyst_hears_a_talk_judges_it_and_is_answered(centre: Centre) -> None:
    page = centre.page
    call = talked(centre, 20.0)
    page.until(lambda: rows(centre, f"SELECT 1 FROM calls WHERE call_id = '{call}'"))
    page.log_in("quinn")
    page.open("/quality")
    page.one(f"main a[href='/quality/{call}']").click()
    page.shows("#main", "paused by")
    page.shows(".said", "One or two.")
    page.shows(".said", "presses 2")
    assert not rows(centre, "SELECT 1 FROM audit WHERE what LIKE 'recording.%'"), "to look is not to hear"
    wave = page.one(".wave[role=slider]")
    place = "return Number(document.querySelector('.wave').getAttribute('aria-valuenow'))"
    ActionChains(page.driver).move_to_element(wave).click().perform()
    page.until(lambda: abs(float(str(page.driver.execute_script(place))) - 10.0) < 0.3)
    wave.send_keys(Keys.ARROW_RIGHT)
    page.until(lambda: abs(float(str(page.driver.execute_script(place))) - 15.0) < 0.3)
    wave.send_keys(Keys.HOME)
    wave.send_keys(" ")
    page.until(lambda: page.driver.execute_script("return document.querySelector('audio').currentTime > 0.1"))
    told = rows(centre, "SELECT who, what, json_extract(detail, '$.call') FROM audit WHERE what LIKE 'recording.%'")
    assert [tuple(each) for each in told] == [("quinn", "recording.hear", call)]
    wave.send_keys(" ")
    for size, theme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.size(*size)
        page.theme(theme)
        assert page.faults() == [], (size, theme)
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    page.size(*DESKTOP)
    page.theme("light")

    judge(centre, "partly", "let them finish")
    page.shows(".notice.good", "62%")
    judge(centre, "well", "", calibration=True)
    page.shows("#main", "to compare")
    page.be("eve")
    page.open(f"/quality/{call}")
    page.shows("#main", "Others have compared themselves")
    judge(centre, "badly", "", calibration=True)
    page.shows("#main", "75 points")
    page.be("anna")
    page.open("/my-reviews")
    page.shows("#main", "let them finish")
    page.fill(words="I shall.")
    page.shows("#main", "I shall.")
    page.be("quinn")
    page.open(f"/quality/{call}")
    page.shows("#main", "Anna Lindqvist says: I shall.")
    assert page.errors() == []


def test_an_administrator_lets_people_in_and_sees_what_they_did(centre: Centre) -> None:
    page = centre.page
    page.be("Root")
    page.open("/accounts")
    page.one("input[name=name]").send_keys("Sven")
    page.one("form[action='/accounts'] select[name=role]").send_keys("supervisor")
    page.press("Make it")
    given = page.one(".notice code").text
    page.try_log_in("sven", given)
    page.until(lambda: page.driver.current_url.endswith("/password"))
    page.fill(old=given, password="staple battery horse", again="staple battery horse")
    page.until(lambda: page.driver.current_url.endswith("/log-in"))
    page.driver.execute_async_script(GUESSES)
    page.try_log_in("Sven", "staple battery horse")
    page.shows(".trouble", "Too many tries")
    page.be("Root")
    page.open("/accounts")
    page.shows("main table", "locked until")
    page.press("Unlock")
    page.until(lambda: "locked until" not in page.text("main table"))
    page.try_log_in("Sven", "staple battery horse")
    page.until(lambda: page.driver.current_url.endswith("/wall"))
    page.open("/second-factor")
    codes = pyotp.TOTP(page.one("main code").text.replace(" ", ""))
    page.fill(code=codes.now(), password="staple battery horse")
    page.until(lambda: page.driver.current_url.endswith("/account"))
    page.shows("main", "on: set up another one")
    page.try_log_in("Sven", "staple battery horse")
    page.shows(".trouble", "are wrong")
    page.try_log_in("Sven", "staple battery horse", codes.at(time.time() + 30))
    page.until(lambda: page.driver.current_url.endswith("/wall"))
    page.open("/accounts")
    page.shows("main", "right system")
    page.be("Root")
    page.open("/audit")
    for words in ("account.add", "account.locked", "account.unlock", "Sven", "first start"):
        assert words in page.text("main table"), words
    page.open("/health")
    page.shows("main", "Doctor")
    assert page.text(".tiles").startswith("Engine")
    page.open("/settings")
    page.shows("main", "retention")
    errors = page.errors()
    assert len(errors) == 8, "five guesses, one while it is locked, one without a code, and the page of accounts"
    assert all("403 (Forbidden)" in each for each in errors), errors
