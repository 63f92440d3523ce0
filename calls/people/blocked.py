"""Callers who are turned away, and those whom supervisors are to look at. Functions of a connection."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from calls import numbers
from calls.ids import CallId
from calls.log import masked
from calls.numbers import NumberProblem
from calls.people import erased
from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from calls.text import printable


@dataclass(frozen=True, slots=True)
class Blocked:
    """A number that is turned away; ``until`` None: until it is taken off."""

    number: str
    reason: str
    until: datetime | None
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class Flagged:
    """Something of a call that a supervisor is to see."""

    call_id: CallId
    number: str
    what: str
    at: datetime


def spelled(number: str, region: str | None) -> str:
    """One spelling for each number: E.164 where it is such, else as the switch gives it."""
    try:
        return numbers.to_e164(number, region)
    except NumberProblem:
        return printable(number)[: numbers.MAX_WRITTEN]


def add(connection: sqlite3.Connection, entry: Blocked) -> bool:
    """Block a number, or change why and until when. False where it was blocked before."""
    was = erased.token_if_erased(connection, entry.number)
    connection.execute(  # the new entry holds from now on, and none of before its person was erased
        "UPDATE OR REPLACE blocked_numbers SET number = ? WHERE number = ?", (entry.number, was)
    )
    known = connection.execute("SELECT 1 FROM blocked_numbers WHERE number = ?", (entry.number,)).fetchone()
    until = None if entry.until is None else as_text(entry.until)
    connection.execute(
        "INSERT INTO blocked_numbers (number, reason, until_at, added_at, added_by) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (number) DO UPDATE SET reason = excluded.reason, until_at = excluded.until_at,"
        " added_at = excluded.added_at, added_by = excluded.added_by",
        (entry.number, printable(entry.reason), until, as_text(entry.added_at), printable(entry.added_by)),
    )
    detail = {"number": masked(entry.number), "reason": printable(entry.reason), "until": until}
    add_audit(connection, entry.added_at, printable(entry.added_by), "block.add", detail)
    return known is None


def remove(connection: sqlite3.Connection, number: str, who: str, at: datetime) -> bool:
    """Take a number off. False where it was not blocked."""
    was = erased.token_if_erased(connection, number)
    if connection.execute("DELETE FROM blocked_numbers WHERE number IN (?, ?)", (number, was)).rowcount == 0:
        return False
    add_audit(connection, at, printable(who), "block.remove", {"number": masked(number)})
    return True


def entries(connection: sqlite3.Connection) -> list[Blocked]:
    """All of them, those too that are over."""
    rows = connection.execute(
        "SELECT number, reason, until_at, added_at, added_by FROM blocked_numbers ORDER BY number"
    )
    return [
        Blocked(number, reason, as_time(until) if until else None, as_time(at), by)
        for number, reason, until, at, by in rows
    ]


def is_blocked(connection: sqlite3.Connection, number: str, at: datetime) -> bool:
    """True where the number, in the spelling of :func:`spelled`, is turned away now."""
    row = connection.execute(
        "SELECT 1 FROM blocked_numbers WHERE number IN (?, ?) AND (until_at IS NULL OR until_at > ?)",
        (number, erased.token_if_erased(connection, number), as_text(at)),
    ).fetchone()
    return row is not None


def calls_of(connection: sqlite3.Connection, caller: str, since: datetime, but: CallId) -> int:
    """How many calls of this caller, as the switch gives the number, began since then or are up, one not counted."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM calls WHERE caller = :caller AND started_at >= :since"
        " AND direction = 'inbound' AND call_id <> :but)"
        " + (SELECT count(*) FROM live_calls WHERE caller = :caller AND direction = 'inbound' AND call_id <> :but)",
        {"caller": caller, "since": as_text(since), "but": but},
    ).fetchone()
    return int(row[0])


def flag(connection: sqlite3.Connection, key: str, flagged: Flagged) -> bool:
    """Have supervisors look at something; once for each visit."""
    written = connection.execute(
        "INSERT INTO flags (call_id, key, number, what, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (flagged.call_id, key, printable(flagged.number), printable(flagged.what), as_text(flagged.at)),
    )
    return written.rowcount == 1


def flags(connection: sqlite3.Connection, since: datetime, limit: int) -> list[Flagged]:
    """The newest, since then."""
    rows = connection.execute(
        "SELECT call_id, number, what, at FROM flags WHERE at >= ? ORDER BY at DESC LIMIT ?", (as_text(since), limit)
    )
    return [Flagged(CallId(call_id), number, what, as_time(at)) for call_id, number, what, at in rows]
