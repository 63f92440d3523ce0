"""The roll-ups: kept as the records are written, they are what the raw rows add up to."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from calls.records import path_totals, rollups
from calls.records.agent_time import shares
from calls.records.store import Direction
from calls.records.totals import CUBES, QUARTER_S
from tests.calls.records.raw_days import BEGIN, Day, days, write
from tests.calls.records.scratch import taken_back

KEPT = (
    *((cube.table, len(cube.keys)) for cube in CUBES),
    *((each.name, 3 + len(each.keys)) for each in path_totals.TABLES),
    *(("node_totals", 4), ("agent_time_totals", 4)),
)

TOLD = (
    "SELECT call_id, again_s, flow_outcome, contained, transferred FROM calls",
    "SELECT attempt_id, reached, connected_after_s, connected_agent, connected_queue FROM attempts",
)
"""What stands in the raw rows of it."""

CORRECTIONS = (
    "UPDATE calls SET disposition_machine = NOT coalesce(disposition_machine, 0) WHERE rowid % 3 = 0",
    "UPDATE calls SET wrong_number = NOT coalesce(wrong_number, 0) WHERE rowid % 3 = 1",
    "UPDATE calls SET agent_id = iif(agent_id IS NULL, 'ann', NULL) WHERE rowid % 4 = 0",
    "UPDATE calls SET connect_s = 1.5, queue = 'late' WHERE rowid % 5 = 0",
    "UPDATE attempts SET outcome = 'answered' WHERE rowid % 3 = 0",
    "UPDATE attempts SET outcome = 'busy' WHERE rowid % 3 = 1",
)
"""What is found to be otherwise after all."""

Table = dict[tuple[object, ...], tuple[float, ...]]


def table(connection: sqlite3.Connection, name: str, keys: int) -> Table:
    """Its rows that hold anything, to the microsecond: sums of floats depend on their order."""
    rows = {
        tuple(row[:keys]): tuple(round(float(each), 6) + 0.0 for each in row[keys:])
        for row in connection.execute(f"SELECT * FROM {name}")
    }
    return {key: values for key, values in rows.items() if any(values)}


@given(days())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_kept_is_what_the_rows_add_up_to(connection: sqlite3.Connection, day: Day) -> None:
    with taken_back(connection):
        write(connection, day)
        for each in CORRECTIONS:
            connection.execute(each)
        kept = {name: table(connection, name, keys) for name, keys in KEPT}
        told = [connection.execute(each).fetchall() for each in TOLD]
        rollups.recount(connection)
        assert {name: table(connection, name, keys) for name, keys in KEPT} == kept
        assert [connection.execute(each).fetchall() for each in TOLD] == told


@given(days())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_who_came_again_is_found_whatever_the_order_of_the_ends(connection: sqlite3.Connection, day: Day) -> None:
    with taken_back(connection):
        write(connection, day)
        found = dict(connection.execute("SELECT call_id, again_s FROM calls").fetchall())
    for record in day.calls:
        person = record.caller if record.direction is Direction.INBOUND else record.called
        later = [
            (each.started_at - record.started_at).total_seconds()
            for each in day.calls
            if person and each.caller == person and each.direction is Direction.INBOUND
            and each.started_at > record.started_at
        ]  # fmt: skip
        expected = min(later) if later else None
        assert found[record.call_id] == (expected if expected is None else pytest.approx(expected, abs=2e-3))


def test_a_state_is_shared_out_to_the_quarters_it_lasted_through() -> None:
    since = BEGIN + timedelta(minutes=10)
    first = int(BEGIN.timestamp()) // QUARTER_S
    assert list(shares(since, 1500.0)) == [(first, 300.0), (first + 1, 900.0), (first + 2, 300.0)]
    assert list(shares(since, 0.0)) == []
