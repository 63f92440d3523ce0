"""How far each kind of record was gone through for retention, and what the audit is told of it: once a day and kind.

Functions of a connection, inside a transaction of the writer.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.records.store import add_audit
from calls.records.times import as_text, as_time

WHO = "retention"
"""Who takes out what is too old, for the audit."""

TOLD_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """Rows that began before ``at``, and of those that began at it the rows up to ``row``, are done."""

    at: str = ""
    row: int = 0


def mark(connection: sqlite3.Connection, kind: str) -> Mark:
    """Up to where a kind is done; the very first, where nothing was yet."""
    row = connection.execute("SELECT upto_at, upto_row FROM retention_marks WHERE kind = ?", (kind,)).fetchone()
    return Mark() if row is None else Mark(row[0], row[1])


def move(connection: sqlite3.Connection, kind: str, to: Mark) -> None:
    """All up to ``to`` is done."""
    connection.execute(
        "INSERT INTO retention_marks (kind, upto_at, upto_row) VALUES (?, ?, ?)"
        " ON CONFLICT (kind) DO UPDATE SET upto_at = excluded.upto_at, upto_row = excluded.upto_row",
        (kind, to.at, to.row),
    )


def add(connection: sqlite3.Connection, kind: str, removed: int) -> None:
    """So many were taken out, which the audit is to be told."""
    if removed:
        connection.execute(
            "INSERT INTO retention_marks (kind, removed) VALUES (?, ?)"
            " ON CONFLICT (kind) DO UPDATE SET removed = removed + excluded.removed",
            (kind, removed),
        )


def tell(connection: sqlite3.Connection, kind: str, before: datetime, now: datetime) -> bool:
    """Have the audit say how many of a kind were taken out since it did so last, a day ago at the latest: now or at
    a later look. ``before``: from when on everything is kept. False: there is nothing to tell, or not yet."""
    row = connection.execute(
        "SELECT removed, told_at FROM retention_marks WHERE kind = ? AND removed > 0", (kind,)
    ).fetchone()
    if row is None or (row[1] is not None and now - as_time(row[1]) < TOLD_EVERY):
        return False
    detail = {"removed": row[0], "before": before.isoformat(timespec="seconds")}
    add_audit(connection, now, WHO, f"retention.{kind}", detail)
    connection.execute("UPDATE retention_marks SET removed = 0, told_at = ? WHERE kind = ?", (as_text(now), kind))
    return True
