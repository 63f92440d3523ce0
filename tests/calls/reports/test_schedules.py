"""When scheduled reports come due, about which days, and what is in them."""

from __future__ import annotations

import io
import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from calls.errors import SettingsError
from calls.records import notices, store
from calls.records.notices import Kind, State
from calls.reports import scheduled
from calls.reports.schedules import Period, ScheduledReport, latest, next_at, period_before, period_of, slots
from calls.reports.settings import ReportSettings
from calls.settings import load
from console.engine.schedules import plan, shows_persons
from tests.calls.records.test_figures import BEGIN, call

BERLIN = ReportSettings(zone="Europe/Berlin")
MONDAY = datetime(2026, 1, 5, 12, tzinfo=UTC)


def report(**changed: object) -> ScheduledReport:
    given = {"name": "daily", "section": "inbound", "to": ["anna@example.com"]}
    return ScheduledReport.model_validate_json(json.dumps(given | changed), strict=True)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("yesterday", "2026-02-28", "2026-02-28"),
        ("last_week", "2026-02-16", "2026-02-22"),
        ("last_month", "2026-02-01", "2026-02-28"),
    ],
)
def test_a_period_is_of_whole_days_before(period: str, first: str, last: str) -> None:
    found = period_before(report(period=period), date(2026, 3, 1))  # a Sunday
    assert found == Period(date.fromisoformat(first), date.fromisoformat(last)) == period_of(found.ref)


def test_it_comes_due_by_the_clock_of_its_zone_also_where_that_is_changed() -> None:
    each, begin = report(at="02:30"), datetime(2026, 3, 27, 12, tzinfo=UTC)
    due = slots(each, BERLIN, begin, begin + timedelta(days=4))
    assert [at.isoformat() for at, _ in due] == [
        "2026-03-28T01:30:00+00:00",
        "2026-03-29T01:30:00+00:00",  # 02:30 is left out: an hour later by the clock
        "2026-03-30T00:30:00+00:00",
        "2026-03-31T00:30:00+00:00",
    ]
    assert [period.first.day for _, period in due] == [27, 28, 29, 30]


def test_days_of_the_week_are_kept_and_a_period_comes_due_once() -> None:
    each = report(days=["mon", "fri"], at="07:00")
    assert [at.weekday() for at, _ in slots(each, BERLIN, MONDAY, MONDAY + timedelta(days=14))] == [4, 0, 4, 0]
    assert next_at(each, BERLIN, MONDAY) == datetime(2026, 1, 9, 6, tzinfo=UTC)
    assert latest(each, BERLIN, MONDAY) == Period(date(2026, 1, 4), date(2026, 1, 4))
    weekly = slots(report(period="last_week"), BERLIN, MONDAY, MONDAY + timedelta(days=14))
    assert [period.first for _, period in weekly] == [date(2025, 12, 29), date(2026, 1, 5), date(2026, 1, 12)]


def test_who_was_away_for_a_year_sends_a_month() -> None:
    due = slots(report(), BERLIN, MONDAY - timedelta(days=365), MONDAY)
    assert len(due) == 31 and due[-1][1].first == date(2026, 1, 4) and due[0][1].first == date(2025, 12, 5)


def test_what_was_missed_is_put_once_and_a_new_report_begins_now(connection: sqlite3.Connection) -> None:
    each, other = report(to=["a@example.com", "b@example.com"], at="07:00"), report(name="other", at="00:00")
    assert plan(connection, [each], BERLIN, MONDAY) == 0
    assert plan(connection, [each, other], BERLIN, MONDAY + timedelta(days=2)) == 4
    assert plan(connection, [each, other], BERLIN, MONDAY + timedelta(days=2, seconds=1)) == 0
    assert plan(connection, [each, other], BERLIN, MONDAY) == 0  # the clock was set back
    assert plan(connection, [each, other], BERLIN, MONDAY + timedelta(days=3)) == 3
    plan(connection, [each], BERLIN, MONDAY + timedelta(days=4))
    assert plan(connection, [each, other], BERLIN, MONDAY + timedelta(days=9)) == 10  # other is new again


def test_a_report_sent_anew_has_another_key_and_one_tried_again_has_not(connection: sqlite3.Connection) -> None:
    recipients = ["a@example.com", "b@example.com"]
    notices.put(connection, Kind.REPORT, "daily", "r", recipients, MONDAY, MONDAY)
    first = notices.due(connection, MONDAY)
    assert first is not None
    notices.note_sent(connection, first, MONDAY)
    notices.put_again(connection, Kind.REPORT, "daily", "r", recipients, MONDAY + timedelta(hours=1))
    rows = connection.execute("SELECT recipient, again, state FROM notices ORDER BY notice_id").fetchall()
    assert [tuple(row) for row in rows] == [("a@example.com", 1, "waiting"), ("b@example.com", 0, "waiting")]
    again = notices.due(connection, MONDAY + timedelta(hours=1))
    assert again is not None and again.notice_id == first.notice_id and again.key != first.key
    notices.note_sent(connection, first, MONDAY)  # the word of the earlier try comes late
    assert notices.due(connection, MONDAY + timedelta(hours=1)) == again and again.state is State.WAITING


