"""Agents' time in each state, by quarter of an hour: each state shared out to the quarters that it lasted through.

Functions of a connection, run inside a transaction of the writer. A state is added once, when it has ended; what is
under way, and what a time cuts in the middle, :func:`loose` gives.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from calls.records.times import as_text, as_time
from calls.records.totals import QUARTER_S, whole_quarters

Key = tuple[int, str, str, str]
"""Quarter, agent, state, reason."""

LONGEST_S = 400 * 86400.0
"""A state that lasted longer, or a clock that jumped so far, is counted for so long only."""


def shares(since: datetime, lasted_s: float) -> Iterator[tuple[int, float]]:
    """The quarters that ``lasted_s`` from ``since`` went through, with the seconds in each."""
    begin = since.timestamp()
    end = begin + min(lasted_s, LONGEST_S)
    number = int(begin // QUARTER_S)
    while begin < end:
        until = min(end, (number + 1) * QUARTER_S)
        yield number, until - begin
        begin, number = until, number + 1


_ADD = (
    "INSERT INTO agent_time_totals (quarter, agent_id, state, reason, seconds) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (quarter, agent_id, state, reason) DO UPDATE SET seconds = seconds + excluded.seconds"
)


def add(
    connection: sqlite3.Connection, agent_id: str, state: str, reason: str, since: datetime, lasted_s: float
) -> None:
    """Count a state that has ended."""
    connection.executemany(
        _ADD, [(number, agent_id, state, reason, seconds) for number, seconds in shares(since, lasted_s)]
    )


def recount(connection: sqlite3.Connection) -> None:
    """Count all states that have ended anew."""
    connection.execute("DELETE FROM agent_time_totals")
    totals: defaultdict[Key, float] = defaultdict(float)
    rows = connection.execute(
        "SELECT agent_id, state, reason, since_at, duration_s FROM agent_states WHERE duration_s IS NOT NULL"
    )
    for agent_id, state, reason, since_at, lasted_s in rows:
        for number, seconds in shares(as_time(since_at), lasted_s):
            totals[number, agent_id, state, reason] += seconds
    connection.executemany(_ADD, [(*key, seconds) for key, seconds in totals.items()])


def by_quarter(
    connection: sqlite3.Connection, begin: datetime, end: datetime, now: datetime, states: Collection[str]
) -> Iterator[tuple[int, str, float]]:
    """The seconds of ``[begin, end)`` in any of the states: quarter, agent, seconds. Those of states that go on, up
    to ``now``, come by themselves. In the order in which they are kept, so that nothing is sorted."""
    first, last = whole_quarters(begin, end)
    cursor = connection.cursor()
    cursor.row_factory = None
    yield from cursor.execute(
        "SELECT quarter, agent_id, sum(seconds) FROM agent_time_totals WHERE quarter >= ? AND quarter < ?"
        f" AND state IN ({', '.join('?' for _ in states)}) GROUP BY quarter, agent_id",
        (first, last, *states),
    )
    for (number, agent_id, state, _), seconds in loose(connection, begin, end, now).items():
        if state in states:
            yield number, agent_id, seconds


def loose(connection: sqlite3.Connection, begin: datetime, end: datetime, now: datetime) -> dict[Key, float]:
    """What the totals of whole quarters within ``[begin, end)`` do not have of it: seconds of the quarters that are
    only partly within, and of states that go on, up to ``now``."""
    found: defaultdict[Key, float] = defaultdict(float)
    first, last = whole_quarters(begin, end)
    edges = [(begin, min(end, _time(first))), (max(begin, _time(last)), end)] if first <= last else [(begin, end)]
    for since, until in edges:
        if since < until:
            _add_edge(connection, found, since, until)
    for key, seconds in _running_within(connection, begin, min(end, now)):
        found[key] += seconds
    return dict(found)


def _time(number: int) -> datetime:
    return as_time("1970-01-01T00:00:00+00:00") + timedelta(seconds=number * QUARTER_S)


def _add_edge(
    connection: sqlite3.Connection, found: defaultdict[Key, float], since: datetime, until: datetime
) -> None:
    """Of each agent the states that began within, and the last one that began before."""
    for (agent_id,) in connection.execute(AGENTS).fetchall():
        rows = connection.execute(
            "SELECT state, reason, since_at, duration_s FROM agent_states WHERE agent_id = :agent"
            " AND duration_s IS NOT NULL AND since_at < :until AND since_at >= coalesce((SELECT max(since_at)"
            " FROM agent_states WHERE agent_id = :agent AND since_at <= :since), '')",
            {"agent": agent_id, "since": as_text(since), "until": as_text(until)},
        )
        for state, reason, since_at, lasted_s in rows:
            at = as_time(since_at)
            begin, end = max(at, since), min(at + timedelta(seconds=lasted_s), until)
            for number, seconds in shares(begin, (end - begin).total_seconds()):
                found[number, agent_id, state, reason] += seconds


AGENTS = """
WITH RECURSIVE agents(agent_id) AS (
    SELECT min(agent_id) FROM agent_states
    UNION ALL
    SELECT (SELECT min(agent_id) FROM agent_states AS next WHERE next.agent_id > agents.agent_id) FROM agents
    WHERE agents.agent_id IS NOT NULL
)
SELECT agent_id FROM agents WHERE agent_id IS NOT NULL
"""
"""All who have a state: by one look in the index for each, as DISTINCT would read all states."""


def _running_within(connection: sqlite3.Connection, begin: datetime, end: datetime) -> Iterator[tuple[Key, float]]:
    """A state that an engine left open while its switch was away has lasted up to that engine's end."""
    rows = connection.execute(
        "SELECT agent_id, state, reason, since_at, left_at FROM agent_states WHERE duration_s IS NULL"
    )
    for agent_id, state, reason, since_at, left_at in rows:
        since, until = max(begin, as_time(since_at)), end if left_at is None else min(end, as_time(left_at))
        for number, seconds in shares(since, (until - since).total_seconds()):
            yield (number, agent_id, state, reason), seconds
