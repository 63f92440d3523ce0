"""Staffing from measured volumes: against known tables, the closed forms, and calls counted by hand.

The closed forms themselves are held against the simulator in ``tests/dialer/simulation/test_closed_forms.py``.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from calls.errors import UserError
from calls.records import store
from calls.reports.settings import ReportSettings
from console.reads.staffing import Wanted, measured_patience_s, staffing
from dialer.simulation.closed_forms import erlang_a, erlang_b, erlang_c
from dialer.simulation.staff_need import Goal, Volume, needs
from dialer.simulation.staffing import agents_for_abandonment
from tests.calls.records.conftest import connection, migrated, path
from tests.calls.records.test_figures import BEGIN, call

__all__ = ["connection", "migrated", "path"]

GOAL = Goal(share=0.8, within_s=20.0, abandoned=0.05, patience_s=None)


def one(calls: float, handling_s: float, length_s: float = 1800.0, goal: Goal = GOAL) -> tuple[int, int | None]:
    (found,) = needs([Volume("09:00", calls, handling_s, length_s)], goal)
    return found.for_service, found.for_patience


def test_agents_are_those_of_a_printed_table() -> None:
    """100 calls in half an hour of 180 s each are 10 erlangs: 14 agents for 80% within 20 s, which 13 miss.

    Source: Callcentre Helper, "How to Work Out How Many Staff You Need in a Contact Centre" (an Erlang C table).
    """
    assert one(100, 180.0) == (14, None)
    (found,) = needs([Volume("", 100, 180.0, 1800.0)], GOAL)
    assert found.load == pytest.approx(10.0) and found.occupancy == pytest.approx(10 / 14)
    assert found.level == pytest.approx(0.888, abs=2e-3) and found.rostered == 14
    assert needs([Volume("", 100, 180.0, 1800.0)], Goal(0.8, 20.0, 0.05, None, absent=0.3))[0].rostered == 20


@pytest.mark.parametrize("load", [0.5, 3.0, 40.0, 900.0])
def test_the_fewest_agents_are_found(load: float) -> None:
    agents = agents_for_abandonment(load / 100.0, 100.0, 120.0, 0.05)
    assert erlang_a(agents, load / 100.0, 100.0, 120.0) <= 0.05
    assert agents == 1 or erlang_a(agents - 1, load / 100.0, 100.0, 120.0) > 0.05


def test_large_loads_are_counted_without_overflow() -> None:
    """Callers without patience: what finds all busy is lost, as by Erlang B."""
    assert erlang_a(950, 10.0, 100.0, 1e-4) == pytest.approx(erlang_b(950, 1000.0), rel=1e-2)
    assert 0.0 < erlang_c(1010, 1000.0) < 1.0 and inf > erlang_a(1000, 10.0, 100.0, 60.0) > 0.0


def test_an_interval_without_a_talk_takes_the_usual_handling_time() -> None:
    found = needs([Volume("a", 10, 100.0, 900.0), Volume("b", 30, 200.0, 900.0), Volume("c", 5, None, 900.0)], GOAL)
    assert found[2].handling_s == pytest.approx(175.0)
    assert needs([Volume("a", 4, None, 900.0)], GOAL)[0].rostered == 0


@pytest.fixture
def days(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Two days: at 8 three calls and one, of whom one gave up after 30 s, and one on the second day at 9."""
    given = [
        (0, 8, "ann", 10.0, 60.0),
        (0, 8, "ann", 0.0, 120.0),
        (0, 8, None, 30.0, 0.0),
        (1, 8, "bob", 20.0, 60.0),
        (1, 9, "bob", 0.0, 300.0),
    ]
    for number, (day, hour, agent, wait_s, talk_s) in enumerate(given):
        record = call(
            f"c{number}", hour=hour, queue="sales", agent=agent, wait_s=wait_s, talk_s=talk_s, abandoned=agent is None
        )
        store.finish_call(connection, record)
        if day:
            moved = (BEGIN + timedelta(days=day, hours=hour)).isoformat(timespec="microseconds")
            connection.execute("UPDATE calls SET started_at = ? WHERE call_id = ?", (moved, record.call_id))
    return connection


def wanted(**changed: object) -> Wanted:
    given: dict[str, object] = {"first": f"{BEGIN:%Y-%m-%d}", "last": f"{BEGIN + timedelta(days=1):%Y-%m-%d}"}
    return Wanted(**given | changed)  # type: ignore[arg-type]


def test_volumes_are_means_of_the_days_that_were_asked_for(days: sqlite3.Connection) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    found = staffing(days, wanted(queue="sales", by="60"), ReportSettings(), now)
    assert (found.days, found.calls, found.goal.patience_s) == (2, 5.0, 60.0)
    assert [(each.label, each.calls, each.handling_s) for each in found.needs] == [
        ("08:00", 2.0, 80.0),
        ("09:00", 0.5, 300.0),
    ]
    assert found.needs[0].load == pytest.approx(2 * 80 / 3600)
    assert staffing(days, wanted(queue="support"), ReportSettings(), now).needs == ()
    by_day = staffing(days, wanted(by="60", weekdays=True), ReportSettings(), now)
    assert [(each.label[2:], each.calls) for each in by_day.needs] == [
        (f"{BEGIN:%a} 08:00", 3.0),
        (f"{BEGIN + timedelta(days=1):%a} 08:00", 1.0),
        (f"{BEGIN + timedelta(days=1):%a} 09:00", 1.0),
    ]
    assert json.dumps(found.sheet().rows[0][:2]) == '["08:00", 2.0]'


def test_patience_is_measured_only_where_somebody_gave_up(days: sqlite3.Connection) -> None:
    begin = BEGIN + timedelta(days=1)
    assert measured_patience_s(days, "sales", begin, begin + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"by": "7"}, "by '7': expected one of 60, 30, 15 minutes"),
        ({"share": 1.0}, "service level: 1, expected 0.01 to 0.999"),
        ({"last": "soon"}, "to 'soon': expected a day"),
        ({"absent": 0.95}, "absent: 0.95, expected 0 to 0.9"),
    ],
)
def test_what_cannot_be_asked_is_named(days: sqlite3.Connection, changed: dict[str, object], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        staffing(days, wanted(**changed), ReportSettings(), datetime(2027, 1, 1, tzinfo=UTC))
