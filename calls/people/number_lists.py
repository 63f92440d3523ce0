"""Do-not-call lists of others, with millions of numbers: which version holds, and whether a number is on it.

The numbers are in a file (:mod:`calls.people.number_file`); the store says which file holds, so that a new version
takes the old one's place in one commit, before which an attempt sees the old and after which it sees the new.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from calls.errors import RecordError
from calls.people.number_file import opened
from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from calls.text import printable


@dataclass(frozen=True, slots=True)
class NumberList:
    """The version of a list that holds. ``listed_at``: the day of the list itself, by which its age counts."""

    name: str
    version: str
    path: Path
    numbers: int
    listed_at: datetime
    imported_at: datetime
    imported_by: str
    source: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What some lists say of a number. ``unasked``: those that could not be asked, with the reason."""

    on: tuple[str, ...] = ()
    unasked: tuple[tuple[str, str], ...] = ()


def serve(connection: sqlite3.Connection, given: NumberList) -> None:
    """From the commit on, this version of the list holds."""
    connection.execute(
        "INSERT INTO number_lists (name, version, path, numbers, listed_at, imported_at, imported_by, source)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version,"
        " path = excluded.path, numbers = excluded.numbers, listed_at = excluded.listed_at,"
        " imported_at = excluded.imported_at, imported_by = excluded.imported_by, source = excluded.source",
        (
            given.name,
            given.version,
            str(given.path),
            given.numbers,
            as_text(given.listed_at),
            as_text(given.imported_at),
            printable(given.imported_by),
            printable(given.source),
        ),
    )
    detail = {
        "list": given.name,
        "version": given.version,
        "numbers": given.numbers,
        "listed_at": as_text(given.listed_at),
        "source": printable(given.source),
    }
    add_audit(connection, given.imported_at, printable(given.imported_by), "do_not_call.import", detail)


def standing(connection: sqlite3.Connection) -> dict[str, NumberList]:
    """The lists that hold, by name."""
    rows = connection.execute(
        "SELECT name, version, path, numbers, listed_at, imported_at, imported_by, source FROM number_lists"
        " ORDER BY name"
    )
    return {
        name: NumberList(name, version, Path(path), count, as_time(listed_at), as_time(imported_at), by, source)
        for name, version, path, count, listed_at, imported_at, by, source in rows
    }


def look(
    connection: sqlite3.Connection, names: Iterable[str], number: str, at: datetime, oldest: timedelta | None
) -> Looked:
    """What the lists of these names say of a number in E.164. ``oldest``: a list that is older is not asked."""
    wanted = tuple(names)
    if not wanted:
        return Looked()
    lists = standing(connection)
    on: list[str] = []
    unasked: list[tuple[str, str]] = []
    for name in wanted:
        found = lists.get(name)
        if found is None:
            unasked.append((name, "it was not imported"))
        elif oldest is not None and at - found.listed_at > oldest:
            unasked.append((name, f"it is of {found.listed_at:%Y-%m-%d}: older than {oldest.days} days"))
        else:
            try:
                if number in opened(found.path, found.version):
                    on.append(name)
            except RecordError as problem:
                unasked.append((name, str(problem)))
    return Looked(tuple(on), tuple(unasked))
