"""The days of an agent and of a supervisor, in Chromium, on a live loopback floor; and what no page may have."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import Centre
from tests.browser.installation import AGENTS
from tests.browser.running import DESKTOP, PHONE

CALLER = "+493023125001"


def state(centre: Centre, agent: str) -> str:
    return next(str(each["state"]) for each in centre.engine.status()["agents"] if each["id"] == agent)


def focus(centre: Centre) -> str:
    return str(centre.page.driver.execute_script("return document.activeElement.id"))


def notes(centre: Centre) -> str:
    return str(centre.page.driver.execute_script("return document.getElementById('notes').value"))


def press(centre: Centre, *keys: str) -> None:
    centre.page.driver.switch_to.active_element.send_keys(*keys)


def pauses_the_recording(centre: Centre) -> None:
    page = centre.page
    page.press("Pause the recording")
    page.shows("#strip", "The recording is paused")
    page.press("Record again")
    page.until(lambda: "The recording is paused" not in page.text("#strip"))


def books_a_callback(centre: Centre) -> None:
    page = centre.page
    page.one("#tools details summary").click()
    at = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT10:00")
    page.driver.execute_script("document.querySelector('#tools input[name=at]').value = arguments[0]", at)
    page.one("#tools details form button").click()
    page.shows("#own", CALLER)


def asks_ben_and_hands_over(centre: Centre) -> None:
    page, engine = centre.page, centre.engine
    engine.post("/v1/agents/ben/unpause")
    page.until(lambda: state(centre, "ben") == "ready")
    page.one("body").send_keys(Keys.ALT, "t")
    assert focus(centre) == "target"
    page.one("#target option[value='agent:ben']").click()
    page.press("Ask first")
    page.until(lambda: state(centre, "ben") == "talking")
    page.press("Hand over now")
    page.until(lambda: state(centre, "anna") == "wrap_up" and state(centre, "ben") == "talking")
    engine.post("/v1/agents/ben/end-call")
    page.until(lambda: state(centre, "ben") == "wrap_up")
    engine.post("/v1/agents/ben/pause?reason=lunch")
    engine.post("/v1/agents/ben/done")


def test_an_agents_call_from_its_ring_to_its_outcome_by_keyboard(centre: Centre) -> None:
    """The focus stays in the notes when the call comes; a restart of the console meanwhile loses nothing."""
    page = centre.page
    page.log_in("anna")
    page.shows("#strip", "Logged out")
    page.one("body").send_keys(Keys.ALT, "r")
    page.shows("#strip", "Ready")
    page.one("#notes").click()
    press(centre, "before the call ")
    centre.call(CALLER)
    page.shows("#strip", "Talking")
    page.shows("#call", CALLER)
    page.until(
        lambda: CALLER in str(page.driver.execute_script("return document.getElementById('said').textContent"))
    )
    assert focus(centre) == "notes"
    press(centre, "wants two lamps")
    centre.console.stop()
    page.shows("#line", "Reconnecting")
    press(centre, " by Friday")
    centre.console.start()
    page.until(lambda: "Reconnecting" not in page.text("#line"))
    assert (focus(centre), notes(centre)) == ("notes", "before the call wants two lamps by Friday")
    press(centre, Keys.ALT, "o")
    press(centre, "2")
    page.one("input[name=value]").send_keys("129.90")
    press(centre, Keys.ALT, "s")
    page.until(
        lambda: "Saved: Sold" in str(page.driver.execute_script("return document.getElementById('said').textContent"))
    )
    page.one("body").send_keys(Keys.ALT, "h")
    page.shows("#strip", "The caller is on hold")
    page.shows("#tools", "Take the caller back")
    assert page.faults() == []
    page.one("body").send_keys(Keys.ALT, "h")
    page.shows("#tools", "Put the caller on hold")
    pauses_the_recording(centre)
    books_a_callback(centre)
    asks_ben_and_hands_over(centre)
    page.shows("#strip", "Wrap-up")
    page.one("body").send_keys(Keys.ALT, "r")
    page.shows("#strip", "Ready")
    assert state(centre, "anna") == "ready"
    page.shows("#own", "My last 12 hours")
    page.until(lambda: re.search(r"Occupancy\s+[1-9]", page.text("#own .tile")))
    lost = [each for each in page.errors() if "ERR_CONNECTION_REFUSED" not in each and "WebSocket" not in each]
    assert lost == []


def moves_chloe_and_back(centre: Centre) -> None:
    page = centre.page

    def queues() -> str:
        shown = "return [...document.querySelectorAll('#floor tr')].find((e) => e.innerText.includes('Chlo'))"
        return str(page.driver.execute_script(f"{shown}.querySelector('summary').innerText"))

    for before, after in (("sales, support", "sales"), ("sales", "sales, support")):
        assert queues() == before
        row = page.driver.find_element("xpath", "//tr[contains(., 'Chloé Martin')]")
        row.find_element("css selector", "summary").click()
        row.find_element("css selector", "input[value=support]").click()
        row.find_element("css selector", "form button").click()
        page.until(lambda after=after: queues() == after)  # type: ignore[misc]


def switches_the_emergency(centre: Centre) -> None:
    page = centre.page
    page.one("#floor input[name=name]").clear()
    page.one("#floor input[name=name]").send_keys("shop")
    page.press("Switch on")
    page.driver.switch_to.alert.accept()
    page.shows("#floor", "on: shop")
    page.press("Back to the hours")
    page.until(lambda: "on: shop" not in page.text("#floor"))


def test_a_supervisor_sees_the_same_call_listens_and_ends_a_pause(centre: Centre) -> None:
    page = centre.page
    centre.call(CALLER)
    centre.page.until(lambda: state(centre, "anna") == "talking")
    page.log_in("eve")
    assert page.driver.current_url.endswith("/wall")
    page.shows("#wall .people", "Anna Lindqvist")
    page.until(lambda: page.text("#wall .tile:nth-child(2) b") == "1")
    page.open("/floor")
    page.shows("#floor", "Anna Lindqvist")
    for way in ("Listen", "Whisper", "Join"):
        page.press(f"{way} Anna Lindqvist")
        page.shows("#floor", f"eve: {way}")
    times = page.texts("#floor time")
    assert times and all(re.fullmatch(r"(\d+:)?\d?\d:\d\d", each) for each in times), times
    page.press("Leave")
    page.until(lambda: "eve: Join" not in page.text("#floor"))
    moves_chloe_and_back(centre)
    switches_the_emergency(centre)
    page.one("select[aria-label='An order for Ben Okafor']").send_keys("Make ready")
    page.press("Do Ben Okafor")
    page.until(lambda: state(centre, "ben") == "ready")
    page.one("select[aria-label='An order for Anna Lindqvist']").send_keys("End the call")
    assert state(centre, "anna") == "talking"  # who walks through the orders has given none
    page.press("Do Anna Lindqvist")
    page.until(lambda: state(centre, "anna") == "wrap_up")
    assert page.errors() == []


@pytest.mark.parametrize(
    ("who", "path", "there"),
    [
        ("anna", "/desk", "#strip .badge"),
        ("eve", "/wall", "#wall .tile"),
        ("eve", "/floor", "#floor table"),
        ("eve", "/account", "main h1"),
        ("", "/log-in", "main form"),
    ],
)
def test_no_page_has_a_serious_fault_or_is_wider_than_a_phone(
    centre: Centre, who: str, path: str, there: str
) -> None:
    page = centre.page
    if who:
        page.be(who)
    else:
        page.leave()
    page.open(path)
    page.one(there)
    for (width, height), theme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.size(width, height)
        page.theme(theme)
        assert page.faults() == [], (width, theme)
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width, (path, wide)
    page.size(*DESKTOP)
    page.theme("light")
    assert page.errors() == []


def test_an_agent_skips_a_lead_and_dials_the_next_by_keyboard(centre: Centre) -> None:
    page, engine = centre.page, centre.engine
    for agent, _ in AGENTS:
        engine.post(f"/v1/agents/{agent}/logout")
        engine.post(f"/v1/agents/{agent}/done")
    engine.send_leads(
        "lamps", "Phone,Name,Town\n+12025550150,Harbour Bakery,Boston\n+12025550151,Corner Café,Salem\n"
    )
    page.be("anna")
    page.open("/desk")
    page.shows("#strip", "Logged out")
    page.one("body").send_keys(Keys.ALT, "r")
    page.shows("#strip", "Ready")
    engine.post("/v1/campaigns/lamps/start")
    page.shows("#call", "Harbour Bakery")
    assert "Boston" in page.text("#call") and "Looking at a lead" in page.text("#strip")
    page.one("body").send_keys(Keys.ALT, "k")
    assert focus(centre) == "skip"
    press(centre, "opens at nine", Keys.ENTER)
    page.shows("#call", "Corner Café")
    page.one("body").send_keys(Keys.ALT, "d")
    page.shows("#strip", "Talking")
    page.shows("#call", "+12025550151")
    engine.post("/v1/campaigns/lamps/stop")
    page.press("End the call")
    page.shows("#strip", "Wrap-up")
    page.one("body").send_keys(Keys.ALT, "r")
    page.shows("#strip", "Ready")
    assert page.errors() == []


def test_wall_and_floor_speak_the_supervisors_language(centre: Centre) -> None:
    page = centre.page
    page.be("eve")
    page.driver.add_cookie({"name": "callwright_language", "value": "fr"})
    page.open("/floor")
    page.shows("#floor", "Interrupteur d")
    page.open("/wall")
    page.shows("#wall", "En attente")
    assert "wall." not in page.text("#wall")
    page.driver.delete_cookie("callwright_language")


@pytest.mark.parametrize(("language", "words"), [("de", "Abgemeldet"), ("es", "Desconectado"), ("fr", "Déconnecté")])
def test_the_desk_speaks_the_agents_language(centre: Centre, language: str, words: str) -> None:
    page = centre.page
    page.be("anna")
    centre.engine.post("/v1/agents/anna/logout")
    centre.engine.post("/v1/agents/anna/done")
    page.driver.add_cookie({"name": "callwright_language", "value": language})
    page.open("/desk")
    page.shows("#strip .badge", words)
    assert page.driver.execute_script("return document.documentElement.lang") == language
    assert "history.v_inbound" in str(page.one("#desk").get_attribute("data-words"))
    page.driver.delete_cookie("callwright_language")
