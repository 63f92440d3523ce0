"""The outbox: what calls tell to servers of others, kept until it was taken.

The functions run inside a transaction of the writer; those that only read also on a reading connection.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from calls.records.times import as_text, as_time
from calls.text import printable

MAX_ERROR = 300
"""How much is kept of why a message was not taken."""


class State(StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    """Refused, or given up: it is sent again only when a person says so."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a call writes it. ``body`` is JSON and may be about a person: it is never shown."""

    idempotency_key: str
    webhook: str
    call_id: str
    node: str
    body: str = field(repr=False)
    flow: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as it stands in the outbox."""

    message_id: int
    message: Message
    state: State
    created_at: datetime
    since_at: datetime
    """Since when it is tried: when it was written, or when a person last said that it be sent again."""
    next_try_at: datetime
    tries: int
    last_error: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages of a webhook are not sent; ``oldest_at``: since when the oldest waits, None: none does."""

    webhook: str
    waiting: int
    dead: int
    oldest_at: datetime | None


_COLUMNS = (
    "message_id, idempotency_key, webhook, call_id, node, body, flow, state, created_at, since_at, next_try_at,"
    " tries, last_error"
)


def issue_reference(connection: sqlite3.Connection, call_id: str, key: str, at: datetime) -> str:
    """A short number that no other call was ever told; the same again for the same visit of the same call."""
    connection.execute(
        "INSERT INTO issued_references (call_id, key, issued_at) VALUES (?, ?, ?)"
        " ON CONFLICT (call_id, key) DO NOTHING",
        (call_id, key, as_text(at)),
    )
    row = connection.execute(
        "SELECT reference FROM issued_references WHERE call_id = ? AND key = ?", (call_id, key)
    ).fetchone()
    return str(row[0])


def put(connection: sqlite3.Connection, message: Message, at: datetime) -> bool:
    """Keep a message, to be sent at once. False where it is kept already."""
    put_in = connection.execute(
        "INSERT INTO outbox"
        " (idempotency_key, webhook, call_id, flow, node, body, state, created_at, since_at, next_try_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?)"
        " ON CONFLICT (idempotency_key) DO NOTHING",
        (
            message.idempotency_key,
            message.webhook,
            message.call_id,
            message.flow,
            message.node,
            message.body,
            *[as_text(at)] * 3,
        ),
    )
    return put_in.rowcount == 1


def due(
    connection: sqlite3.Connection, webhook: str, at: datetime, limit: int, without: Iterable[int] = ()
) -> list[Kept]:
    """Up to ``limit`` messages of ``webhook`` to be sent by ``at``, the longest due first; those of ``without`` are
    left out: they are under way."""
    under_way = set(without)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE webhook = ? AND state = 'waiting' AND next_try_at <= ?"
        " ORDER BY next_try_at, message_id LIMIT ?",
        (webhook, as_text(at), limit + len(under_way)),
    )
    return [kept for kept in map(_kept, rows) if kept.message_id not in under_way][:limit]


def next_due_at(connection: sqlite3.Connection, webhook: str, without: Iterable[int] = ()) -> datetime | None:
    """When the next message of ``webhook`` is to be sent; None: none waits."""
    under_way = set(without)
    rows = connection.execute(
        "SELECT message_id, next_try_at FROM outbox WHERE webhook = ? AND state = 'waiting'"
        " ORDER BY next_try_at LIMIT ?",
        (webhook, len(under_way) + 1),
    )
    return next((as_time(at) for message_id, at in rows if message_id not in under_way), None)


def note_sent(connection: sqlite3.Connection, message_id: int, at: datetime) -> None:
    """The server took it."""
    connection.execute(
        "UPDATE outbox SET state = 'sent', tries = tries + 1, last_error = '', ended_at = ? WHERE message_id = ?",
        (as_text(at), message_id),
    )


def note_failed(connection: sqlite3.Connection, message_id: int, why: str, again_at: datetime) -> None:
    """The server did not take it; it is sent again at ``again_at``."""
    connection.execute(
        "UPDATE outbox SET tries = tries + 1, last_error = ?, next_try_at = ? WHERE message_id = ?",
        (printable(why)[:MAX_ERROR], as_text(again_at), message_id),
    )


def note_dead(connection: sqlite3.Connection, message_id: int, why: str, at: datetime) -> None:
    """The server refused it, or it is given up."""
    connection.execute(
        "UPDATE outbox SET state = 'dead', tries = tries + 1, last_error = ?, ended_at = ? WHERE message_id = ?",
        (printable(why)[:MAX_ERROR], as_text(at), message_id),
    )


def retry(connection: sqlite3.Connection, at: datetime, message_id: int | None = None) -> int:
    """Send a dead or waiting message at once, as if it were new; without an id all that are dead. How many."""
    what = "state = 'dead'" if message_id is None else "state <> 'sent' AND message_id = ?"
    changed = connection.execute(
        "UPDATE outbox SET state = 'waiting', tries = 0, since_at = ?, next_try_at = ?, ended_at = NULL"
        f" WHERE {what}",
        (as_text(at), as_text(at), *(() if message_id is None else (message_id,))),
    )
    return changed.rowcount


def backlog(connection: sqlite3.Connection) -> list[Backlog]:
    """What is not sent, by webhook."""
    rows = connection.execute(
        "SELECT webhook, sum(state = 'waiting'), sum(state = 'dead'), min(iif(state = 'waiting', created_at, NULL))"
        " FROM outbox WHERE state <> 'sent' GROUP BY webhook ORDER BY webhook"
    )
    return [
        Backlog(webhook, waiting, dead, None if oldest is None else as_time(oldest))
        for webhook, waiting, dead, oldest in rows
    ]


def messages(connection: sqlite3.Connection, state: State | None, limit: int) -> Iterator[Kept]:
    """The newest messages, of one state or of any."""
    where, values = ("", ()) if state is None else ("WHERE state = ?", (state.value,))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox {where} ORDER BY message_id DESC LIMIT ?", (*values, limit)
    )
    return map(_kept, rows)


def old(connection: sqlite3.Connection, state: State, before: datetime) -> int:
    """How many messages :func:`forget` would take out."""
    found = connection.execute(
        "SELECT count(*) FROM outbox WHERE state = ? AND ended_at < ?", (state.value, as_text(before))
    )
    return int(found.fetchone()[0])


def forget(connection: sqlite3.Connection, state: State, before: datetime, limit: int = 1_000) -> int:
    """Take out up to ``limit`` messages that were taken, or given up, before then: what is in them is about people.
    How many."""
    gone = connection.execute(
        "DELETE FROM outbox WHERE message_id IN"
        " (SELECT message_id FROM outbox WHERE state = ? AND ended_at < ? LIMIT ?)",
        (state.value, as_text(before), limit),
    )
    return gone.rowcount


def _kept(row: sqlite3.Row | tuple[object, ...]) -> Kept:
    message_id, key, webhook, call_id, node, body, flow, state, created, since, next_try, tries, error = row
    return Kept(
        message_id=int(str(message_id)),
        message=Message(
            str(key), str(webhook), str(call_id), str(node), str(body), None if flow is None else str(flow)
        ),
        state=State(str(state)),
        created_at=as_time(str(created)),
        since_at=as_time(str(since)),
        next_try_at=as_time(str(next_try)),
        tries=int(str(tries)),
        last_error=str(error),
    )
