"""What agents say came of their calls. Functions of a connection, run inside a transaction of the writer.

A contact is one agent's talk in one call. Its disposition may be changed while it is open, from the begin of the talk
to the end of the wrap-up. The call's record and the end of the wrap-up come in any order: whichever is the later one
writes the disposition into the record (:func:`settle_record`), and only the first time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from calls.dispositions import NONE, Disposition
from calls.ids import AgentId, CallId, CampaignId, LeadId, QueueName
from calls.records.published import Event, publish
from calls.records.times import as_text, as_time
from calls.text import printable


@dataclass(frozen=True, slots=True)
class Begun:
    """A talk that has begun. ``number`` is the person's; ``required``: its wrap-up ends only with a disposition."""

    call_id: CallId
    agent_id: AgentId
    number: str
    queue: QueueName | None
    campaign_id: CampaignId | None
    lead_id: LeadId | None
    required: bool
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """What an agent said. ``value``: what was sold for, a decimal number as a text; None: it was no sale."""

    disposition: str
    effects: Disposition
    note: str = ""
    value: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A talk, and what was said of it: ``given`` None: nothing yet, or ``none`` at the end of a wrap-up."""

    begun: Begun
    given: Given | None
    given_at: datetime | None
    closed_at: datetime | None
    settled_at: datetime | None


_COLUMNS = (
    "call_id, agent_id, number, queue, campaign_id, lead_id, required, began_at, disposition, effects, note,"
    " sale_value, sale_currency, given_at, closed_at, settled_at"
)


def begin(connection: sqlite3.Connection, begun: Begun) -> None:
    """A talk has begun. The same agent's second talk in a call opens the contact again, where it is not settled."""
    connection.execute(
        "INSERT INTO contacts (call_id, agent_id, number, queue, campaign_id, lead_id, required, began_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET closed_at = NULL WHERE settled_at IS NULL",
        (
            begun.call_id,
            begun.agent_id,
            printable(begun.number),
            begun.queue,
            begun.campaign_id,
            begun.lead_id,
            begun.required,
            as_text(begun.began_at),
        ),
    )


def contact(connection: sqlite3.Connection, call_id: CallId, agent_id: AgentId) -> Contact | None:
    """One agent's talk in a call."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM contacts WHERE call_id = ? AND agent_id = ?", (call_id, agent_id)
    ).fetchone()
    return None if row is None else _contact(row)


def contacts_of(connection: sqlite3.Connection, call_id: CallId) -> list[Contact]:
    """The talks of a call, the first one first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM contacts WHERE call_id = ? ORDER BY began_at", (call_id,))
    return [_contact(row) for row in rows]


def give(connection: sqlite3.Connection, call_id: CallId, agent_id: AgentId, given: Given, at: datetime) -> bool:
    """Keep what an agent says, in place of what was said before. False where the wrap-up is over, or there is no
    such talk."""
    changed = connection.execute(
        "UPDATE contacts SET disposition = ?, effects = ?, note = ?, sale_value = ?, sale_currency = ?, given_at = ?"
        " WHERE call_id = ? AND agent_id = ? AND closed_at IS NULL",
        (*_said(given), as_text(at), call_id, agent_id),
    )
    return changed.rowcount == 1


def correct(connection: sqlite3.Connection, call_id: CallId, agent_id: AgentId, given: Given, at: datetime) -> None:
    """Put another disposition in the place of a closed contact's, to be settled again."""
    connection.execute(
        "UPDATE contacts SET disposition = ?, effects = ?, note = ?, sale_value = ?, sale_currency = ?, given_at = ?,"
        " settled_at = NULL WHERE call_id = ? AND agent_id = ? AND closed_at IS NOT NULL",
        (*_said(given), as_text(at), call_id, agent_id),
    )


def _said(given: Given) -> tuple[str | None, ...]:
    return (
        given.disposition,
        given.effects.model_dump_json(exclude_defaults=True),
        printable(given.note),
        given.value,
        given.currency,
    )


