"""Dials for the agents who are there, held to a slow count, and drawn."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from calls.agents.states import AgentState
from calls.ids import AgentId
from calls.records import store
from calls.reports import asked
from calls.reports.asking import ask
from calls.reports.definitions import BY_NAME, Section
from calls.reports.left_out import left_out
from calls.reports.pictures import pictures
from calls.reports.question import Dimension, Question
from calls.reports.settings import ReportSettings
from tests.calls.records.raw_days import BEGIN, Day, days, write
from tests.calls.records.scratch import taken_back
from tests.calls.reports import slow

UTC_ZONE = ZoneInfo("UTC")
WORKING = ("ready", "reserved", "talking", "wrap_up")


@given(days())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_dials_per_agent_hour_and_a_slow_count_agree(connection: sqlite3.Connection, day: Day) -> None:
    begin, end = BEGIN + timedelta(hours=9, seconds=5), BEGIN + timedelta(days=1, hours=1)
    with taken_back(connection):
        write(connection, day)
        figures = (BY_NAME["abandonment_us"], BY_NAME["dials_per_agent_hour"])
        answer = ask(connection, Question(begin, end, figures, UTC_ZONE, (Dimension.HOUR_OF_DAY, Dimension.DAY)))
    found = {row.key: [row.figures[1].numerator, row.figures[1].denominator] for row in answer.rows}
    at = begin
    while at < end:
        until = min(end, (at + timedelta(hours=1)).replace(minute=0, second=0))
        dialled = [each for each in slow.seen(day) if each.dialled and each.call.call_id not in day.unsent]
        tries = sum(at <= each.call.started_at < until for each in dialled)
        states = slow.agent_seconds(day, at, until, end)
        hours = sum(seconds for (_, state), seconds in states.items() if state in WORKING) / 3600
        assert found.pop((f"{at:%H}", f"{at:%Y-%m-%d}"), [0, 0]) == [tries, pytest.approx(hours, abs=1e-6)], at
        at = until
    assert found == {}


@given(days())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_time_that_is_shared_out_to_campaigns_and_a_slow_count_agree(
    connection: sqlite3.Connection, day: Day
) -> None:
    """By hours and campaigns: shares are of whole days, so that hours add up to them."""
    begin, end = BEGIN, BEGIN + timedelta(days=2)
    by = (Dimension.CAMPAIGN, Dimension.HOUR_OF_DAY, Dimension.DAY)
    with taken_back(connection):
        write(connection, day)
        answer = ask(connection, Question(begin, end, (BY_NAME["dials_per_shared_hour"],), UTC_ZONE, by))
        whole = ask(connection, Question(begin, end, (BY_NAME["dials_per_shared_hour"],), UTC_ZONE, by[:1]))
    found = {row.key: [row.figures[0].numerator, row.figures[0].denominator] for row in answer.rows}
    calls = [each for each in slow.seen(day) if each.handled]
    for hour in range(48):
        at = BEGIN + timedelta(hours=hour)
        midnight = at.replace(hour=0)
        times = slow.agent_seconds(day, at, at + timedelta(hours=1), end)
        for campaign in ("k", "m"):
            shared = 0.0
            for agent in ("ann", "bob"):
                mine = [each for each in calls if each.call.agent_id == agent]
                mine = [each for each in mine if midnight <= each.call.started_at < midnight + timedelta(days=1)]
                handled = sum(slow.work(each.call) for each in mine)
                own = sum(slow.work(each.call) for each in mine if each.call.campaign_id == campaign)
                worked = sum(seconds for (who, state), seconds in times.items() if who == agent and state in WORKING)
                shared += worked * own / handled / 3600 if handled else 0.0
            dialled = [each for each in slow.seen(day) if each.dialled and each.call.call_id not in day.unsent]
            tries = sum(
                at <= each.call.started_at < at + timedelta(hours=1) and each.call.campaign_id == campaign
                for each in dialled
            )
            key = (campaign, f"{at:%H}", f"{at:%Y-%m-%d}")
            assert found.pop(key, [0, 0]) == [tries, pytest.approx(shared, abs=1e-6)], key
    assert found == {}
    for row in whole.rows:
        parts = [each.figures[0].denominator or 0.0 for each in answer.rows if each.key[0] == row.key[0]]
        assert row.figures[0].denominator == pytest.approx(sum(parts), abs=1e-6)


def test_it_is_drawn_beside_abandonment_and_its_cap_and_not_by_campaign(connection: sqlite3.Connection) -> None:
    ready = store.AgentStateChange(AgentId("ann"), AgentState.READY, BEGIN + timedelta(hours=9), None)
    store.add_agent_state(connection, ready)
    store.add_agent_state(
        connection,
        store.AgentStateChange(AgentId("ann"), AgentState.LOGGED_OUT, BEGIN + timedelta(hours=11), 7200.0),
    )
    for name in ("l", "k"):
        connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES (?1, ?1, 'x')", (name,))
        connection.execute(
            "INSERT INTO campaigns VALUES (?1, ?1, 'l', '{}', 'running', 'x', 'x', NULL, NULL)", (name,)
        )
    connection.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
        " VALUES ('p', 'l', 'p', 'p', '[]', 'x')"
    )
    for number in range(9):
        connection.execute(
            "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
            " trunk, state, intended_at, outcome) VALUES (?, ?, 'p', ?, '', 1, 'm', 'b', 't', 'done', ?, ?)",
            (
                *(f"a{number}", "k" if number % 2 else "l", f"a{number}"),
                (BEGIN + timedelta(hours=9 + number % 3 // 2)).isoformat(),
                "abandoned" if number == 0 else "answered",
            ),
        )
    house, now = ReportSettings(), datetime(2025, 6, 2, 22, tzinfo=UTC)
    answer = asked.answer(connection, asked.read({"section": "outbound"}, ("60",), house, now), house, now)
    drawn = next(each for each in pictures(answer, Section.OUTBOUND, house.lines()) if "per agent hour" in each.title)
    said = [title.text for title in ElementTree.fromstring(drawn.svg).iter("title")]
    assert said == [
        "2025-06-02T09:00+00:00: Dials per agent hour 6.0",
        "2025-06-02T09:00+00:00: Abandonment (US) 16.67%",
        "2025-06-02T10:00+00:00: Dials per agent hour 3.0",
        "2025-06-02T10:00+00:00: Abandonment (US) 0%",
    ]
    assert "cap 3%" in drawn.svg
    single = asked.answer(
        connection, asked.read({"section": "outbound", "campaign": "k"}, ("60",), house, now), house, now
    )
    assert "not by campaign, for an agent is ready for all queues" in " ".join(
        each.said() for each in left_out(single)
    )
