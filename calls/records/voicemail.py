"""Messages that callers left, in the store. Functions of a connection, run inside a transaction of the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calls.ids import CallId
from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from calls.text import printable

COLUMNS = "message_id, mailbox, call_id, effect_key, caller, left_at, duration_s, state, changed_at"


class MessageState(StrEnum):
    """What became of a message."""

    NEW = "new"
    HEARD = "heard"
    DELETED = "deleted"
    """Its recording is gone; the row stays."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``duration_s`` in seconds; ``caller`` as the switch gave it, or ""."""

    message_id: str
    mailbox: str
    call_id: CallId
    effect_key: str
    caller: str
    left_at: datetime
    duration_s: float
    state: MessageState
    changed_at: datetime


def add_message(connection: sqlite3.Connection, message: Message) -> bool:
    """Keep a message. False where it is kept already: nothing changes then."""
    added = connection.execute(
        f"INSERT INTO voicemail ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            message.message_id,
            message.mailbox,
            message.call_id,
            message.effect_key,
            printable(message.caller),
            as_text(message.left_at),
            message.duration_s,
            message.state.value,
            as_text(message.changed_at),
        ),
    )
    return added.rowcount == 1


def messages(
    connection: sqlite3.Connection, mailbox: str | None = None, *, deleted: bool = False
) -> tuple[Message, ...]:
    """The messages, the oldest first: of one mailbox, or of all; those too that are ``deleted`` where asked for."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM voicemail WHERE (?1 IS NULL OR mailbox = ?1) AND (?2 OR state <> 'deleted')"
        " ORDER BY left_at, message_id",
        (mailbox, deleted),
    )
    return tuple(_message(row) for row in rows)


def message(connection: sqlite3.Connection, message_id: str) -> Message | None:
    """The message of this id."""
    row = connection.execute(f"SELECT {COLUMNS} FROM voicemail WHERE message_id = ?", (message_id,)).fetchone()
    return None if row is None else _message(row)


def set_state(connection: sqlite3.Connection, message_id: str, state: MessageState, who: str, now: datetime) -> bool:
    """Let a message be in ``state``, with an entry in the audit. False, and nothing changes, where it is so
    already, is deleted, or there is none of this id."""
    changed = connection.execute(
        "UPDATE voicemail SET state = ?, changed_at = ? WHERE message_id = ? AND state NOT IN (?, 'deleted')",
        (state.value, as_text(now), message_id, state.value),
    ).rowcount
    if changed:
        detail: Mapping[str, object] = {"message": message_id, "state": state.value}
        add_audit(connection, now, who, "voicemail.state", detail)
    return changed == 1


def _message(row: tuple[str, str, str, str, str, str, float, str, str]) -> Message:
    message_id, mailbox, call_id, key, caller, left_at, duration_s, state, changed_at = row
    return Message(
        message_id,
        mailbox,
        CallId(call_id),
        key,
        caller,
        as_time(left_at),
        duration_s,
        MessageState(state),
        as_time(changed_at),
    )
