"""Every row of the database that is about a person, whatever its table: what a person may ask for."""

from __future__ import annotations

import json
import sqlite3

from calls.people import persons
from calls.people.erasing import Subject, calls_of

Row = dict[str, str | int | float | None]

OF_NUMBERS = ("number", "caller", "called", "subject", "who", "handle", "person_key")
OF_CALLS = ("call_id", "attempt_id")
OF_LEADS = ("lead_id",)
"""Columns by which a row is a person's: by a number or what the person is known under, a call, or a lead."""

NOT_THEIRS = frozenset({"agent_states"})
"""What agents did, also in the person's calls."""


def holdings(connection: sqlite3.Connection, subject: Subject, region: str | None) -> dict[str, list[Row]]:
    """The rows by table; tables without any are left out. ``region``: see :func:`calls.people.persons.spellings`."""
    numbers = [each for number in subject.numbers for each in persons.spellings(number, region)]
    values = {
        "numbers": json.dumps([*numbers, *subject.keys]),
        "calls": json.dumps(calls_of(connection, subject, region)),
        "leads": json.dumps(subject.leads),
    }
    found: dict[str, list[Row]] = {}
    for table, columns in keyed(connection).items():
        looks = " OR ".join(f'"{column}" IN (SELECT value FROM json_each(:{of}))' for column, of in columns.items())
        cursor = connection.execute(f'SELECT * FROM "{table}" WHERE {looks}', values)
        names = [each[0] for each in cursor.description]
        if rows := [dict(zip(names, row, strict=True)) for row in cursor]:
            found[table] = rows
    return found


def keyed(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """The tables that may have rows about a person, with the columns that say so and what is looked for in each."""
    by = {
        column: of
        for of, names in (("numbers", OF_NUMBERS), ("calls", OF_CALLS), ("leads", OF_LEADS))
        for column in names
    }
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    found = {}
    for (table,) in tables:
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[1] in by]
        if columns and table not in NOT_THEIRS:
            found[table] = {column: by[column] for column in columns}
    return found
