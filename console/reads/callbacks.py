"""Callbacks that are open, and messages that callers left."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from calls.log import masked
from calls.records import voicemail


class CallbackRow(BaseModel):
    """Who is to be called back at ``due_at``; ``number`` masked; ``agent`` None: by everybody of the queue."""

    model_config = ConfigDict(frozen=True)
    id: int
    number: str
    queue: str
    due_at: datetime
    state: str
    tries: int
    agent: str | None
    booked_by: str


class MessageRow(BaseModel):
    """A message that a caller left in the call ``call``; ``caller`` masked for who may not see people."""

    model_config = ConfigDict(frozen=True)
    id: str
    call: str
    mailbox: str
    caller: str
    left_at: datetime
    duration_s: float
    state: str


def open_ones(connection: sqlite3.Connection) -> list[CallbackRow]:
    """Those that wait or are being made, by the time; 1000 at most."""
    rows = connection.execute(
        "SELECT callback_id AS id, number, queue, due_at, state, tries, agent_id AS agent, booked_by FROM callbacks"
        " WHERE state IN ('waiting', 'dialling') ORDER BY due_at, callback_id LIMIT 1000"
    )
    return [CallbackRow.model_validate({**_named(row), "number": masked(row["number"])}) for row in rows]


def messages(connection: sqlite3.Connection, mailbox: str | None, *, numbers: bool = False) -> list[MessageRow]:
    """Those that were not deleted, the oldest first: of one mailbox, or of all. ``numbers``: who asks may see
    people's."""
    return [
        MessageRow(
            id=each.message_id,
            call=each.call_id,
            mailbox=each.mailbox,
            caller=each.caller if numbers else masked(each.caller),
            left_at=each.left_at,
            duration_s=each.duration_s,
            state=each.state.value,
        )
        for each in voicemail.messages(connection, mailbox)
    ]


def _named(row: sqlite3.Row) -> dict[str, object]:
    return dict(zip(row.keys(), row, strict=True))
