"""The day of a manager in Chromium: what scripts add to pages that work without them; and what no page may have."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from console.engine import api_forecast
from tests.browser.conftest import Centre
from tests.browser.running import DESKTOP, PHONE, Page
from tests.console.hours_dialled import DIALS, TALKS, two_hours

LEADS = "Phone,Name\n+12025550150,Harbour Bakery\n12,Nobody\n"


def test_a_preview_keeps_the_file_that_was_chosen(centre: Centre, tmp_path: Path) -> None:
    page = centre.page
    file = tmp_path / "shops.csv"
    file.write_text(LEADS, encoding="utf-8")
    page.be("Root")
    page.open("/import-leads")
    page.one("input[name=file]").send_keys(str(file))
    page.one("input[name=list]").send_keys("shops")
    page.press("Preview")
    page.shows("[data-preview]", "1 of 2 rows can be imported")
    assert page.driver.execute_script("return document.querySelector('[name=file]').files.length") == 1
    page.press("Import")
    page.until(lambda: page.driver.current_url.endswith("/lists/shops"))
    page.shows("main table", "shops.csv")
    assert page.errors() == []


def test_a_manager_makes_a_campaign_starts_it_and_ends_it(centre: Centre, tmp_path: Path) -> None:
    """By the wizard; what it waits for, its pace by a slider, and what came of the list."""
    page = centre.page
    centre.engine.account("mona", "manager")
    centre.engine.send_leads("spring", LEADS)
    page.log_in("mona")
    page.open("/new-campaign")
    for field, text in (("id", "spring"), ("name", "Spring"), ("list", "spring")):
        page.one(f"main [name={field}]").clear()
        page.one(f"main [name={field}]").send_keys(text)
    page.press("Next")
    page.one("main select[name=queue] option[value=support]").click()
    page.press("Next")
    page.one("main [name=caller_id]").clear()
    page.one("main [name=caller_id]").send_keys("+12025550100")
    page.one("main select[name=preset] option[value=us-telemarketing]").click()
    page.press("Next")
    page.shows("main pre", 'list = "spring"')
    page.press("Make the campaign")
    page.until(lambda: page.driver.current_url.endswith("/campaigns/spring"))
    page.press("Start")
    page.driver.switch_to.alert.accept()
    page.shows("h1 .badge", "running")
    page.until(lambda: page.text(".why").removeprefix("Why").strip())
    page.one("input[data-for='max_lines']").send_keys(Keys.ARROW_LEFT)
    page.shows("[data-tried]", "expected 50 and 10 at least")
    page.press("Change the pace")
    page.until(lambda: page.one("input[name=max_lines]").get_attribute("value") == "29")
    page.shows("main", "Let the file hold again")
    for press, badge in (("Pause", "paused"), ("Resume", "running")):
        page.press(press)
        page.until(lambda badge=badge: _is(page, badge))  # type: ignore[misc]
    page.press("Drain")
    page.driver.switch_to.alert.accept()
    page.until(lambda: not _is(page, "running"))
    if _is(page, "draining"):
        page.press("Stop")
        page.driver.switch_to.alert.accept()
    page.until(lambda: _is(page, "stopped") or _is(page, "finished"))
    page.open("/campaigns/spring/progress")
    page.shows("main", "Penetration")
    assert [each for each in page.errors() if "what-if" not in each] == []


def _is(page: Page, badge: str) -> bool:
    """Whether the campaign's badge says so; where not, the page is asked anew for the next look."""
    found = badge in page.text("h1 .badge")
    if not found:
        page.driver.refresh()
    return found


def test_a_flow_is_checked_while_it_is_written_and_walked(centre: Centre) -> None:
    page = centre.page
    page.be("Root")
    page.open("/edit-flow?flow=main")
    page.shows("[data-faults]", "Nothing is wrong")
    text = page.one("textarea[name=text]")
    text.send_keys(Keys.CONTROL, Keys.END)
    text.send_keys("nonsense: 1")
    page.shows("[data-faults]", "nonsense")
    assert page.text("[data-faults] .badge") == "error"
    page.driver.find_element("css selector", "[data-faults] button").click()
    field = "const t = document.querySelector('textarea[name=text]');"
    selected = f"{field} return t.value.slice(t.selectionStart, t.selectionEnd)"
    assert "nonsense" in str(page.driver.execute_script(selected))
    page.open("/flows/main/walk")
    page.one("input[name=line]").send_keys("2", Keys.ENTER)
    page.shows(".walk", "waits in")
    assert page.driver.execute_script("return document.activeElement.name") == "line", (
        "the next answer is typed at once"
    )
    assert page.errors() == []


def test_a_slider_is_tried_while_it_is_moved_and_nothing_is_changed(centre: Centre) -> None:
    """By a campaign that has dialled nobody: the simulator has nothing to go by, and says how much it takes."""
    page = centre.page
    centre.engine.post("/v1/campaigns/shops/start")
    centre.engine.post("/v1/campaigns/shops/pause")
    page.be("Root")
    page.open("/campaigns/shops")
    page.shows("[data-tried]", "Move a slider")
    slider = page.one("input[data-for=max_lines]")
    slider.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    page.shows("[data-tried]", "expected 50 and 10 at least")
    assert page.driver.execute_script("return document.querySelector('input[name=max_lines]').value") == "4"
    slider.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    page.shows("[data-tried]", "nothing of the pace is moved")
    refused = page.errors()
    assert len(refused) == 1 and "what-if?set=max_lines%3D4" in refused[0], refused


