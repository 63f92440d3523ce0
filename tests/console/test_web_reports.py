"""The pages of the reports: who sees them, what they show, and what their downloads hide."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from calls.records import alerts, store
from calls.records.database import open_readonly
from calls.records.writer import write_once
from calls.reports.asked import SECTIONS
from calls.reports.settings import ReportSettings
from calls.settings import Settings, load
from console.accounts import orders
from console.accounts.store import digest
from console.web import agents_day
from console.web.house_time import HouseTime
from tests.calls.records.test_figures import BEGIN, call
from tests.console.browser import HASH, PASSWORD, Browser
from tests.console.served import install, served

DAY = f"{BEGIN:%Y-%m-%d}"
SPAN = f"from={DAY}&to={DAY}"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A day with three calls, and an account of each role."""
    path = install(tmp_path_factory.mktemp("reports"))
    with path.open("a", encoding="utf-8") as file:
        file.write('\n[[targets]]\nname = "lost"\nfigure = "abandonment"\nqueue = "sales"\naim = 0.03\nalarm = 0.1\n')
    settings = load(path, {})

    def fill(connection: sqlite3.Connection) -> None:
        for name, agent in (("a", "ann"), ("b", "ann"), ("c", None)):
            record = call(name, queue="sales", agent=agent, wait_s=3.0, talk_s=60.0, abandoned=agent is None)
            store.finish_call(connection, record)
        connection.execute("UPDATE calls SET caller = '+4930123456789'")
        connection.executemany(
            "INSERT INTO agent_states (agent_id, state, reason, since_at, duration_s)"
            " VALUES (?, 'ready', '', ?, 60.0)",
            [(agent, f"2020-05-04T08:0{minute}:00.000000+00:00") for agent in ("ann", "bob") for minute in range(2)],
        )
        subject, bounds = {"queue": "sales"}, (0.03, 0.1)
        alerts.raise_alert(connection, "lost", "abandonment", subject, bounds, 0.75, (3.0, 4.0), BEGIN)

    write_once(settings.engine.database, fill)
    with served(path), Browser(settings) as opened:
        engine = httpx.Client(transport=httpx.HTTPTransport(uds=str(settings.engine.socket), verify=False))
        for role in ("agent", "supervisor"):
            order = {"name": role, "role": role, "password": HASH, "must_change": False}
            assert engine.post("http://engine/v1/accounts", json=order).status_code == 200
        engine.close()
        yield opened


