"""Rows of a file into a list: most of them together, in a few statements; those that meet somebody, one by one.

A row is plain where nothing in the store and nothing else in its batch has one of its numbers or its customer's id:
then nobody has to be asked who it is, and the order in which rows go in does not matter. Every other row goes through
:mod:`dialer.leads.people`, in the order of the file.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from calls.ids import LeadId, ListId
from calls.records import lead_totals
from dialer.leads import people
from dialer.leads.file import NewLead
from dialer.leads.people import BothDialled
from dialer.leads.report import RefusedRow


@dataclass(frozen=True, slots=True)
class Target:
    """Where leads go: their list, and the import that brings them. ``skip_known``: people who stand in any list are
    left out."""

    import_id: str
    list_id: ListId
    skip_known: bool


@dataclass(slots=True)
class Added:
    """What became of leads."""

    imported: int = 0
    known: int = 0
    without_zone: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    again: list[LeadId] = field(default_factory=list)
    """Of the imported ones: those that stand in the list again, from which they had been removed."""


def add(connection: sqlite3.Connection, target: Target, leads: Sequence[NewLead], at: str) -> Added:
    """Add what is not known yet. ``at``: when they are imported."""
    added = Added()
    row_id = connection.execute("SELECT coalesce(max(rowid), 0) FROM leads").fetchone()[0]
    plain = _plain(connection, leads)
    _insert(connection, target, ((row_id + place, leads[place - 1]) for place in sorted(plain)), at)
    added.imported = len(plain)
    added.without_zone = sum(not leads[place - 1].numbers[0].time_zones for place in plain)
    for place, lead in enumerate(leads, 1):
        if place not in plain:
            _add_one(connection, target, lead, row_id + place, at, added)
    lead_totals.imported(connection, target.list_id, at, added.imported - len(added.again))
    return added


def _handles(lead: NewLead) -> list[str]:
    return people.handles([each.number for each in lead.numbers], lead.person)


def _plain(connection: sqlite3.Connection, leads: Sequence[NewLead]) -> set[int]:
    """The places, from 1 on, of the leads of whom nobody has heard."""
    handles = [_handles(lead) for lead in leads]
    times = Counter(handle for each in handles for handle in each)
    known = people.heard_of(connection, times) | people.heard_of_once(connection, times)
    return {
        place
        for place, each in enumerate(handles, 1)
        if all(times[handle] == 1 and handle not in known for handle in each)
    }


def _insert(connection: sqlite3.Connection, target: Target, leads: Iterable[tuple[int, NewLead]], at: str) -> None:
    """Leads whose persons are known by nothing but themselves."""
    rows, others, handles = [], [], []
    for row_id, lead in leads:
        first, *more = lead.numbers
        lead_id = f"{target.import_id}-{lead.row}"
        rows.append(_row(target, lead, row_id, first.number, at))
        handles += [(handle, first.number) for handle in _handles(lead)[1:]]
        others += [
            (lead_id, place, each.kind.value, each.number, _as_json(each.time_zones))
            for place, each in enumerate(more, 2)
        ]
    connection.executemany(_LEAD, rows)
    connection.executemany("INSERT INTO person_handles (handle, person_key) VALUES (?, ?)", handles)
    connection.executemany(_NUMBER, others)


_LEAD = (
    "INSERT INTO leads (rowid, lead_id, list_id, person_key, number, name, time_zones, fields, priority, imported_at,"
    " kind, region, import_id, file_row) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NUMBER = "INSERT INTO lead_numbers (lead_id, position, kind, number, time_zones) VALUES (?, ?, ?, ?, ?)"


def _row(target: Target, lead: NewLead, row_id: int, person_key: str, at: str) -> tuple[object, ...]:
    first = lead.numbers[0]
    return (
        row_id,
        f"{target.import_id}-{lead.row}",
        target.list_id,
        person_key,
        first.number,
        lead.name,
        _as_json(first.time_zones),
        lead.fields,
        lead.priority,
        at,
        first.kind.value,
        lead.region,
        target.import_id,
        lead.row,
    )


def _add_one(
    connection: sqlite3.Connection, target: Target, lead: NewLead, row_id: int, at: str, added: Added
) -> None:
    there = connection.execute(
        "SELECT import_id, file_row, lead_id, removed_at FROM leads WHERE list_id = ? AND number = ?",
        (target.list_id, lead.numbers[0].number),
    ).fetchone()
    if there is not None and there[0] == target.import_id:
        added.refused.append(RefusedRow(lead.row, f"the same number as row {there[1]}"))
        return
    is_again = there is not None and there[3] is not None
    if (there is not None and not is_again) or (target.skip_known and _is_known(connection, target, lead)):
        added.known += 1
        return
    try:
        key = people.join(connection, [each.number for each in lead.numbers], lead.person)
    except BothDialled:
        reason = "its numbers are of two persons who are both being dialled now: import the file again later"
        added.refused.append(RefusedRow(lead.row, reason))
        return
    added.imported += 1
    added.without_zone += not lead.numbers[0].time_zones
    if is_again:
        added.again.append(LeadId(there[2]))
        rewrite(connection, LeadId(there[2]), lead, key)
        connection.execute(
            "UPDATE leads SET removed_at = NULL, import_id = ?, file_row = ?, imported_at = ? WHERE lead_id = ?",
            (target.import_id, lead.row, at, there[2]),
        )
        return
    connection.execute(_LEAD, _row(target, lead, row_id, key, at))
    _add_others(connection, LeadId(f"{target.import_id}-{lead.row}"), lead)


def rewrite(connection: sqlite3.Connection, lead_id: LeadId, lead: NewLead, person_key: str) -> None:
    """Let a lead that there is be as ``lead`` says, of this person."""
    first = lead.numbers[0]
    connection.execute(
        "UPDATE leads SET person_key = ?, number = ?, kind = ?, name = ?, time_zones = ?, fields = ?, priority = ?,"
        " region = ? WHERE lead_id = ?",
        (
            person_key,
            first.number,
            first.kind.value,
            lead.name,
            _as_json(first.time_zones),
            lead.fields,
            lead.priority,
            lead.region,
            lead_id,
        ),
    )
    connection.execute("DELETE FROM lead_numbers WHERE lead_id = ?", (lead_id,))
    _add_others(connection, lead_id, lead)


def _add_others(connection: sqlite3.Connection, lead_id: LeadId, lead: NewLead) -> None:
    for place, each in enumerate(lead.numbers[1:], 2):
        connection.execute(_NUMBER, (lead_id, place, each.kind.value, each.number, _as_json(each.time_zones)))


@lru_cache(maxsize=4096)
def _as_json(zones: tuple[str, ...]) -> str:
    return json.dumps(zones)


def _is_known(connection: sqlite3.Connection, target: Target, lead: NewLead) -> bool:
    """True where a lead that stands in any list, not of this import, has one of the numbers."""
    for each in lead.numbers:
        row = connection.execute(
            "SELECT 1 FROM leads WHERE list_id IN (SELECT list_id FROM lists) AND number = ?"
            " AND import_id IS NOT ? AND removed_at IS NULL"
            " UNION ALL SELECT 1 FROM lead_numbers JOIN leads USING (lead_id)"
            " WHERE lead_numbers.number = ? AND import_id IS NOT ? AND removed_at IS NULL LIMIT 1",
            (each.number, target.import_id, each.number, target.import_id),
        ).fetchone()
        if row is not None:
            return True
    return False
