"""Leads into a list of the store, batch by batch: each in a transaction of its own, with how far the import has come.

What is in the list already is left as it is, so that the same again changes nothing. An import that was cut off goes
on behind its last committed batch when the same file comes again for the same list.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields
from datetime import datetime

from calls.errors import LeadError
from calls.ids import ListId, is_safe_id
from calls.records.times import as_text
from dialer import archive, enrolment, roll
from dialer.leads import adding, one
from dialer.leads.file import Batch, LeadFile
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
    target = adding.Target(running.import_id, running.list_id, running.skip_known)
    added = adding.add(connection, target, batch.leads, as_text(now))
    refused = [*batch.refused, *added.refused]
    left_out = sum(each.left_out for each in refused)
    counts = Counts(
        upto=batch.upto,
        rows=before.rows + batch.rows,
        imported=before.imported + added.imported,
        known=before.known + added.known,
        refused=before.refused + len(refused) - left_out,
        left_out=before.left_out + left_out,
        without_zone=before.without_zone + added.without_zone,
    )
    connection.executemany(
        "INSERT INTO import_refusals (import_id, row, reason) VALUES (?, ?, ?)",
        [(running.import_id, each.row, each.reason) for each in refused],
    )
    connection.execute(
        f"UPDATE imports SET {_SET_COUNTS}, share = ? WHERE import_id = ?",
        (*astuple(counts), batch.share, running.import_id),
    )
    if added.again:
        name = connection.execute("SELECT name FROM lists WHERE list_id = ?", (running.list_id,)).fetchone()[0]
        one.enrol(connection, running.list_id, name, added.again)
        for lead_id in added.again:
            one.look_again(connection, lead_id, now)
    away = archive.archived(connection)
    for campaign in roll.dialling(connection, running.list_id):
        if campaign.id not in away:  # one that is taken out of the archive has its start enrol them
            enrolment.step(connection, campaign)
    return Import(running.import_id, running.list_id, counts, running.skip_known)


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