def test_a_busy_day_is_told_agent_by_agent(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page would have megabytes, and the console would do nothing else for seconds."""
    browser.log_in("supervisor", PASSWORD)
    day = "/agents-day?day=2020-05-04"
    assert browser.get(day).text.count("<details") == 2
    monkeypatch.setattr(agents_day, "STATES_TOLD", 3)
    page = browser.get(day).text
    assert "<details" not in page and 'href="/agents-day?day=2020-05-04&amp;agent=bob"' in page
    assert browser.get(f"{day}&agent=bob").text.count("<details") == 1


def test_the_file_of_a_day_is_read_some_agents_at_a_time(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser.log_in("supervisor", PASSWORD)
    day = "/agents-day/file?day=2020-05-04"
    whole = {each: browser.get(f"{day}&format={each}").text for each in ("csv", "json")}
    rows = whole["csv"].splitlines()
    assert rows[0].startswith("agent,state,") and [row[:3] for row in rows[1:]] == ["ann"] * 2 + ["bob"] * 2
    monkeypatch.setattr(agents_day, "A_PAGE", 1)
    assert {each: browser.get(f"{day}&format={each}").text for each in whole} == whole
    monkeypatch.setattr(agents_day, "MOST_STATES", 3)
    assert browser.get(day).text == whole["csv"], "however many there are"
    refused = browser.get(f"{day}&format=json")
    assert refused.status_code == 409 and "more than 3 states: ask for CSV" in refused.text


def test_an_agent_sees_no_reports(browser: Browser) -> None:
    browser.log_in("agent", PASSWORD)
    for path in ("/reports", "/reports/file", "/reports/calls"):
        assert browser.get(path).status_code == 403


def test_the_page_and_its_files_tell_the_same(browser: Browser) -> None:
    browser.log_in("supervisor", PASSWORD)
    page = browser.get(f"/reports?section=inbound&by=queue&{SPAN}")
    assert page.status_code == 200
    assert "Abandonment" in page.text and "33.3%" in page.text and "1 / 3" in page.text
    assert "abandoned while waiting / offered" in page.text
    assert '<svg class="chart wide-chart"' in page.text and '<svg class="chart narrow-chart"' in page.text
    assert "style=" not in page.text
    rows = json.loads(browser.get(f"/reports/file?section=inbound&by=queue&{SPAN}&format=json").text)
    found = next(row for row in rows if row["figure"] == "abandonment")
    assert (found["queue"], found["numerator"], found["denominator"]) == ("sales", 1.0, 3.0)


def test_the_page_says_why_a_figure_is_not_there(browser: Browser) -> None:
    browser.log_in("supervisor", PASSWORD)
    page = browser.get(f"/reports?section=agents&by=queue&{SPAN}")
    assert "Scheduled, Adherence: not by Queue, for a shift is planned for an agent alone." in page.text
    file = browser.get(f"/reports/file?section=agents&by=queue&{SPAN}&format=html")
    assert "<li>Scheduled, Adherence: not by Queue, for a shift is planned for an agent alone.</li>" in file.text


def test_every_section_has_a_page(browser: Browser) -> None:
    browser.log_in("supervisor", PASSWORD)
    for section in SECTIONS:
        page = browser.get(f"/reports?section={section.value}&{SPAN}")
        assert page.status_code == 200 and 'class="card definitions"' in page.text, section
    page = browser.get("/reports?section=agents&by=flow")
    assert page.status_code == 400 and "agents are not counted by flow" in page.text
    assert browser.get("/reports/file?format=doc").status_code == 409


def test_numbers_are_whole_only_for_who_may_see_people(browser: Browser) -> None:
    browser.log_in("supervisor", PASSWORD)
    (first, *_) = csv.DictReader(io.StringIO(browser.get(f"/reports/calls?{SPAN}&format=csv").text))
    assert first["caller"] == "'+4930123456789"
    engine = httpx.Client(transport=httpx.HTTPTransport(uds=str(browser.settings.engine.socket), verify=False))
    token = orders.new_token("cw_")
    order = {
        "token": digest(token),
        "name": "figures",
        "scopes": ["reports"],
        "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }
    assert engine.post("http://engine/v1/accounts/supervisor/tokens", json=order).status_code == 200
    engine.close()
    browser.cookies.clear()
    answer = browser.ask("GET", f"/reports/calls?{SPAN}&format=csv", {"Authorization": f"Bearer {token}"})
    (first, *_) = csv.DictReader(io.StringIO(answer.text))
    assert (first["call_id"], first["caller"]) == ("a", "'+493012345****")
    with closing(open_readonly(browser.settings.engine.database)) as connection:
        rows = connection.execute("SELECT who, detail FROM audit WHERE what = 'calls.download'").fetchall()
    assert [row[0] for row in rows] == ["supervisor"], "the audit has who took people's numbers"
    assert json.loads(rows[0][1])["way"] == "page"


def test_alerts_and_targets_are_on_pages_and_in_the_api(browser: Browser) -> None:
    browser.log_in("supervisor", PASSWORD)
    page = browser.get("/alerts")
    assert page.status_code == 200
    assert "lost" in page.text and "Abandonment, sales" in page.text and "75.0%" in page.text and "3 / 4" in page.text
    (held,) = browser.get("/api/v1/targets").json()
    assert (held["name"], held["verdict"], held["aim"], held["value"]) == ("lost", "unknown", 0.03, None)
    (found,) = browser.get("/api/v1/alerts").json()["alerts"]
    assert (found["target"], found["value"]) == ("lost", 0.75)
    assert found["cleared_by"] in ("", "quiet")  # an engine runs, and nothing happens any more
    assert browser.get("/alerts?before=x").status_code == 409
    assert "Times are those of UTC." in page.text and f"{BEGIN:%Y-%m-%d %H:%M}" in page.text
    if not found["cleared_at"]:  # else it was over before anybody could say so
        done = browser.post(f"/alerts/{found['id']}/acknowledge")
        assert "supervisor sees to it" in done.text or "is over" in done.text
    assert ">Targets<" in browser.get("/reports?section=inbound").text
    assert ">Targets<" not in browser.get("/reports?section=sales").text
    browser.log_in("agent", PASSWORD)
    assert browser.get("/alerts").status_code == 403


def test_pages_show_times_of_the_house() -> None:
    house = ReportSettings(zone="Europe/Berlin")
    local = HouseTime(Settings().model_copy(update={"reports": house}))
    assert local(datetime(2026, 6, 1, 22, 30, tzinfo=UTC)) == "2026-06-02 00:30"


def test_staffing_is_on_a_page_and_in_files(browser: Browser) -> None:
    browser.log_in("supervisor", PASSWORD)
    page = browser.get(f"/reports/staffing?queue=sales&{SPAN}&by=60")
    assert page.status_code == 200 and "From 3 calls of 1 days." in page.text
    assert '<svg class="chart wide-chart"' in page.text and '<svg class="chart narrow-chart"' in page.text
    assert "style=" not in page.text
    (row,) = browser.get(f"/reports/staffing/file?queue=sales&{SPAN}&by=60&format=json").json()
    assert (row["calls"], row["agents_service"]) == (3.0, 1)
    wrong = browser.get("/reports/staffing?share=many")
    assert wrong.status_code == 400 and "expected a number" in wrong.text
    browser.log_in("agent", PASSWORD)
    assert browser.get("/reports/staffing").status_code == 403


def test_shifts_are_planned_and_adherence_is_reported(browser: Browser) -> None:
    browser.log_in("agent", PASSWORD)
    assert browser.get("/shifts").status_code == browser.get("/api/v1/shifts").status_code == 403
    browser.log_in("supervisor", PASSWORD)
    wrong = browser.post("/shifts", text="agent,day,from,to\nanna,mon,8,16:00\n", since="2025-05-26")
    assert wrong.status_code == 409 and "shifts.csv, line 2, from: &#39;8&#39;" in wrong.text
    assert browser.get("/api/v1/shifts").json() == []
    browser.post("/shifts", text="agent,day,from,to\nanna,mon,08:00,16:00\nanna,tue,,\n", since="2025-05-26")
    assert "2025-05-26" in browser.get("/shifts").text
    first, second = browser.get("/api/v1/shifts").json()
    assert first == {
        "agent": "anna",
        "since": "2025-05-26",
        "day": "mon",
        "begins": "08:00",
        "ends": "16:00",
        "kind": "",
        "paid": True,
    }
    assert (second["day"], second["begins"]) == ("tue", "")
    rows = json.loads(browser.get(f"/reports/file?section=agents&by=agent&{SPAN}&format=json").text)
    told = {row["figure"]: (row["numerator"], row["denominator"]) for row in rows if row["agent"] == "anna"}
    assert told["adherence"] == (0.0, 8 * 3600.0) and told["scheduled_time"] == (8 * 3600.0, None)
    form = browser.get("/shifts/day?agent=anna&day=mon&since=2025-06-02").text
    assert 'value="08:00"' in form and 'value="16:00"' in form and "style=" not in form
    day = {"agent": "anna", "day": "mon", "since": "2025-06-02"}
    wrong = browser.post("/shifts/day", **day, begins="12:00", ends="11:60", kind="break")
    assert wrong.status_code == 409 and "line 2, to: &#39;11:60&#39;" in wrong.text and 'value="11:60"' in wrong.text
    parts = [{"begins": "08:00", "ends": "16:00"}, {"begins": "12:00", "ends": "12:30", "kind": "break"}]
    changed = browser.call("PUT", "/v1/agents/anna/shifts/mon", json={"parts": parts, "since": "2025-06-02"})
    assert changed.json()["said"] == "agent anna: mon is planned anew from 2025-06-02 on"
    assert 'value="12:30"' in browser.get("/shifts/day?agent=anna&day=2025-06-02").text
    assert browser.post("/shifts/day", agent="anna", day="2025-06-03", free="on").status_code in (200, 303)
    assert browser.get("/shifts/file?on=2025-06-02").text == (
        "agent,day,from,to,break\nanna,mon,08:00,16:00,\nanna,mon,12:00,12:30,break\nanna,tue,,,\n"
        "anna,2025-06-03,,,\n"
    )
    assert browser.get("/shifts/day?agent=nobody&day=mon").status_code == 404
