"""What happens to calls, told to the webhooks that asked for it: in the transaction that writes it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from calls.records import outbox
from calls.records.outbox import Message


class Event(StrEnum):
    """What a webhook may ask for in ``events``."""

    AGENT_OFFERED = "agent_offered"
    """A call is being led to an agent: the phone rings, or will be connected at once."""
    AGENT_CONNECTED = "agent_connected"
    CALL_ENDED = "call_ended"
    DISPOSITION = "disposition"
    CALLBACK_BOOKED = "callback_booked"
    CALLBACK_REMINDER = "callback_reminder"
    DO_NOT_CALL_ADDED = "do_not_call_added"
    CAMPAIGN_FAULT = "campaign_fault"
    """A campaign cannot go on and was paused: a person has to look."""


Values = Mapping[str, str | int | float | bool | None]


def subscribe(connection: sqlite3.Connection, wanted: Iterable[tuple[str, Event]]) -> None:
    """From now on these webhooks, and no others, are told of these events."""
    connection.execute("DELETE FROM webhook_events")
    connection.executemany(
        "INSERT INTO webhook_events (webhook, event) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(webhook, event.value) for webhook, event in wanted],
    )


def publish(
    connection: sqlite3.Connection, event: Event, key: str, call_id: str, values: Values, at: datetime
) -> None:
    """Write a message for each webhook that asked for ``event``; once for each ``key``, however often it is told.

    ``values`` may be about a person: they are never logged.
    """
    rows = connection.execute("SELECT webhook FROM webhook_events WHERE event = ? ORDER BY webhook", (event.value,))
    for (webhook,) in rows.fetchall():
        identity = f"{webhook}:{event.value}:{key}"
        body = {
            "id": identity,
            "webhook": webhook,
            "event": event.value,
            "call_id": call_id,
            "at": at.isoformat(timespec="milliseconds"),
            "values": dict(values),
        }
        outbox.put(connection, Message(identity, webhook, call_id, event.value, json.dumps(body)), at)
