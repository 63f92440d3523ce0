"""The schema as a contract for others: what each table and column holds, in words beside the schema's own.

The words stand in ``contract.toml``; ``docs/records.md`` and what ``callwright db datasette`` writes are made of
both.
"""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calls.records.migrations import migrate

_OWN = ("sqlite_%", "\\_sqlite\\_%")
"""Tables that SQLite and sqlite-utils keep for themselves."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``may_be_null``; ``in_key``: it is part of the table's key; ``refers``: ``table.column``, or ""."""

    name: str
    kind: str
    may_be_null: bool
    in_key: bool
    refers: str
    words: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table."""

    name: str
    about: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the records: ``sql`` with its parameters by name."""

    name: str
    title: str
    sql: str


def tables() -> tuple[Table, ...]:
    """Every table of this release, those first that reports count; what has no words has "" for them."""
    words = _words()
    told: Mapping[str, Any] = words["tables"]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        unlike = " ".join("AND name NOT LIKE ? ESCAPE '\\'" for _ in _OWN)
        found = connection.execute(f"SELECT name FROM sqlite_master WHERE type = 'table' {unlike}", _OWN)
        names = {name for (name,) in found}
        ordered = [*(name for name in told if name in names), *sorted(names - told.keys())]
        return tuple(_table(connection, name, told.get(name, {}), words["common"]) for name in ordered)


def unknown() -> tuple[str, ...]:
    """What has words and is not in the schema, as ``table`` or ``table.column``."""
    there = {table.name: {column.name for column in table.columns} for table in tables()}
    told: Mapping[str, Any] = _words()["tables"]
    return (
        *(name for name in told if name not in there),
        *(
            f"{name}.{column}"
            for name in told.keys() & there.keys()
            for column in told[name].get("columns", {})
            if column not in there[name]
        ),
    )


def queries() -> tuple[Query, ...]:
    """The questions that come with the product."""
    return tuple(Query(name, each["title"], each["sql"].strip()) for name, each in _words()["queries"].items())


def datasette(database: Path) -> dict[str, Any]:
    """What Datasette is told of ``database`` by its option ``--metadata``
    (https://docs.datasette.io/en/stable/metadata.html): what each table and column is, and the questions."""
    return {
        "title": "Callwright",
        "databases": {
            database.stem: {
                "tables": {
                    table.name: {
                        "description": table.about,
                        "columns": {column.name: column.words for column in table.columns},
                    }
                    for table in tables()
                },
                "queries": {each.name: {"title": each.title, "sql": each.sql} for each in queries()},
            }
        },
    }


def _table(connection: sqlite3.Connection, name: str, told: Mapping[str, Any], common: Mapping[str, str]) -> Table:
    words: Mapping[str, str] = told.get("columns", {})
    refers = {
        column: f"{table}.{other or column}"
        for _, _, table, column, other, *_ in connection.execute(f"PRAGMA foreign_key_list({name})")
    }
    columns = tuple(
        Column(
            column, kind, not required and not in_key, bool(in_key), refers.get(column, ""),
            words.get(column) or common.get(column, ""),
        )
        for _, column, kind, required, _, in_key in connection.execute(f"PRAGMA table_info({name})")
    )  # fmt: skip
    return Table(name, told.get("about", ""), columns)


def _words() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "contract.toml").read_text(encoding="utf-8"))
