"""What people ask for by words, and the pictures of what they get."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from calls.errors import UserError
from calls.records import store
from calls.reports import asked, calls_sheet, tables
from calls.reports.asking import ask
from calls.reports.cubes import is_counted_by
from calls.reports.definitions import DEFINITIONS, Section, of_section
from calls.reports.left_out import left_out
from calls.reports.personal import without_persons
from calls.reports.pictures import edge, in_words, pictures
from calls.reports.question import Dimension, Question
from calls.reports.settings import ReportSettings
from tests.calls.records.test_figures import BEGIN, call

NOW = datetime(2025, 6, 2, 22, 30, tzinfo=UTC)
BERLIN = ReportSettings(zone="Europe/Berlin")


@pytest.fixture
def day(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Three callers in the morning, one in the evening, when it is tomorrow already in Berlin."""
    for name, hour, agent in (("a", 8, "ann"), ("b", 8, None), ("c", 9, "ann"), ("d", 23, "bob")):
        record = call(name, hour=hour, queue="<sales>", agent=agent, wait_s=3.0, talk_s=60.0, abandoned=agent is None)
        store.finish_call(connection, record)
    return connection


def test_by_default_it_is_the_last_seven_days_of_the_house() -> None:
    wanted = asked.read({}, (), BERLIN, NOW)
    assert (wanted.section, wanted.begin.isoformat(), wanted.end.isoformat()) == (
        Section.INBOUND,
        "2025-05-28T00:00:00+02:00",
        "2025-06-04T00:00:00+02:00",
    )


@pytest.mark.parametrize(
    ("words", "by", "problem"),
    [
        ({"section": "weather"}, (), "section 'weather': expected one of inbound"),
        ({"from": "1.6.2025"}, (), "from '1.6.2025': expected a day such as"),
        ({"to": "9999-12-31"}, (), "to '9999-12-31': expected a day from 1971-01-01 to 2999-12-31"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, (), "to '0001-01-02': expected a day from 1971-01-01"),
        ({"from": "2025-06-09", "to": "2025-06-02"}, (), "expected the earlier day first"),
        ({"from": "2020-01-01", "to": "2025-06-02"}, (), "expected 400 days at most"),
        ({}, ("moon",), "by 'moon': expected one of day"),
        ({"section": "agents"}, ("flow",), "agents are not counted by flow: expected a time, or agent"),
        ({"section": "outbound", "flow": "main"}, (), "outbound are not counted by flow"),
    ],
)
def test_what_cannot_be_asked_is_named(words: dict[str, str], by: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UserError, match=problem.replace("(", r"\(")):
        asked.read(words, by, BERLIN, NOW)


def test_the_table_tells_how_each_figure_came_about(day: sqlite3.Connection) -> None:
    wanted = asked.read({"queue": "<sales>"}, ("day", "queue"), BERLIN, NOW)
    sheet = tables.long(asked.answer(day, wanted, BERLIN, NOW), "Inbound")
    assert sheet.names[:4] == ["day", "queue", "figure", "value"]
    found = {(row[0], row[2]): row[3:7] for row in sheet.rows}
    assert found["2025-06-02", "abandonment"] == [pytest.approx(1 / 3, abs=1e-6), "ratio", 1.0, 3.0]
    assert found["2025-06-03", "service_level"] == [1.0, "ratio", 1.0, 1.0]
    assert all(row[-1] for row in sheet.rows)


def test_more_rows_than_anybody_reads_are_refused_before_they_are_made(day: sqlite3.Connection) -> None:
    wanted = asked.read({}, ("agent", "day"), BERLIN, NOW)
    question = Question(wanted.begin, wanted.end, of_section(wanted.section), BERLIN.place(), wanted.by)
    day.execute(
        "INSERT INTO agent_totals (quarter, agent_id, direction, queue, campaign_id)"
        " SELECT quarter, 'cid', direction, queue, campaign_id FROM agent_totals"
    )
    assert len(ask(day, question, 2).rows) == 2, "a row in which all is 0 is none"
    with pytest.raises(UserError, match="that would be 2 rows: ask for a shorter time, or by fewer dimensions"):
        ask(day, question, 1)


