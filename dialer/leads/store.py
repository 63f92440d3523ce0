"""Leads into a list of the store, batch by batch: each in a transaction of its own, with how far the import has come.

What is in the list already is left as it is, so that the same again changes nothing. An import that was cut off goes
on behind its last committed batch when the same file comes again for the same list.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from functools import lru_cache

from calls.errors import LeadError
from calls.ids import LeadId, ListId, is_safe_id
from calls.records.times import as_text
from dialer import enrolment, roll
from dialer.leads import people
from dialer.leads.file import Batch, LeadFile, NewLead
from dialer.leads.people import BothDialled
from dialer.leads.report import SHOWN, Counts, ImportReport, RefusedRow

_COUNTS = ", ".join(each.name for each in fields(Counts))
_SET_COUNTS = ", ".join(f"{each.name} = ?" for each in fields(Counts))


@dataclass(frozen=True, slots=True)
class Import:
    """An import under way. ``options``: what decides how the file is read; another set is another import."""

    import_id: str
    list_id: ListId
    counts: Counts
    skip_known: bool = False
    """Leave out numbers that stand in any list."""


def import_leads(
    connection: sqlite3.Connection, leads: LeadFile, list_name: str, now: datetime, new_id: Callable[[], str]
) -> ImportReport:
    """Import the whole file within the caller's transaction; gives what became of the rows.

    Raises:
        LeadError: the list's name cannot be one.
    """
    running = begin(connection, list_name, "", "", "", False, now, new_id)
    for batch in leads.batches():
        running = store_batch(connection, running, batch, now)
    end(connection, running, now)
    return report(connection, running, leads, 0)


def begin(
    connection: sqlite3.Connection,
    list_name: str,
    file: str,
    digest: str,
    options: str,
    skip_known: bool,
    now: datetime,
    new_id: Callable[[], str],
) -> Import:
    """Begin an import, or go on with the one of the same file (by its ``digest``) into the same list with the same
    ``options`` that was cut off.

    Raises:
        LeadError: the list's name cannot be one.
    """
    list_id = open_list(connection, list_name, now, new_id)
    found = connection.execute(
        f"SELECT import_id, {_COUNTS} FROM imports WHERE list_id = ? AND digest = ? AND options = ? AND digest <> ''"
        " AND ended_at IS NULL",
        (list_id, digest, options),
    ).fetchone()
    if found is not None:
        return Import(found[0], list_id, Counts(*found[1:]), skip_known)
    import_id = new_id()
    connection.execute(
        "INSERT INTO imports (import_id, list_id, file, digest, options, began_at) VALUES (?, ?, ?, ?, ?, ?)",
        (import_id, list_id, file, digest, options, as_text(now)),
    )
    return Import(import_id, list_id, Counts(), skip_known)


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


def store_batch(connection: sqlite3.Connection, running: Import, batch: Batch, now: datetime) -> Import:
    """Add a batch to the list and to the roll of the campaigns that dial it; gives how far the import is now.

    Raises:
        LeadError: the import goes on elsewhere, or its list was removed; nothing was added.
    """
    before = running.counts
    state = connection.execute(
        "SELECT upto FROM imports WHERE import_id = ? AND ended_at IS NULL", (running.import_id,)
    ).fetchone()
    if state is None or state[0] != before.upto:
        raise LeadError("the same file is being imported into the list by somebody else, or the list was removed")
    refused = list(batch.refused)
    imported = known = without_zone = 0
    at = as_text(now)
    for lead in batch.leads:
        try:
            if _add(connection, running, lead, at):
                imported += 1
                without_zone += not lead.numbers[0].time_zones
            elif (first := _first_row(connection, running, lead)) is not None:
                refused.append(RefusedRow(lead.row, f"the same number as row {first}"))
            else:
                known += 1
        except BothDialled:
            reason = "its numbers are of two persons who are both being dialled now: import the file again later"
            refused.append(RefusedRow(lead.row, reason))
    left_out = sum(each.left_out for each in refused)
    counts = Counts(
        upto=batch.upto,
        rows=before.rows + batch.rows,
        imported=before.imported + imported,
        known=before.known + known,
        refused=before.refused + len(refused) - left_out,
        left_out=before.left_out + left_out,
        without_zone=before.without_zone + without_zone,
    )
    connection.executemany(
        "INSERT INTO import_refusals (import_id, row, reason) VALUES (?, ?, ?)",
        [(running.import_id, each.row, each.reason) for each in refused],
    )
    connection.execute(
        f"UPDATE imports SET {_SET_COUNTS}, share = ? WHERE import_id = ?",
        (*astuple(counts), batch.share, running.import_id),
    )
    for campaign in roll.dialling(connection, running.list_id):
        enrolment.step(connection, campaign)
    return Import(running.import_id, running.list_id, counts, running.skip_known)


def _add(connection: sqlite3.Connection, running: Import, lead: NewLead, at: str) -> bool:
    """Add one lead; False: its first number is known.

    Raises:
        BothDialled: see :func:`dialer.leads.people.join`.
    """
    first, *others = lead.numbers
    there = connection.execute(
        "SELECT 1 FROM leads WHERE list_id = ? AND number = ?", (running.list_id, first.number)
    ).fetchone()
    if there is not None or (running.skip_known and _is_known(connection, running, lead)):
        return False
    lead_id = LeadId(f"{running.import_id}-{lead.row}")
    connection.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, name, time_zones, fields, priority, imported_at,"
        " kind, region, import_id, file_row) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            lead_id,
            running.list_id,
            people.join(connection, [each.number for each in lead.numbers], lead.person),
            first.number,
            lead.name,
            _as_json(first.time_zones),
            json.dumps(lead.fields, ensure_ascii=False) if lead.fields else "{}",
            lead.priority,
            at,
            first.kind.value,
            lead.region,
            running.import_id,
            lead.row,
        ),
    )
    for place, each in enumerate(others, 2):
        connection.execute(
            "INSERT INTO lead_numbers (lead_id, position, kind, number, time_zones) VALUES (?, ?, ?, ?, ?)",
            (lead_id, place, each.kind.value, each.number, _as_json(each.time_zones)),
        )
    return True


@lru_cache(maxsize=4096)
def _as_json(zones: tuple[str, ...]) -> str:
    return json.dumps(zones)


def _is_known(connection: sqlite3.Connection, running: Import, lead: NewLead) -> bool:
    """True where a lead of any list, not of this import, has one of the numbers."""
    for each in lead.numbers:
        row = connection.execute(
            "SELECT 1 FROM leads WHERE list_id IN (SELECT list_id FROM lists) AND number = ?"
            " AND import_id IS NOT ? UNION ALL SELECT 1 FROM lead_numbers JOIN leads USING (lead_id)"
            " WHERE lead_numbers.number = ? AND import_id IS NOT ? LIMIT 1",
            (each.number, running.import_id, each.number, running.import_id),
        ).fetchone()
        if row is not None:
            return True
    return False


def _first_row(connection: sqlite3.Connection, running: Import, lead: NewLead) -> int | None:
    """The row of the same file that has the number; None: it was in the list before."""
    row = connection.execute(
        "SELECT file_row FROM leads WHERE list_id = ? AND number = ? AND import_id = ?",
        (running.list_id, lead.numbers[0].number, running.import_id),
    ).fetchone()
    return None if row is None else int(row[0])


def end(connection: sqlite3.Connection, running: Import, now: datetime) -> None:
    """All rows are done."""
    connection.execute(
        "UPDATE imports SET ended_at = ?, share = 1 WHERE import_id = ?", (as_text(now), running.import_id)
    )


def report(connection: sqlite3.Connection, running: Import, leads: LeadFile, resumed_after: int) -> ImportReport:
    """What became of the rows, with the first that were refused."""
    first = tuple(refusals(connection, running.import_id, SHOWN))
    return ImportReport(running.import_id, running.counts, leads.named, leads.table.kind, resumed_after, first)


def refusals(connection: sqlite3.Connection, import_id: str, limit: int = -1, after: int = 0) -> Iterator[RefusedRow]:
    """The rows of an import that were refused, or lost a number, in the order of the file, from the one behind row
    ``after``; ``limit`` -1: all."""
    rows = connection.execute(
        "SELECT row, reason FROM import_refusals WHERE import_id = ? AND row > ? ORDER BY row, refusal_id LIMIT ?",
        (import_id, after, limit),
    )
    return (RefusedRow(row[0], row[1]) for row in rows)
