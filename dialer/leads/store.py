"""Leads into a list of the store: what is in already is left as it is, so that the same again changes nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime

from calls.errors import LeadError
from calls.ids import LeadId, ListId, is_safe_id
from calls.records.times import as_text
from dialer import enrolment, roll
from dialer.leads.file import LeadFile, NewLead
from dialer.leads.report import ImportReport, Stored


def import_csv(
    connection: sqlite3.Connection, leads: LeadFile, list_name: str, now: datetime, new_id: Callable[[], str]
) -> ImportReport:
    """Import the whole file within the caller's transaction; gives what became of each row.

    Raises:
        LeadError: the list's name cannot be one.
    """
    list_id = open_list(connection, list_name, now, new_id)
    for batch in leads.batches():
        leads.report.take(store_batch(connection, list_id, batch, now, new_id))
    return leads.report


def open_list(connection: sqlite3.Connection, name: str, now: datetime, new_id: Callable[[], str]) -> ListId:
    """The list of this name, made where there is none.

    Raises:
        LeadError: the name has other characters than a list's name has.
    """
    if not is_safe_id(name):
        raise LeadError(f"a list's name has 1 to 64 letters, digits, _ and -: {name!r} is none")
    connection.execute(
        "INSERT INTO lists (list_id, name, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (new_id(), name, as_text(now)),
    )
    row = connection.execute("SELECT list_id FROM lists WHERE name = ?", (name,)).fetchone()
    return ListId(row[0])


def store_batch(
    connection: sqlite3.Connection,
    list_id: ListId,
    batch: list[NewLead],
    now: datetime,
    new_id: Callable[[], str],
) -> Stored:
    """Add a batch to a list, and to the roll of the campaigns that dial it. A number that is in stays as it is."""
    imported = without_zone = 0
    for lead in batch:
        added = connection.execute(
            "INSERT INTO leads"
            " (lead_id, list_id, person_key, number, name, time_zones, fields, priority, imported_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (list_id, number) DO NOTHING",
            (
                LeadId(new_id()),
                list_id,
                lead.number,
                lead.number,
                lead.name,
                json.dumps(lead.time_zones),
                json.dumps(lead.fields, ensure_ascii=False),
                lead.priority,
                as_text(now),
            ),
        ).rowcount
        imported += added
        without_zone += added and not lead.time_zones
    for campaign in roll.dialling(connection, list_id):
        enrolment.step(connection, campaign)
    return Stored(imported, len(batch) - imported, without_zone)
