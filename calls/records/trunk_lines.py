"""Lines of trunks that no attempt has, in the store. Functions of a connection, run inside a writer's transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from calls.records import retention_marks
from calls.records.retention_marks import Mark
from calls.records.times import as_text

if TYPE_CHECKING:
    from calls.settings import Trunk


class Kind(Enum):
    """What has such a line."""

    HANDED_ON = "handed_on"
    """A number or a destination that a call is handed on to; its holder is the call."""
    PHONE = "phone"
    """An agent's or a supervisor's phone; its holder is the leg."""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line that was not given back, as far as the store knows."""

    line_id: str
    holder: str
    kind: Kind
    trunk: str


def plan(connection: sqlite3.Connection, line_id: str, holder: str, kind: Kind, trunk: Trunk, now: datetime) -> None:
    """A leg is about to go out by the trunk, and by no other that it was planned for: a run of ours after a crash is
    to count it."""
    connection.execute(
        "INSERT INTO trunk_lines (line_id, holder, kind, trunk, lines, calls_per_second, planned_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (line_id) DO UPDATE"
        " SET trunk = ?4, lines = ?5, calls_per_second = ?6, planned_at = ?7 WHERE placed_at IS NULL",
        (line_id, holder, kind.value, trunk.name, trunk.lines, trunk.calls_per_second, as_text(now)),
    )


def place(connection: sqlite3.Connection, line_id: str, holder: str, kind: Kind, trunk: Trunk, at: datetime) -> None:
    """The leg went out by this trunk, whether it was planned, by another one perhaps, or not."""
    connection.execute(
        "INSERT INTO trunk_lines (line_id, holder, kind, trunk, lines, calls_per_second, planned_at, placed_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT (line_id) DO UPDATE"
        " SET trunk = ?4, lines = ?5, calls_per_second = ?6, placed_at = ?7",
        (line_id, holder, kind.value, trunk.name, trunk.lines, trunk.calls_per_second, as_text(at)),
    )


def forget(connection: sqlite3.Connection, line_id: str) -> None:
    """What was planned never went out."""
    connection.execute("DELETE FROM trunk_lines WHERE line_id = ? AND placed_at IS NULL", (line_id,))


def free(connection: sqlite3.Connection, line_id: str, at: datetime) -> None:
    """The leg has gone."""
    connection.execute(
        "UPDATE trunk_lines SET freed_at = ? WHERE line_id = ? AND freed_at IS NULL", (as_text(at), line_id)
    )


def still_open(connection: sqlite3.Connection) -> list[OpenLine]:
    """The lines that were not given back: a run of ours before this one ended with them."""
    rows = connection.execute(
        "SELECT line_id, holder, kind, trunk FROM trunk_lines WHERE freed_at IS NULL ORDER BY rowid"
    )
    return [OpenLine(line_id, holder, Kind(kind), trunk) for line_id, holder, kind, trunk in rows]


_OLD = (
    "FROM trunk_lines WHERE freed_at < :before AND rowid < coalesce("
    "(SELECT rowid FROM trunk_lines WHERE planned_at >= :before ORDER BY rowid LIMIT 1), 9223372036854775807)"
)
"""They stand in the order in which they were planned: nothing later is looked at."""


def old(connection: sqlite3.Connection, before: datetime) -> int:
    """How many lines :func:`delete` would take out."""
    return int(connection.execute(f"SELECT count(*) {_OLD}", {"before": as_text(before)}).fetchone()[0])


def delete(connection: sqlite3.Connection, before: datetime, limit: int = 1_000) -> int:
    """Take out up to ``limit`` lines that were given back before then, and remember up to when: whoever proves what a
    trunk had then does not find them any more. How many."""
    gone = connection.execute(
        f"DELETE FROM trunk_lines WHERE rowid IN (SELECT rowid {_OLD} ORDER BY rowid LIMIT :limit)",
        {"before": as_text(before), "limit": limit},
    ).rowcount
    if gone:
        retention_marks.move(connection, "trunk_lines", Mark(as_text(before)))
    return gone
