"""Who has guessed too often: tries at a PIN by account and by caller, and when the next may come.

A try is counted before it is judged, in one transaction, so that a thousand guesses at once are still a thousand
tries. Functions of a connection, run inside a transaction of the writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from calls.text import printable


class Side(StrEnum):
    """Of whom tries are counted."""

    ACCOUNT = "account"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many tries are judged, by account and by caller; one more locks for ``locked_s``.

    An account's tries count until none came for ``within_s`` seconds: so no two windows meet, at whose border the
    tries of both could be had. A caller's count for ``within_s`` from the first: many people may share a number, and
    one of them always errs.
    """

    by_account: int
    by_caller: int
    within_s: float
    locked_s: float


@dataclass(frozen=True, slots=True)
class Try:
    """One try at the PIN of ``account`` by ``caller`` ("" where the number is not known: then it is not counted)."""

    authenticator: str
    account: str
    caller: str

    def sides(self) -> Iterator[tuple[Side, str]]:
        """Of whom it is counted."""
        if self.caller:
            yield Side.CALLER, self.caller
        yield Side.ACCOUNT, self.account


def begin(connection: sqlite3.Connection, tried: Try, limits: Limits, now: datetime) -> datetime | None:
    """Count a try. None: it may be judged; else it may not, and this is when the lock ends.

    A caller who is locked has no tries at accounts: nobody locks those of others from there. What counts no more is
    taken out on the way: whoever keys one account after the other fills no table.
    """
    _forget(connection, tried.authenticator, limits, now)
    for side, who in tried.sides():
        if (until := _counted(connection, tried, side, who, limits, now)) is not None:
            return until
    return None


def succeeded(connection: sqlite3.Connection, tried: Try) -> None:
    """The try was right: the account begins anew, and the try does not count for the caller. The caller's others do:
    who has an account too must not win back, by its PIN, guesses at those of others."""
    for side, who in tried.sides():
        key = (tried.authenticator, side.value, who)
        connection.execute(
            "UPDATE pin_tries SET tries = iif(side = 'caller', tries - 1, 0)"
            " WHERE authenticator = ? AND side = ? AND who = ?",
            key,
        )
        connection.execute(
            "DELETE FROM pin_tries WHERE authenticator = ? AND side = ? AND who = ? AND tries <= 0", key
        )


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock in force."""

    authenticator: str
    side: Side
    who: str
    until: datetime


def locks(connection: sqlite3.Connection, now: datetime) -> list[Lock]:
    """The locks in force, the longest last."""
    rows = connection.execute(
        "SELECT authenticator, side, who, locked_until FROM pin_tries WHERE locked_until > ? ORDER BY locked_until",
        (as_text(now),),
    )
    return [Lock(name, Side(side), who, as_time(until)) for name, side, who, until in rows]


def unlock(connection: sqlite3.Connection, who: str, by: str, now: datetime) -> int:
    """Forget the tries of an account or a caller; how many counts there were."""
    removed = connection.execute("DELETE FROM pin_tries WHERE who = ?", (who,)).rowcount
    if removed:
        add_audit(connection, now, by, "pin.unlock", {"who": printable(who)})
    return removed


def _forget(connection: sqlite3.Connection, authenticator: str, limits: Limits, now: datetime) -> None:
    """Take out whose tries are too long ago and whose lock, where there was one, is over."""
    connection.execute(
        "DELETE FROM pin_tries WHERE authenticator = ?"
        " AND iif(locked_until IS NULL, since_at <= ?, locked_until <= ?)",
        (authenticator, as_text(now - timedelta(seconds=limits.within_s)), as_text(now)),
    )


def _counted(
    connection: sqlite3.Connection, tried: Try, side: Side, who: str, limits: Limits, now: datetime
) -> datetime | None:
    key = (tried.authenticator, side.value, who)
    row = connection.execute(
        "SELECT tries, since_at, locked_until FROM pin_tries WHERE authenticator = ? AND side = ? AND who = ?", key
    ).fetchone()
    tries, since = (0, now) if row is None else (int(row[0]), as_time(row[1]))
    locked = None if row is None or row[2] is None else as_time(row[2])
    if locked is not None and now < locked:
        return locked
    if locked is not None or now - since >= timedelta(seconds=limits.within_s):
        tries, since = 0, now
    if side is Side.ACCOUNT:
        since = now
    tries += 1
    most = limits.by_account if side is Side.ACCOUNT else limits.by_caller
    until = now + timedelta(seconds=limits.locked_s) if tries > most else None
    connection.execute(
        "INSERT INTO pin_tries (authenticator, side, who, tries, since_at, locked_until) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (authenticator, side, who) DO UPDATE SET tries = excluded.tries, since_at = excluded.since_at,"
        " locked_until = excluded.locked_until",
        (*key, tries, as_text(since), None if until is None else as_text(until)),
    )
    return until
