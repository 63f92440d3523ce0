"""Agents' day, held to the figures of their time, which come from the roll-ups; and its picture."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from calls.agents.shift_file import parse
from calls.agents.states import AgentState
from calls.ids import AgentId, CallId
from calls.records import store, work_shifts
from calls.reports.agents_day import STATES, AgentDay, AgentsDay, Stretch, agents_day
from calls.reports.asking import ask
from calls.reports.day_picture import picture
from calls.reports.definitions import BY_NAME
from calls.reports.question import Dimension, Question
from tests.calls.records.raw_days import BEGIN, Day, days, write
from tests.calls.records.scratch import taken_back

BERLIN = ZoneInfo("Europe/Berlin")
DASH = "\N{EN DASH}"
NAMES = {"ann": "Ann <b>", "bob": "Bob"}


def told(connection: sqlite3.Connection, day: date, now: datetime) -> dict[tuple[str, str], object]:
    """Seconds by agent and state, as the reports have them."""
    begin = datetime.combine(day, datetime.min.time(), BERLIN)
    figures = tuple(BY_NAME[f"time_{state}"] for state in STATES)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), BERLIN)
    rows = ask(connection, Question(begin, end, figures, BERLIN, by=(Dimension.AGENT,), now=now)).rows
    found = {(row.key[0], each.name[5:]): float(each.numerator) for row in rows for each in row.figures}
    return {key: pytest.approx(seconds, abs=1e-3) for key, seconds in found.items() if seconds}


@given(days())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_states_of_a_day_are_the_time_that_the_reports_have(connection: sqlite3.Connection, day: Day) -> None:
    now = BEGIN + timedelta(hours=20)
    with taken_back(connection):
        write(connection, day)
        for wanted in (date(2025, 6, 2), date(2025, 6, 3)):
            found = agents_day(connection, wanted, BERLIN, now)
            there = {
                (agent.agent_id, state): seconds
                for agent in found.agents
                for state, seconds in agent.seconds.items()
                if seconds
            }
            shown = {agent.agent_id for agent in found.agents}
            expected = {key: seconds for key, seconds in told(connection, wanted, now).items() if key[0] in shown}
            assert there == expected


def change(connection: sqlite3.Connection, at: datetime, state: str, before_s: float | None, call: str = "") -> None:
    made = store.AgentStateChange(
        AgentId("ann"), AgentState(state), at, before_s, "lunch" if state == "paused" else "", CallId(call) or None
    )
    store.add_agent_state(connection, made)


def test_a_day_of_twenty_five_hours(connection: sqlite3.Connection) -> None:
    """The states go on over the hour that comes twice, and the shift is an hour longer."""
    begin = datetime(2025, 10, 25, 22, tzinfo=UTC)
    change(connection, begin - timedelta(hours=3), "ready", None)
    change(connection, begin + timedelta(hours=5), "talking", 8 * 3600.0, "c1")
    plans = parse("agent,day,from,to\nann,2025-10-25,23:00,06:00\n", ["ann"], "f.csv")
    work_shifts.keep(connection, plans, date(2025, 10, 20), "Europe/Berlin", "me", begin)
    found = agents_day(connection, date(2025, 10, 26), BERLIN, begin + timedelta(hours=6, minutes=30))
    (ann,) = found.agents
    assert (found.end - found.begin) == timedelta(hours=25)
    assert ann.seconds["ready"] == 5 * 3600.0 and ann.seconds["talking"] == 1.5 * 3600.0
    assert [(until - since).total_seconds() / 3600 for since, until in ann.planned] == [7.0]
    assert found.hours() == (begin, begin + timedelta(hours=7))
    assert [row[1:6] for row in found.sheet().rows][1] == (
        *("talking", "", "2025-10-26T03:00:00.000000+00:00", "2025-10-26T04:30:00.000000+00:00", 5400.0),
    )
    drawn = picture(found, NAMES, str.upper, "the day", "to work").svg
    assert re.findall(r">(\d\d:00)</text>", drawn) == ["00:00", "01:00", "02:00", "02:00", "03:00", *(
        f"0{hour}:00" for hour in (4, 5, 6)
    )]  # fmt: skip


def test_a_talk_that_a_restart_has_cut_is_one() -> None:
    at = datetime(2025, 6, 2, 8, tzinfo=UTC)
    told = (
        ("ready", None),
        ("talking", "c1"),
        ("talking", "c1"),
        ("talking", "c2"),
        ("wrap_up", "c2"),
        ("talking", "c1"),
    )
    hour = timedelta(hours=1)
    parts = (Stretch(state, "", at + n * hour, at + (n + 1) * hour, call) for n, (state, call) in enumerate(told))
    assert AgentDay("ann", tuple(parts)).talks == 3


def test_only_the_agents_that_are_asked_for(connection: sqlite3.Connection) -> None:
    change(connection, BEGIN, "ready", None)
    now = BEGIN + timedelta(hours=1)
    assert [each.agent_id for each in agents_day(connection, date(2025, 6, 2), BERLIN, now, {"ann"}).agents] == [
        "ann"
    ]
    assert agents_day(connection, date(2025, 6, 2), BERLIN, now, {"bob"}).agents == ()
    assert agents_day(connection, date(2025, 6, 1), BERLIN, now).agents == ()
    for agent in ("cleo", "dan", "eve"):
        store.add_agent_state(
            connection, store.AgentStateChange(AgentId(agent), AgentState.READY, BEGIN, None, "", None)
        )
    page = agents_day(connection, date(2025, 6, 2), BERLIN, now, after="ann", most=2)
    assert [each.agent_id for each in page.agents] == ["cleo", "dan"], "a page of them"


def test_the_picture_tells_states_apart_without_colours_and_joins_what_is_too_narrow() -> None:
    at = datetime(2025, 6, 2, 8, tzinfo=UTC)
    short = [
        Stretch("talking" if n % 2 else "wrap_up", "", at + timedelta(seconds=n), at + timedelta(seconds=n + 1), "c")
        for n in range(3600)
    ]
    pause = Stretch("paused", "lunch", at + timedelta(hours=1), at + timedelta(hours=2), None)
    out = Stretch("logged_out", "", at + timedelta(hours=2), at + timedelta(hours=16), None)
    busy = AgentDay("ann", (*short, pause, out), ((at, at + timedelta(hours=2)),))
    found = AgentsDay(date(2025, 6, 2), BERLIN, at - timedelta(hours=10), at + timedelta(hours=14), (busy,))
    drawn = picture(found, NAMES, str.upper, "the day", "to work").svg
    states = re.findall(r'<rect fill="url\(#day-(\w+)\)"[^>]*width="([0-9.]+)" height="18"', drawn)
    assert len(states) < 1000 and states[-1] == ("paused", "460.0")
    assert "logged_out" not in drawn.partition("</defs>")[2]
    patterns = re.findall(r'<pattern id="day-(\w+)"[^>]*>(.*?)</pattern>', drawn)
    marks = [re.sub(r'class="state-\w+"', "", inner) for _, inner in patterns]
    assert len(set(marks)) == len(STATES) - 1, "each has a pattern of its own"
    assert f"Ann &lt;b&gt;: PAUSED (lunch), 11:00:00{DASH}12:00:00" in drawn and "<b>" not in drawn
    assert f"to work 10:00{DASH}12:00" in drawn
