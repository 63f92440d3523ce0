"""Means and percentiles of single times, held to a slow count in plain Python over the sorted times."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.agents.states import AgentState
from calls.ids import AgentId, CallId
from calls.records import agent_waits, store
from calls.records.figure import Figure
from calls.reports.asking import ask
from calls.reports.definitions import BY_NAME
from calls.reports.percentiles import SPREADS, place
from calls.reports.question import Dimension, Question
from tests.calls.records.raw_days import BEGIN, Day, days, write
from tests.calls.records.scratch import taken_back
from tests.calls.records.test_figures import call

BERLIN = ZoneInfo("Europe/Berlin")
STATES = st.lists(
    st.tuples(
        st.sampled_from(["cid", "dan"]),
        st.sampled_from([AgentState.READY, AgentState.RESERVED, AgentState.TALKING, AgentState.TALKING, *AgentState]),
        st.sampled_from([0.0, 0.04, 0.05, 7.25, 40.0, 3000.0]),
        st.integers(0, 11),
    ),
    max_size=40,
)
"""Agent, state, seconds, and the call of the day that a talk is about."""

SPANS = st.sampled_from(
    [
        (BEGIN - timedelta(days=1), BEGIN + timedelta(days=9)),
        (BEGIN + timedelta(seconds=2), BEGIN + timedelta(hours=10, seconds=20)),
        (BEGIN + timedelta(hours=10), BEGIN + timedelta(hours=10, seconds=4.9)),
    ]
)


@dataclass(frozen=True)
class Time:
    """One time: when it counts, what it is counted by, and its seconds."""

    at: datetime
    of: dict[Dimension, str]
    seconds: float


def _label(each: Time, dimension: Dimension) -> str:
    local = each.at.astimezone(BERLIN)
    match dimension:
        case Dimension.DAY:
            return f"{local:%Y-%m-%d}"
        case Dimension.HOUR_OF_DAY:
            return f"{local:%H}"
        case _:
            return each.of[dimension]


def _callers(day: Day) -> list[Time]:
    return [
        Time(each.started_at, _of(each), each.wait_s)
        for each in day.calls
        if each.direction is store.Direction.INBOUND and each.agent_id and each.wait_s is not None
    ]


def _of(record: store.CallRecord) -> dict[Dimension, str]:
    return {
        Dimension.QUEUE: record.queue or "",
        Dimension.CAMPAIGN: record.campaign_id or "",
        Dimension.AGENT: record.agent_id or "",
        Dimension.FLOW: record.flow or "",
    }


def _connects(day: Day) -> list[Time]:
    return [
        Time(each.started_at, _of(each) | {Dimension.LIST: day.lists[each.call_id]}, each.connect_s)
        for each in day.calls
        if each.call_id in day.lists
        and each.call_id not in day.unsent
        and each.agent_id
        and each.connect_s is not None
    ]


Stretch = tuple[str, AgentState, float, int]


def _talks(stretches: list[Stretch]) -> list[tuple[str, datetime, float, int]]:
    """Agent, begin, wait before it and call of each talk that was waited for."""
    found = []
    for agent in ("cid", "dan"):
        at, waited = BEGIN + timedelta(hours=9), None
        for _, state, seconds, number in (each for each in stretches if each[0] == agent):
            if state is AgentState.TALKING and waited is not None:
                found.append((agent, at, waited, number))
            if state in (AgentState.READY, AgentState.RESERVED):
                waited = (waited or 0.0) + seconds
            else:
                waited = None
            at += timedelta(seconds=max(seconds, 0.001))
    return found


def _agents(day: Day, stretches: list[Stretch]) -> list[Time]:
    calls = {each.call_id: each for each in day.calls}
    return [
        Time(
            at,
            {Dimension.QUEUE: "", Dimension.CAMPAIGN: ""}
            | (_of(calls[CallId(f"c{number}")]) if f"c{number}" in calls else {})
            | {Dimension.AGENT: agent},
            waited,
        )
        for agent, at, waited, number in _talks(stretches)
    ]


def _dialled(day: Day, stretches: list[Stretch]) -> list[Time]:
    calls = {each.call_id: each for each in day.calls}
    return [
        Time(at, _of(calls[name]) | {Dimension.LIST: day.lists[name]}, waited)
        for _, at, waited, number in _talks(stretches)
        if (name := CallId(f"c{number}")) in day.lists
    ]


def _slow(times: list[Time], by: tuple[Dimension, ...]) -> dict[tuple[str, ...], list[object]]:
    groups: dict[tuple[str, ...], list[float]] = {}
    for each in times:
        groups.setdefault(tuple(_label(each, one) for one in by), []).append(each.seconds)
    found: dict[tuple[str, ...], list[object]] = {}
    for key, seconds in groups.items():
        seconds.sort()
        rank = next(n for n in range(1, len(seconds) + 1) if 100 * n >= 95 * len(seconds))
        told = floor(seconds[rank - 1] * 10 + 0.5) / 10
        found[key] = [(pytest.approx(sum(seconds), abs=1e-3), len(seconds)), (told, rank, len(seconds))]
    return found


def _told(figures: tuple[Figure, ...]) -> list[object]:
    mean, p95 = figures
    return [(mean.numerator, mean.denominator), (p95.value, p95.numerator, p95.denominator)]


COUNTED: dict[str, tuple[str, str, Callable[[Day, list[Stretch]], list[Time]], tuple[Dimension, ...]]] = {
    "callers": ("asa", "wait_p95", lambda day, _: _callers(day), (Dimension.QUEUE, Dimension.AGENT, Dimension.FLOW)),
    "connects": (
        *("time_to_connect", "time_to_connect_p95"),
        lambda day, _: _connects(day),
        (Dimension.CAMPAIGN, Dimension.LIST, Dimension.AGENT),
    ),
    "agents": ("agent_wait", "agent_wait_p95", _agents, (Dimension.AGENT, Dimension.QUEUE, Dimension.CAMPAIGN)),
    "dialled": (
        *("agent_wait_dialled", "agent_wait_dialled_p95"),
        _dialled,
        (Dimension.CAMPAIGN, Dimension.LIST),
    ),
}


@given(days(), STATES, SPANS, st.sampled_from([None, Dimension.DAY, Dimension.HOUR_OF_DAY]), st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_times_and_a_slow_count_agree(
    connection: sqlite3.Connection,
    day: Day,
    stretches: list[Stretch],
    span: tuple[datetime, datetime],
    time: Dimension | None,
    data: st.DataObject,
) -> None:
    with taken_back(connection):
        early = data.draw(st.booleans())
        write(connection, day, lambda: _write_states(connection, stretches if early else []))
        _write_states(connection, [] if early else stretches)
        connection.execute("DELETE FROM agent_states WHERE agent_id NOT IN ('cid', 'dan')")
        if data.draw(st.booleans()):
            connection.execute("UPDATE agent_states SET waited_s = 1, dialled_campaign = 'none', call_queue = 'none'")
            agent_waits.recount(connection)
            agent_waits.recount_dialled(connection)
            agent_waits.recount_calls(connection)
        for name, (mean, p95, times, dimensions) in COUNTED.items():
            own = data.draw(st.sampled_from([None, *dimensions]))
            by = tuple(each for each in (time, own) if each is not None)
            answer = ask(connection, Question(*span, (BY_NAME[mean], BY_NAME[p95]), BERLIN, by))
            found = {row.key: _told(row.figures) for row in answer.rows if row.figures[0].denominator}
            within = [each for each in times(day, stretches) if span[0] <= each.at < span[1]]
            assert found == _slow(within, by), name


def _write_states(connection: sqlite3.Connection, stretches: list[Stretch]) -> None:
    for agent in ("cid", "dan"):
        at, before_s = BEGIN + timedelta(hours=9), None
        for _, state, seconds, number in (each for each in stretches if each[0] == agent):
            name = CallId(f"c{number}") if state is AgentState.TALKING else None
            store.add_agent_state(connection, store.AgentStateChange(AgentId(agent), state, at, before_s, "", name))
            at, before_s = at + timedelta(seconds=max(seconds, 0.001)), seconds


@pytest.mark.parametrize("count", [1, 19, 20, 21, 100, 1_999, 99_980])
def test_the_place_is_the_first_that_has_its_share_at_or_below_it(count: int) -> None:
    found = place(count)
    assert 100 * found >= 95 * count > 100 * (found - 1)


def test_of_no_times_there_is_no_percentile(connection: sqlite3.Connection) -> None:
    (row,) = ask(connection, Question(BEGIN, BEGIN + timedelta(days=1), (BY_NAME["wait_p95"],), BERLIN)).rows
    assert (row.figures[0].value, row.figures[0].numerator, row.figures[0].denominator) == (None, 0, 0)


def test_of_twenty_waits_it_is_the_nineteenth(connection: sqlite3.Connection) -> None:
    for number in range(20):
        store.finish_call(connection, call(f"c{number}", queue="sales", agent="ann", wait_s=number + 0.26))
    asked = Question(BEGIN, BEGIN + timedelta(days=1), (BY_NAME["wait_p95"],), BERLIN, (Dimension.QUEUE,))
    ((figure,),) = (row.figures for row in ask(connection, asked).rows)
    assert (figure.value, figure.numerator, figure.denominator) == (18.3, 19, 20)


@pytest.mark.parametrize("table", SPREADS)
def test_only_an_index_is_read_of_what_is_counted(connection: sqlite3.Connection, table: str) -> None:
    """The rows of a month are many and broad."""
    spread = SPREADS[table]
    plan = connection.execute(
        f"EXPLAIN QUERY PLAN SELECT sum({spread.value}) FROM {spread.cube.source} WHERE {spread.cube.wanted}"
        f" AND {spread.cube.at} >= :begin AND {spread.cube.at} < :end",
        {"begin": "2025-06-02", "end": "2025-06-03"},
    ).fetchall()
    assert "COVERING INDEX" in plan[0][3], plan
