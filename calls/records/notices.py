"""What is to be sent to people by mail, and reports by webhooks: kept until it was taken.

The functions run inside a transaction of the writer; those that only read also on a reading connection.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calls.records.outbox import MAX_ERROR
from calls.records.times import as_text, as_time
from calls.text import printable

WEBHOOK = "webhook "
"""Before the name of a webhook where it is the recipient. No address has a blank in it."""

KEPT_DAYS = 400
"""Who was sent what is kept for so long."""


class Kind(StrEnum):
    """What is told."""

    REPORT = "report"
    ALERT = "alert"


class State(StrEnum):
    """What became of it."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Notice:
    """One of them. ``ref``: of a report the period, of an alert its number and ``raised`` or ``cleared``."""

    notice_id: int
    kind: Kind
    name: str
    ref: str
    recipient: str
    again: int
    state: State
    created_at: datetime
    since_at: datetime
    next_try_at: datetime
    tries: int
    last_error: str

    @property
    def key(self) -> str:
        """The same each time that it is tried, and no other's: fit for a mail's id and an idempotency key."""
        whose = hashlib.sha256(f"{self.recipient} {as_text(self.created_at)}".encode()).hexdigest()[:16]
        return f"{self.kind.value}.{self.name}.{self.ref}.{self.again}.{whose}"

    @property
    def webhook(self) -> str | None:
        """The webhook to which it goes; None: it is a mail."""
        return self.recipient.removeprefix(WEBHOOK) if self.recipient.startswith(WEBHOOK) else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is not sent of a report or a target; ``last_error``: of what is tried again, or was given up."""

    kind: Kind
    name: str
    waiting: int
    failing: int
    """Of those that wait: how many were tried in vain."""
    dead: int
    last_error: str


_COLUMNS = "notice_id, kind, name, ref, recipient, again, state, created_at, since_at, next_try_at, tries, last_error"


def put(
    connection: sqlite3.Connection,
    kind: Kind,
    name: str,
    ref: str,
    recipients: Iterable[str],
    at: datetime,
    now: datetime,
) -> int:
    """Have it sent to each of ``recipients``, once however often it is put. ``at``: when it came due. How many are
    new."""
    return sum(
        connection.execute(
            "INSERT INTO notices (kind, name, ref, recipient, state, created_at, since_at, next_try_at)"
            " VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?) ON CONFLICT (kind, name, ref, recipient) DO NOTHING",
            (kind.value, name, ref, recipient, as_text(at), as_text(now), as_text(now)),
        ).rowcount
        for recipient in recipients
    )


def put_again(
    connection: sqlite3.Connection, kind: Kind, name: str, ref: str, recipients: Iterable[str], at: datetime
) -> None:
    """Have it sent by a person's order, also to who has it already: under a new key where it was sent."""
    for recipient in recipients:
        if not put(connection, kind, name, ref, [recipient], at, at):
            connection.execute(
                "UPDATE notices SET again = again + (state = 'sent'), state = 'waiting', since_at = ?,"
                " next_try_at = ?, tries = 0, last_error = '', ended_at = NULL"
                " WHERE kind = ? AND name = ? AND ref = ? AND recipient = ?",
                (as_text(at), as_text(at), kind.value, name, ref, recipient),
            )


def due(connection: sqlite3.Connection, at: datetime) -> Notice | None:
    """The one that is due for longest; None: none is."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM notices WHERE state = 'waiting' AND next_try_at <= ?"
        " ORDER BY next_try_at, notice_id LIMIT 1",
        (as_text(at),),
    ).fetchone()
    return None if row is None else _notice(row)


def next_due_at(connection: sqlite3.Connection) -> datetime | None:
    """When the next is to be tried; None: none waits."""
    (at,) = connection.execute("SELECT min(next_try_at) FROM notices WHERE state = 'waiting'").fetchone()
    return None if at is None else as_time(at)


def note_sent(connection: sqlite3.Connection, notice: Notice, at: datetime) -> None:
    """It was taken. Of one that a person has ordered anew meanwhile nothing is noted."""
    connection.execute(
        "UPDATE notices SET state = 'sent', tries = tries + 1, last_error = '', ended_at = ?"
        " WHERE notice_id = ? AND again = ? AND since_at = ?",
        (as_text(at), notice.notice_id, notice.again, as_text(notice.since_at)),
    )


def note_failed(connection: sqlite3.Connection, notice: Notice, why: str, again_at: datetime) -> None:
    """It was not taken, and is tried again at ``again_at``."""
    connection.execute(
        "UPDATE notices SET tries = tries + 1, last_error = ?, next_try_at = ? WHERE notice_id = ? AND since_at = ?",
        (printable(why)[:MAX_ERROR], as_text(again_at), notice.notice_id, as_text(notice.since_at)),
    )


def note_dead(connection: sqlite3.Connection, notice: Notice, why: str, at: datetime) -> None:
    """It is given up."""
    connection.execute(
        "UPDATE notices SET state = 'dead', tries = tries + 1, last_error = ?, ended_at = ?"
        " WHERE notice_id = ? AND since_at = ?",
        (printable(why)[:MAX_ERROR], as_text(at), notice.notice_id, as_text(notice.since_at)),
    )


def standing(connection: sqlite3.Connection) -> list[Standing]:
    """What is not sent, by report and target."""
    rows = connection.execute(
        "SELECT kind, name, sum(state = 'waiting'), sum(state = 'waiting' AND tries > 0), sum(state = 'dead'),"
        " (SELECT last_error FROM notices n WHERE n.kind = notices.kind AND n.name = notices.name"
        "  AND n.state <> 'sent' AND n.last_error <> '' ORDER BY n.notice_id DESC LIMIT 1)"
        " FROM notices WHERE state <> 'sent' GROUP BY kind, name ORDER BY kind, name"
    )
    return [
        Standing(Kind(kind), name, waiting, failing, dead, error or "")
        for kind, name, waiting, failing, dead, error in rows
    ]


def forget(connection: sqlite3.Connection, before: datetime) -> None:
    """Take out those that ended before then."""
    connection.execute("DELETE FROM notices WHERE ended_at < ?", (as_text(before),))


def planned_until(connection: sqlite3.Connection) -> dict[str, datetime]:
    """Up to when each scheduled report was planned."""
    rows = connection.execute("SELECT name, planned_until FROM report_schedules")
    return {name: as_time(at) for name, at in rows}


def note_planned(connection: sqlite3.Connection, names: Iterable[str], at: datetime) -> None:
    """These, and no others, are planned up to then, where they were not planned further already."""
    wanted = list(names)
    known = planned_until(connection)
    connection.executemany(
        "DELETE FROM report_schedules WHERE name = ?", [(name,) for name in known if name not in wanted]
    )
    connection.executemany(
        "INSERT INTO report_schedules (name, planned_until) VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
        " SET planned_until = max(planned_until, excluded.planned_until)",
        [(name, as_text(at)) for name in wanted],
    )


def _notice(row: tuple[object, ...]) -> Notice:
    number, kind, name, ref, recipient, again, state, created, since, next_try, tries, error = row
    return Notice(
        int(str(number)),
        Kind(str(kind)),
        str(name),
        str(ref),
        str(recipient),
        int(str(again)),
        State(str(state)),
        as_time(str(created)),
        as_time(str(since)),
        as_time(str(next_try)),
        int(str(tries)),
        str(error),
    )