def close(connection: sqlite3.Connection, call_id: CallId, agent_id: AgentId, at: datetime) -> bool:
    """The agent's wrap-up is over: ``none`` where a disposition was required and is missing. False: it was closed."""
    changed = connection.execute(
        "UPDATE contacts SET closed_at = ?,"
        " disposition = CASE WHEN disposition IS NULL AND required THEN ? ELSE disposition END"
        " WHERE call_id = ? AND agent_id = ? AND closed_at IS NULL",
        (as_text(at), NONE, call_id, agent_id),
    )
    return changed.rowcount == 1


def close_left(
    connection: sqlite3.Connection, still_open: Iterable[tuple[CallId, AgentId]], at: datetime
) -> list[Begun]:
    """After a restart: close what no agent is at any more; those that were closed."""
    kept = set(still_open)
    rows = connection.execute(f"SELECT {_COLUMNS} FROM contacts WHERE closed_at IS NULL").fetchall()
    left = [_contact(row).begun for row in rows]
    over = [each for each in left if (each.call_id, each.agent_id) not in kept]
    for each in over:
        close(connection, each.call_id, each.agent_id, at)
    return over


def any_open(connection: sqlite3.Connection, campaign_id: CampaignId) -> bool:
    """True where an agent may still say what becomes of a lead of the campaign."""
    row = connection.execute(
        "SELECT 1 FROM contacts WHERE campaign_id = ? AND closed_at IS NULL LIMIT 1", (campaign_id,)
    ).fetchone()
    return row is not None


def wrong_numbers(connection: sqlite3.Connection, lead_id: LeadId) -> set[str]:
    """The numbers of a lead of which an agent said that they are somebody else's."""
    rows = connection.execute(
        "SELECT number FROM contacts WHERE lead_id = ? AND closed_at IS NOT NULL"
        " AND json_extract(effects, '$.next_number')",
        (lead_id,),
    )
    return {row[0] for row in rows}


def settle_record(connection: sqlite3.Connection, call_id: CallId, at: datetime) -> Contact | None:
    """Write the disposition into the call's record, where both are there: once, of the agent who stands in the
    record. The contact where this was that once, else None."""
    row = connection.execute(
        f"UPDATE contacts SET settled_at = ? WHERE call_id = ? AND settled_at IS NULL AND closed_at IS NOT NULL"
        " AND disposition IS NOT NULL AND agent_id = (SELECT agent_id FROM calls WHERE calls.call_id ="
        f" contacts.call_id) RETURNING {_COLUMNS}",
        (as_text(at), call_id),
    ).fetchone()
    if row is None:
        return None
    effects = json.loads(row[9])
    connection.execute(
        "UPDATE calls SET disposition = ?, disposition_note = ?, disposition_machine = ?, wrong_number = ?,"
        " sale_value = ?, sale_currency = ? WHERE call_id = ?",
        (row[8], row[10], bool(effects.get("machine")), bool(effects.get("next_number")), row[11], row[12], call_id),
    )
    settled = _contact(row)
    begun = settled.begun
    told = {
        "agent": begun.agent_id,
        "number": begun.number,
        "queue": begun.queue,
        "campaign_id": begun.campaign_id,
        "lead_id": begun.lead_id,
        "disposition": row[8],
        "note": row[10],
        "value": row[11],
        "currency": row[12],
    }
    publish(connection, Event.DISPOSITION, f"{call_id}:{row[13] or row[14]}", call_id, told, at)
    return settled


def _contact(row: tuple[str, ...]) -> Contact:
    begun = Begun(
        call_id=CallId(row[0]),
        agent_id=AgentId(row[1]),
        number=row[2],
        queue=QueueName(row[3]) if row[3] is not None else None,
        campaign_id=CampaignId(row[4]) if row[4] is not None else None,
        lead_id=LeadId(row[5]) if row[5] is not None else None,
        required=bool(row[6]),
        began_at=as_time(row[7]),
    )
    given = None
    if row[8] is not None and row[13] is not None:
        given = Given(row[8], Disposition.model_validate_json(row[9]), row[10], row[11], row[12])
    at = [None if text is None else as_time(text) for text in row[13:16]]
    return Contact(begun, given, *at)