def test_what_a_slider_would_bring_is_shown_and_the_staffing_with_the_forecast(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulator's own answers, in German."""
    monkeypatch.setattr(api_forecast, "WORKERS", 1)
    page = centre.page
    centre.engine.send_leads("shops", LEADS)
    centre.engine.post("/v1/campaigns/shops/start")
    centre.engine.post("/v1/campaigns/shops/pause")
    two_hours(centre.running, "shops")
    page.be("Root")
    page.driver.add_cookie({"name": "callwright_language", "value": "de"})
    page.open("/campaigns/shops")
    page.shows("[data-tried]", "Bewegen Sie einen Regler")
    page.one("input[data-for='pacing.ratio']").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert (
        page.driver.execute_script("return document.querySelector('[name=\"pacing.ratio\"]').value").count(",") == 1
    )
    page.shows("[data-tried]", "Noch ist nichts geändert")
    assert f"Aus {DIALS} Anwahlen und {TALKS} Gesprächen" in page.text("[data-tried]")
    assert [text.split()[0] for text in page.texts("[data-tried] tbody tr")] == ["Jetzt", "So"]
    page.one("[data-forecast] a").click()
    page.shows("[data-forecast]", "Erlang C")
    assert "ein Agent mehr" in page.text("[data-forecast]") and "Leitungen reichen" in page.text("[data-forecast]")
    assert page.errors() == []


CARETS = {
    "lang|": ["language", "languages"],
    "start: |\nnodes:\n  a: {hangup: []}\n  bee: {hangup: []}\n": ["a", "bee"],
    "nodes:\n  a: {han|}": ["hangup"],
    "nodes:\n  a:\n    qu|": ["queue"],
    "nodes:\n  a: {queue: |}": ["sales", "support"],
    "nodes:\n  a:\n    queue: sa|": ["sales"],
    "nodes:\n  a: {say: [main.h|]}": ["main.hours"],
    "nodes:\n  a: {say: [main.hours], ne|}": ["next"],
    "nodes:\n  a: {say: [main.hours], next: |}\n  bye: {hangup: []}": ["a", "bye"],
    'nodes:\n  a:\n    menu: [main.menu]\n    keys: {"1": b|}\n  bye: {hangup: []}': ["bye"],
    'nodes:\n  a:\n    menu: [main.menu]\n    keys:\n      "1": b|\n  bye: {hangup: []}': ["bye"],
    "nodes:\n  a: {menu: [main.menu], barge_in: t|}": ["true"],
    "nodes:\n  a: {hangup: []}  # ne|": [],
    "nodes:\n  na|": [],
}
"""Texts with the caret in them, and what is offered there."""


def test_the_editor_offers_what_may_stand_at_the_caret(centre: Centre) -> None:
    page = centre.page
    page.be("Root")
    page.open("/edit-flow?flow=main")
    page.shows("[data-faults]", "Nothing is wrong")
    ask = (
        "const [texts, done] = arguments;"
        " const script = [...document.scripts].find((each) => each.src.endsWith('flow_edit.js')).src;"
        " Promise.all([import(script.replace('flow_edit', 'flow_complete')),"
        " fetch('/edit-flow/words').then((answer) => answer.json())])"
        ".then(([module, words]) => done(texts.map((text) =>"
        " module.suggest(text.replace('|', ''), text.indexOf('|'), words).offers.map((each) => each.word))))"
    )
    found = page.driver.execute_async_script(ask, list(CARETS))
    assert dict(zip(CARETS, found, strict=True)) == CARETS
    text = page.one("textarea[name=text]")
    text.send_keys(Keys.CONTROL, Keys.END)
    text.send_keys("  more: {sa", Keys.TAB)
    text.send_keys(": [main.ho", Keys.TAB)
    text.send_keys("], next: ")
    text.send_keys(Keys.CONTROL, " ")
    page.shows("[data-offers]", "hours")
    assert page.faults() == []
    text.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    written = str(page.driver.execute_script("return document.querySelector('textarea[name=text]').value"))
    assert written.splitlines()[-1] == "  more: {say: [main.hours], next: hours", written
    assert page.errors() == []


@pytest.mark.parametrize(
    "path",
    [
        "/campaigns",
        "/campaigns/lamps",
        "/campaigns/lamps/progress",
        "/reports",
        "/reports/staffing",
        "/alerts",
        "/shifts",
        "/shifts/day?agent=anna&day=mon",
        "/agents-day",
        "/quality",
        "/messages",
        "/health",
        "/about",
        "/second-factor",
        "/new-campaign",
        "/lists",
        "/import-leads",
        "/flows/main",
        "/flows/main/walk",
        "/edit-flow?flow=main",
        "/people/+493023125001",
        "/do-not-call",
        "/accounts",
        "/audit",
        "/settings",
    ],
)
def test_no_page_has_a_serious_fault_or_is_wider_than_a_phone(centre: Centre, path: str) -> None:
    page = centre.page
    page.be("Root")
    page.open(path)
    page.one("main h1")
    for (width, height), theme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.size(width, height)
        page.theme(theme)
        assert page.faults() == [], (width, theme)
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= PHONE[0], path
    page.size(*DESKTOP)
    page.theme("light")
    assert page.errors() == []