def test_each_figure_can_be_asked_by_all_that_it_is_said_to_be_counted_by(day: sqlite3.Connection) -> None:
    for each in Dimension:
        counted = tuple(one for one in DEFINITIONS if is_counted_by(one, (each,)))
        answer = ask(day, Question(BEGIN, BEGIN + timedelta(days=1), counted, BERLIN.place(), (each,)))
        assert answer.left_out == ()


def test_an_agent_has_no_service_level(day: sqlite3.Connection) -> None:
    answer = asked.answer(day, asked.read({}, ("agent",), BERLIN, NOW), BERLIN, NOW)
    assert [row.key for row in answer.rows] == [("ann",), ("bob",)]
    assert "service_level" in {each.name for each in answer.left_out}
    assert {"handled", "asa", "aht"} <= {each.name for each in answer.figures}


@pytest.mark.parametrize(
    ("section", "by", "words"),
    [
        (
            "inbound",
            ("agent",),
            "Service level: not by agent, for they are counted from calls, with those that no agent",
        ),
        (
            "agents",
            ("queue", "reason"),
            "Adherence: not by queue, reason, for a shift is planned for an agent alone.",
        ),
        (
            "agents",
            ("queue",),
            "Utilisation: not by queue, for an agent is ready for all queues and campaigns at once.",
        ),
        ("agents", ("reason",), "Wait between calls, p95: not by reason, for a pause has no call."),
        ("leads", ("campaign",), "Saturation: not by campaign, for a lead that was imported belongs to a list;"),
        (
            "inbound",
            ("flow", "agent"),
            "Transfers, Held, Hold, Hold, of handling, First contact resolution: not by agent, flow, for",
        ),
    ],
)
def test_why_a_figure_is_left_out_is_said(
    day: sqlite3.Connection, section: str, by: tuple[str, ...], words: str
) -> None:
    answer = asked.answer(day, asked.read({"section": section}, by, BERLIN, NOW), BERLIN, NOW)
    found = left_out(answer)
    assert sorted(each.name for one in found for each in one.figures) == sorted(each.name for each in answer.left_out)
    title, _, rest = words.rpartition(": ")
    assert any(title in said.split(": not")[0] and f": {rest}" in said for said in (each.said() for each in found))


@pytest.mark.parametrize(
    ("by", "drawn"), [(("60",), 3), (("queue",), 2), (("agent",), 1), (("weekday", "hour"), 1), (("queue", "day"), 0)]
)
def test_pictures_say_what_the_table_says(day: sqlite3.Connection, by: tuple[str, ...], drawn: int) -> None:
    answer = asked.answer(day, asked.read({}, by, BERLIN, NOW), BERLIN, NOW)
    found = pictures(answer, Section.INBOUND, BERLIN.lines())
    assert len(found) == drawn
    for each in found:
        root = ElementTree.fromstring(each.svg)  # well-formed, whatever a queue is called
        assert root.get("role") == "img" and root.get("aria-label") == each.title
    if by == ("60",):
        said = [title.text for title in ElementTree.fromstring(found[0].svg).iter("title")]
        assert said == [
            "2025-06-02T10:00+02:00: Answered 1",
            "2025-06-02T10:00+02:00: Abandoned 1",
            "2025-06-02T11:00+02:00: Answered 1",
            "2025-06-03T01:00+02:00: Answered 1",
        ]
        bands = [title.text for title in ElementTree.fromstring(found[1].svg).iter("title")]
        assert (found[1].title, bands) == ("Waits of answered calls", ["0\N{EN DASH}10 s: 3 of 3 answered, 100%"])


