"""Who is never dialled. Functions of a connection, run inside a transaction of the writer.

An entry counts from its commit on: an attempt looks for it inside its own transaction. Every change is written to
the audit, with the number's last digits only.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from calls.log import masked
from calls.numbers import NumberProblem, is_dialable
from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from calls.text import printable


@dataclass(frozen=True, slots=True)
class Entry:
    """A number that is never dialled, in E.164 with ``+``; ``source``: where it came from (a caller, a file)."""

    number: str
    source: str
    reason: str
    added_at: datetime
    added_by: str


def add(connection: sqlite3.Connection, entry: Entry) -> bool:
    """Put a number on the list. False where it is there already: who was first, and why, stays.

    Raises:
        NumberProblem: not in E.164; ``calls.numbers.to_e164`` makes it so.
    """
    number = _checked(entry.number)
    added = connection.execute(
        "INSERT INTO do_not_call (number, source, reason, added_at, added_by) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (number) DO NOTHING",
        (
            number,
            printable(entry.source),
            printable(entry.reason),
            as_text(entry.added_at),
            printable(entry.added_by),
        ),
    )
    if added.rowcount == 0:
        return False
    detail = {"number": masked(number), "source": printable(entry.source), "reason": printable(entry.reason)}
    add_audit(connection, entry.added_at, printable(entry.added_by), "do_not_call.add", detail)
    return True


def remove(connection: sqlite3.Connection, number: str, *, at: datetime, who: str, reason: str) -> bool:
    """Take a number off the list. False where it is not on it.

    Raises:
        NumberProblem: not in E.164.
    """
    removed = connection.execute("DELETE FROM do_not_call WHERE number = ?", (_checked(number),))
    if removed.rowcount == 0:
        return False
    detail = {"number": masked(number), "reason": printable(reason)}
    add_audit(connection, at, printable(who), "do_not_call.remove", detail)
    return True


def contains(connection: sqlite3.Connection, number: str) -> bool:
    """True where the number is never to be dialled.

    Raises:
        NumberProblem: not in E.164: no answer is given for a spelling that the list cannot hold.
    """
    found = connection.execute("SELECT 1 FROM do_not_call WHERE number = ?", (_checked(number),)).fetchone()
    return found is not None


def entries(connection: sqlite3.Connection) -> list[Entry]:
    """The whole list, by number."""
    rows = connection.execute("SELECT number, source, reason, added_at, added_by FROM do_not_call ORDER BY number")
    return [Entry(number, source, reason, as_time(at), by) for number, source, reason, at, by in rows]


def _checked(number: str) -> str:
    if not is_dialable(number):
        raise NumberProblem("expected a number in E.164, e.g. +12025550123")
    return number
