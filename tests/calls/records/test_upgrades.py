"""Every released version's database, with a row in each of its tables, comes through each migration whole."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from calls.records import rollups
from calls.records.migrations import migrate
from tests.calls.records.test_migrations import ALL, release_with

AT = "2026-05-01T10:00:00.000000+00:00"
JSON = {"decision": "{}", "detail": "{}", "settings": "{}", "fields": "{}", "time_zones": '["Europe/Berlin"]'}
KEPT_BY_THE_WRITER = re.compile(r"_totals$|^_|^sqlite_|^answer_hours$")
"""Tables that are counted from others: the migrations themselves fill them."""

GONE = {("0014_rules", "refusals"): {"refusal_id"}, ("0048_trunk_lines", "toll_calls"): {"trunk"}}
"""A refusal that was written again and again is one row that counts since then; lines have a table of their own."""

Rows = dict[str, list[dict[str, object]]]


def tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Name and statement of each."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name: sql for name, sql in rows if not KEPT_BY_THE_WRITER.search(name)}


def fill(connection: sqlite3.Connection) -> None:
    """A row into each table that has none; foreign keys hold, for every id is the same."""
    connection.execute("BEGIN")
    connection.execute("PRAGMA defer_foreign_keys = ON")
    for name, sql in tables(connection).items():
        if connection.execute(f"SELECT 1 FROM {name}").fetchone() is None:
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            values = [value(sql, column, kind) for _, column, kind, *_ in columns]
            connection.execute(f"INSERT INTO {name} VALUES ({', '.join('?' for _ in values)})", values)
    connection.execute("COMMIT")


def value(sql: str, column: str, kind: str) -> object:
    """What a column may hold: the first of those that it must be one of, where it says so."""
    one_of = re.search(rf"\b{column}\b[^,]*? IN \(('?)(\w+)\1", sql)
    if one_of:
        return one_of[2] if kind == "TEXT" else int(one_of[2])
    if kind == "TEXT":
        return JSON.get(column) or (AT if column.endswith("_at") else "x")
    return {"INTEGER": 2, "REAL": 1.0}.get(kind, b"x")


def held(connection: sqlite3.Connection) -> Rows:
    """What stands in each table, by column."""
    found: Rows = {}
    for name in tables(connection):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        found[name] = [dict(zip(columns, row, strict=True)) for row in connection.execute(f"SELECT * FROM {name}")]
    return found


def test_what_stands_in_a_database_of_each_release_comes_through_every_later_one() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for number, name in enumerate(ALL, 1):
            before = held(connection)
            assert migrate(connection, release_with(*ALL[:number])) == (name,)
            after = held(connection)
            for table, rows in before.items():
                assert len(after[table]) == len(rows), (name, table)
                for was, stands in zip(rows, after[table], strict=True):
                    assert was.keys() - stands.keys() == GONE.get((name, table), set())
                    assert {key: stands[key] for key in was.keys() & stands.keys()} == {
                        key: value for key, value in was.items() if key in stands
                    }, (name, table)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == [], name
            fill(connection)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert all(held(connection).values()), "every table has come through with a row"
        totals = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE name LIKE '%_totals'")]
        kept = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in totals}
        rollups.recount(connection)
        assert {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in totals} == kept
