"""Calls to numbers of callers' choice in the store. Functions of a connection, run inside a writer's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from calls.ids import CallId
from calls.records.times import as_text
from calls.toll import Allowed, Used


def used_since(connection: sqlite3.Connection, since: datetime, concurrent: int) -> Used:
    """What was taken since ``since``; how many calls are up, the caller of this knows."""
    rows = connection.execute(
        "SELECT minutes, price FROM toll_calls WHERE began_at >= ?", (as_text(since),)
    ).fetchall()
    minutes = sum(taken for taken, _ in rows)
    return Used(concurrent, minutes, sum((taken * Decimal(price) for taken, price in rows), Decimal(0)))


def begin(connection: sqlite3.Connection, call_id: CallId, allowed: Allowed, now: datetime) -> int:
    """Take what the call may need; its id."""
    row = connection.execute(
        "INSERT INTO toll_calls (call_id, number, country, began_at, minutes, price)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING toll_id",
        (
            call_id,
            allowed.number,
            allowed.country,
            as_text(now),
            allowed.minutes,
            str(allowed.price_a_minute),
        ),
    ).fetchone()
    return int(row[0])


def still_open(connection: sqlite3.Connection) -> list[tuple[CallId, int]]:
    """The calls whose end was not written, each with its id: a run of ours before this one ended in them."""
    rows = connection.execute("SELECT call_id, toll_id FROM toll_calls WHERE ended_at IS NULL ORDER BY toll_id")
    return [(CallId(call_id), int(toll_id)) for call_id, toll_id in rows]


def leave(connection: sqlite3.Connection, toll_ids: Iterable[int], now: datetime) -> None:
    """The calls have ended, nobody knows after how long: what was taken stays taken."""
    connection.executemany(
        "UPDATE toll_calls SET ended_at = ? WHERE toll_id = ? AND ended_at IS NULL",
        [(as_text(now), toll_id) for toll_id in toll_ids],
    )


def end(connection: sqlite3.Connection, toll_id: int, minutes: int, now: datetime) -> None:
    """The call has ended after ``minutes``: what it did not need is given back."""
    connection.execute(
        "UPDATE toll_calls SET minutes = ?, ended_at = ? WHERE toll_id = ? AND ended_at IS NULL",
        (minutes, as_text(now), toll_id),
    )