@pytest.mark.parametrize(
    ("highest", "unit", "said"),
    [
        (12, "", ["0", "3", "6", "9", "12"]),
        (3, "", ["0", "1", "2", "3", "4"]),
        (0.033, "ratio", ["0%", "1%", "2%", "3%", "4%"]),
        (0.01, "ratio", ["0%", "0.3%", "0.6%", "0.9%", "1.2%"]),
        (90, "s", ["0 s", "30 s", "60 s", "90 s", "120 s"]),
        (5_000, "s", ["0 h", "0.5 h", "1 h", "1.5 h", "2 h"]),
        (30_000, "s", ["0 h", "3 h", "6 h", "9 h", "12 h"]),
    ],
)
def test_what_stands_at_an_axis_is_exact_and_holds_the_highest(highest: float, unit: str, said: list[str]) -> None:
    top = edge(highest, unit)
    assert top >= highest
    assert [in_words(quarter * top / 4, unit, top) for quarter in range(5)] == said


def test_hours_of_a_day_on_which_the_clocks_go_back(connection: sqlite3.Connection) -> None:
    """On 26 October 2025 Berlin has 25 hours: two of them begin at two o'clock, and both are of the same day."""
    first = datetime(2025, 10, 25, 22, tzinfo=UTC)
    for hour in range(26):
        hours = int((first - BEGIN).total_seconds() // 3600) + hour
        store.finish_call(connection, call(f"c{hour}", hour=hours, queue="q", wait_s=1.0))
    zone, offered = BERLIN.place(), of_section(Section.INBOUND)[:1]

    def counted(by: Dimension) -> list[tuple[str, float]]:
        question = Question(first - timedelta(days=3), first + timedelta(days=3), offered, zone, (by,))
        return [(row.key[0], row.figures[0].numerator) for row in ask(connection, question).rows]

    assert counted(Dimension.DAY) == [("2025-10-26", 25), ("2025-10-27", 1)]
    assert dict(counted(Dimension.HOUR_OF_DAY))["02"] == 2
    labels = [label for label, _ in counted(Dimension.HOUR)]
    assert len(labels) == 26
    assert {"2025-10-26T02:00+02:00", "2025-10-26T02:00+01:00"} <= set(labels)


def test_calls_have_the_columns_of_the_contract(day: sqlite3.Connection) -> None:
    sheet = calls_sheet.calls(day, BEGIN, BEGIN + timedelta(hours=9))
    assert [row[0] for row in sheet.rows] == ["a", "b"]
    assert ("wait_s", "real") in sheet.columns and ("abandoned", "integer") in sheet.columns


def test_calls_are_read_some_at_a_time_each_once(day: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    span = (BEGIN - timedelta(days=1), BEGIN + timedelta(days=2))
    whole = calls_sheet.calls(day, *span).rows
    assert [row[0] for row in whole] == ["a", "b", "c", "d"]  # a and b begin at the same moment
    for size in (1, 2, 3, 4):
        monkeypatch.setattr(calls_sheet, "PAGE", size)
        assert calls_sheet.calls(day, *span).rows == whole
    monkeypatch.setattr(calls_sheet, "MOST_AT_ONCE", 3)
    with pytest.raises(UserError, match="that would be 4 calls: ask for fewer days, or for Parquet"):
        calls_sheet.calls(day, *span)


@pytest.mark.parametrize("masked", [False, True])
def test_calls_as_parquet_are_those_of_the_sheet(day: sqlite3.Connection, tmp_path: Path, masked: bool) -> None:
    store.finish_call(day, replace(call("z", hour=8), caller="+49301234567"))
    span = (BEGIN, BEGIN + timedelta(hours=9))
    content, many = calls_sheet.parquet(day, *span, masked=masked)
    (tmp_path / "calls.parquet").write_bytes(content)
    sheet = calls_sheet.calls(day, *span)
    with duckdb.connect() as reading:
        rows = reading.execute(f"SELECT * FROM '{tmp_path}/calls.parquet'").fetchall()
    assert (many, rows) == (3, [tuple(row) for row in (without_persons(sheet) if masked else sheet).rows])
    assert ("+49301234567" in rows[2]) is not masked
