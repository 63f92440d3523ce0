"""Who a person is: the lead that stands for a number, and every way in which the number is written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat

from calls.ids import LeadId


@dataclass(frozen=True, slots=True)
class LeadNumber:
    """One of a lead's numbers, in E.164."""

    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class Person:
    """A lead as an agent sees it. ``fields``: the other columns of its list; ``time_zones``: all that may be its."""

    lead_id: LeadId
    list_name: str
    name: str
    numbers: tuple[LeadNumber, ...]
    fields: Mapping[str, str]
    time_zones: tuple[str, ...]
    removed: bool = False
    """It was taken out of its list, and is kept for its records."""


_LEAD = (
    "SELECT lead_id, lists.name, leads.name, kind, number, fields, time_zones, removed_at IS NOT NULL"
    " FROM leads JOIN lists USING (list_id)"
)


WITH_NUMBER = (
    "SELECT lead_id FROM leads WHERE list_id IN (SELECT list_id FROM lists) AND number = :number"
    " UNION SELECT lead_id FROM lead_numbers WHERE number = :number"
)
"""The leads that have a number: by the key of each list's numbers, which an import keeps anyway."""


def of_lead(connection: sqlite3.Connection, lead_id: LeadId) -> Person | None:
    """The person of a lead."""
    row = connection.execute(f"{_LEAD} WHERE lead_id = ?", (lead_id,)).fetchone()
    return None if row is None else _person(connection, row)


def of_number(connection: sqlite3.Connection, number: str) -> list[Person]:
    """The leads that have ``number``, in E.164, among their numbers, the newest first."""
    rows = connection.execute(
        f"{_LEAD} WHERE lead_id IN ({WITH_NUMBER}) ORDER BY imported_at DESC, leads.rowid DESC",
        {"number": number},
    )
    return [_person(connection, row) for row in rows.fetchall()]


def best_of_number(connection: sqlite3.Connection, number: str) -> Person | None:
    """The lead of a number of whom most is known: the newest that has a name, else the newest. Those that
    were removed are nobody's here."""
    found = [each for each in of_number(connection, number) if not each.removed]
    return next((each for each in found if each.name), found[0] if found else None)


def _person(connection: sqlite3.Connection, row: tuple[str, ...]) -> Person:
    lead_id, list_name, name, kind, number, fields, zones, removed = row
    further = connection.execute(
        "SELECT kind, number FROM lead_numbers WHERE lead_id = ? ORDER BY position", (lead_id,)
    )
    return Person(
        lead_id=LeadId(lead_id),
        list_name=list_name,
        name=name,
        numbers=(LeadNumber(kind, number), *(LeadNumber(*each) for each in further)),
        fields={str(key): str(value) for key, value in json.loads(fields).items()},
        time_zones=tuple(json.loads(zones)),
        removed=bool(removed),
    )


def columns_of(connection: sqlite3.Connection, list_name: str) -> frozenset[str]:
    """The columns of a list, as its first and its last leads have them; empty where there is no such list."""
    some = "SELECT fields FROM leads JOIN lists USING (list_id) WHERE lists.name = :name ORDER BY leads.rowid"
    rows = connection.execute(
        f"SELECT DISTINCT key FROM (SELECT * FROM ({some} LIMIT 500)"
        f" UNION ALL SELECT * FROM ({some} DESC LIMIT 500)), json_each(fields)",
        {"name": list_name},
    )
    return frozenset(row[0] for row in rows)


def spellings(number: str, region: str | None) -> tuple[str, ...]:
    """How a number in E.164 may stand in records: switches give callers' numbers as carriers send them. ``region``:
    the country whose numbers come without its own code."""
    digits = number.removeprefix("+")
    found = [number, digits, f"00{digits}"]
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return tuple(found)
    if region is not None and phonenumbers.region_code_for_number(parsed) == region:
        national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
        found += ["".join(filter(str.isdecimal, national)), phonenumbers.national_significant_number(parsed)]
    return tuple(dict.fromkeys(found))
