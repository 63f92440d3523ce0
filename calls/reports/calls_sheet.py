"""Single calls as a table, with the columns of the contract."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from calls.errors import UserError
from calls.records.times import as_text
from calls.reports.sheets import Kind, Sheet

KINDS: dict[str, Kind] = {"TEXT": "text", "INTEGER": "integer", "REAL": "real"}

MOST_CALLS = 1_000_000
"""As many as a worksheet has rows, and what a process holds easily. More is read from the database itself."""


def calls(connection: sqlite3.Connection, begin: datetime, end: datetime) -> Sheet:
    """The calls that began in ``[begin, end)``, in the order of their begin: all columns of ``calls``.

    Raises:
        UserError: they are too many.
    """
    columns = tuple((row[1], KINDS[row[2]]) for row in connection.execute("PRAGMA table_info(calls)"))
    names = ", ".join(name for name, _ in columns)
    rows = connection.execute(
        f"SELECT {names} FROM calls WHERE started_at >= ? AND started_at < ? ORDER BY started_at, call_id LIMIT ?",
        (as_text(begin), as_text(end), MOST_CALLS + 1),
    ).fetchall()
    if len(rows) > MOST_CALLS:
        raise UserError(f"more than {MOST_CALLS} calls: ask for fewer days, or let DuckDB read the database itself")
    return Sheet("Calls", columns, [tuple(row) for row in rows])
