"""Single calls as a table, with the columns of the contract."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

from calls.errors import UserError
from calls.records.times import as_text
from calls.reports.personal import hidden
from calls.reports.sheets import Cell, Kind, Sheet, as_parquet

KINDS: dict[str, Kind] = {"TEXT": "text", "INTEGER": "integer", "REAL": "real"}

MOST_CALLS = 1_000_000
"""Of a file that is written as the calls are read. More is read from the database itself."""

MOST_AT_ONCE = 100_000
"""Of a file for which all are held in memory first: some 1.6 kB each, and a console may take 512 MB."""


PAGE = 10_000
"""Calls that one statement reads: none runs long, so that the write-ahead log can be emptied between them."""

Columns = tuple[tuple[str, Kind], ...]


def columns(connection: sqlite3.Connection) -> Columns:
    """All columns of ``calls``, with their kinds."""
    return tuple((row[1], KINDS[row[2]]) for row in connection.execute("PRAGMA table_info(calls)"))


def calls(connection: sqlite3.Connection, begin: datetime, end: datetime) -> Sheet:
    """The calls that began in ``[begin, end)``, in the order of their begin: all columns of ``calls``.

    Raises:
        UserError: they are too many.
    """
    of_time = rows(connection, begin, end, MOST_AT_ONCE, "ask for fewer days, or for Parquet")
    return Sheet("Calls", columns(connection), list(of_time))


def parquet(connection: sqlite3.Connection, begin: datetime, end: datetime, *, masked: bool) -> tuple[bytes, int]:
    """The same calls as a file of Parquet, and how many they are. ``masked``: persons' numbers are hidden.

    Raises:
        UserError: they are too many, or Parquet's library is missing.
    """
    known, taken = columns(connection), 0

    def counted() -> Iterator[Sequence[Cell]]:
        nonlocal taken
        of_time = rows(
            connection, begin, end, MOST_CALLS, "ask for fewer days, or let DuckDB read the database itself"
        )
        for row in of_time:
            taken += 1
            yield row

    content = as_parquet(known, hidden(known, counted()) if masked else counted())
    return content, taken


def rows(
    connection: sqlite3.Connection, begin: datetime, end: datetime, most: int, instead: str
) -> Iterator[tuple[Cell, ...]]:
    """The rows of :func:`calls`, read some thousands at a time.

    Raises:
        UserError: they are more than ``most``: ``instead`` says what to do.
    """
    span = (as_text(begin), as_text(end))
    counting = "SELECT count(*) FROM calls WHERE started_at >= ? AND started_at < ?"
    (many,) = connection.execute(counting, span).fetchone()
    if many > most:
        raise UserError(f"that would be {many} calls: {instead}")
    return _rows(connection, *span)


def _rows(connection: sqlite3.Connection, begin: str, end: str) -> Iterator[tuple[Cell, ...]]:
    names = [name for name, _ in columns(connection)]
    at, own = names.index("started_at"), names.index("call_id")
    last = (begin, "")
    while True:
        cursor = connection.cursor()
        cursor.row_factory = None
        page = cursor.execute(
            f"SELECT {', '.join(names)} FROM calls WHERE started_at >= ?1 AND (started_at, call_id) > (?1, ?2)"
            " AND started_at < ?3 ORDER BY started_at, call_id LIMIT ?4",
            (*last, end, PAGE),
        ).fetchall()
        yield from page
        if len(page) < PAGE:
            return
        last = (page[-1][at], page[-1][own])
