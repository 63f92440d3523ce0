"""What calls did in a flow, counted from their events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from calls.causes import Outcome
from calls.ids import AgentId, BootId, CallId, FlowId
from calls.records.store import CallEvent, CallRecord, Direction, finish_call
from calls.reports.traffic import traffic
from tests.fresh_store import fill

BEGAN = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)

CALL = CallRecord(
    call_id=CallId("1"),
    direction=Direction.INBOUND,
    switch="main",
    boot_id=BootId("b"),
    channel="c",
    caller="+4930555",
    called="100",
    started_at=BEGAN,
    ended_at=BEGAN,
    duration_s=1.0,
    billed_s=1.0,
    outcome=Outcome.ANSWERED,
    flow=FlowId("main"),
    flow_version="v1",
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    yield connection
    connection.close()


def steps(*ways: str, by: str = "us", word: str = "hung_up") -> list[CallEvent]:
    """Events of ``node:exit`` one after another, and the end."""
    events = []
    for way in ways:
        node, _, exit = way.partition(":")
        events.append(CallEvent(BEGAN, 0.0, "node_entered", {"node": node, "type": "say"}))
        events.append(CallEvent(BEGAN, 0.0, "choice", {"node": node}))
        if exit == "hung_up":
            events.append(CallEvent(BEGAN, 0.0, "hung_up", {"node": node, "by": by, "cause": 16}))
        events.append(CallEvent(BEGAN, 0.0, "node_left", {"node": node, "exit": exit, "took_s": 0.0}))
    return [*events, CallEvent(BEGAN, 0.0, "outcome", {"outcome": word})]


def test_entries_hang_ups_and_ways(connection: sqlite3.Connection) -> None:
    finish_call(connection, CALL, steps("menu:keys.1", "info:next", "menu:hung_up", by="caller"))
    finish_call(connection, replace(CALL, call_id=CallId("2")), steps("menu:keys.1", "info:hung_up", by="switch"))
    finish_call(
        connection,
        replace(CALL, call_id=CallId("3"), agent_id=AgentId("a"), flow_version="v2"),
        steps("menu:keys.2", "queue:hung_up", by="caller", word="served"),
    )
    finish_call(connection, replace(CALL, call_id=CallId("4"), flow=FlowId("other")), steps("menu:hung_up"))
    finish_call(connection, replace(CALL, call_id=CallId("5"), started_at=BEGAN - DAY), steps("menu:hung_up"))
    counted = traffic(connection, FlowId("main"), BEGAN, BEGAN + DAY)
    assert (counted.calls, counted.versions) == (3, {"v1": 2, "v2": 1})
    assert counted.entries == {"menu": 4, "info": 2, "queue": 1}
    assert {node: count for node, count in counted.drop_offs.items() if count} == {"menu": 1}
    assert counted.ways == {
        ("menu", "keys.1", "info"): 2,
        ("info", "next", "menu"): 1,
        ("menu", "keys.2", "queue"): 1,
    }
    of_seconds = traffic(connection, FlowId("main"), BEGAN - timedelta(seconds=1), BEGAN + timedelta(seconds=1))
    assert (of_seconds.ways, of_seconds.entries) == (counted.ways, counted.entries)


def test_no_calls_are_no_traffic(connection: sqlite3.Connection) -> None:
    counted = traffic(connection, FlowId("main"), BEGAN, BEGAN + DAY)
    assert (counted.calls, counted.entries, counted.drop_offs, counted.ways) == (0, {}, {}, {})