@pytest.fixture
def day(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Two callers, of whom one gave up."""
    for name, agent in (("a", "ann"), ("b", None)):
        record = call(name, hour=8, queue="sales", agent=agent, wait_s=3.0, talk_s=60.0, abandoned=agent is None)
        store.finish_call(connection, record)
    connection.execute("UPDATE calls SET caller = '+4930123456789', disposition_note = 'secret'")
    return connection


def made(connection: sqlite3.Connection, shows_persons: bool = False, **changed: object) -> scheduled.Made:
    of = Period(BEGIN.date(), BEGIN.date())
    return scheduled.make(connection, report(**changed), of, BERLIN, MONDAY, shows_persons=shows_persons)


def test_the_same_figures_stand_in_every_format(day: sqlite3.Connection) -> None:
    rows = json.loads(made(day, format="json", by=["queue"]).file.content)
    offered = next(row for row in rows if row["figure"] == "offered")
    assert (offered["queue"], offered["value"]) == ("sales", 2.0)
    book = openpyxl.load_workbook(io.BytesIO(made(day, format="xlsx", by=["queue"]).file.content))
    assert ("sales", "offered", 2, "calls") in [row[:4] for row in book.active.iter_rows(values_only=True)]
    assert "sales,offered,2.0,calls" in made(day, format="csv", by=["queue"]).file.content.decode()
    page = made(day, format="html", by=["queue"])
    text = page.file.content.decode()
    assert '<svg class="chart wide-chart"' in text and '<svg class="chart narrow-chart"' in text
    assert "abandoned while waiting / offered" in text and "<script" not in text
    assert (page.file.name, page.rows) == (f"daily-{BEGIN:%Y-%m-%d}_{BEGIN:%Y-%m-%d}.html", 1)
    assert "Offered: 2\n" in page.text and "Abandonment: 50.0%\n" in page.text and "ASA: 3 s\n" in page.text


def test_only_the_wanted_figures_are_in_it(day: sqlite3.Connection) -> None:
    found = made(day, format="json", figures=["abandonment"], only={"queue": "sales"})
    assert [row["figure"] for row in json.loads(found.file.content)] == ["abandonment"]
    assert "Offered" not in found.text


def test_calls_tell_of_persons_only_to_who_may_see_them(day: sqlite3.Connection) -> None:
    hidden = made(day, section="calls", format="csv").file.content.decode()
    assert "+493012345****" in hidden and "6789" not in hidden and "secret" not in hidden
    shown = made(day, shows_persons=True, section="calls", format="csv").file.content.decode()
    assert "+4930123456789" in shown and "secret" in shown


SETTINGS = """\
[mail]
host = "mail.example.com"
from = "Callwright <reports@example.com>"
[[webhooks]]
name = "crm"
url = "https://crm.example.com/hook"
[[scheduled_reports]]
name = "daily"
section = "inbound"
to = ["anna@example.com"]
"""


def test_persons_are_shown_by_their_own_word_and_a_role_that_may_see_them() -> None:
    """Every role that has reports may see people: a role alone says nothing of who reads the mail."""
    assert not shows_persons(report(section="calls"))
    assert not shows_persons(report(section="calls", role="supervisor"))
    assert not shows_persons(report(section="calls", persons=True))
    assert shows_persons(report(section="calls", persons=True, role="supervisor"))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("inbound", "weather", "section: expected one of inbound"),
        ("anna@example.com", "anna", "to[0]: expected a mail address such as"),
        ('to = ["anna@example.com"]', "", "nobody gets it"),
        ('to = ["anna@example.com"]', 'webhook = "erp"', "webhook: no webhook is named erp: expected one of crm"),
        ('section = "inbound"', 'section = "agents"\nby = ["flow"]', "agents are not counted by flow"),
        (
            'section = "inbound"',
            'section = "inbound"\nonly = {moon = "x"}',
            "nothing is counted by 'moon': expected one of",
        ),
        ('section = "inbound"', 'section = "inbound"\nfigures = ["sales"]', "sales is no figure of inbound"),
        ('section = "inbound"', 'section = "inbound"\nat = "25:00"', "at: expected a time of day such as"),
        ('section = "inbound"', 'section = "inbound"\nzone = "Mars/Base"', "'Mars/Base' is no time zone"),
        ('section = "inbound"', 'section = "inbound"\nrole = "agent"', "role: expected a role that may see reports"),
        ('section = "inbound"', 'section = "calls"\npersons = true', "persons: only section"),
        ('section = "inbound"', 'section = "inbound"\npersons = true\nrole = "supervisor"', "persons: only section"),
        ('section = "inbound"', 'section = "calls"\nwebhook = "crm"', "go by mail only"),
        ('host = "mail', 'security = "none"\nhost = "mail', "security: without TLS everybody on the way"),
        ('host = "mail', 'user = "me"\nhost = "mail', "expected user and secret, or neither"),
        ("Callwright <reports@example.com>", "Callwright", "expected a mail address such as"),
        ('from = "Callwright <reports@example.com>"', "", "missing"),
    ],
)
def test_what_is_wrong_in_the_settings_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = tmp_path / "callwright.toml"
    assert old in SETTINGS
    path.write_text(SETTINGS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load(path, {})
    assert problem in str(refused.value) and f"{path}:" in str(refused.value)


def test_mails_without_a_server_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "callwright.toml"
    path.write_text(SETTINGS[SETTINGS.index("[[webhooks]]") :], encoding="utf-8")
    with pytest.raises(SettingsError, match=r"scheduled_reports\[0\]\.to: mails need a server: add \[mail\]"):
        load(path, {})
