"""Finds words in every text of the database, whatever the tables, and puts others in their place."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

NUMBER_COLUMNS = frozenset({"caller", "called", "number", "who"})
"""Columns of tables that hold a number and nothing else: there a number may stand without its country's code too."""

NOT_OURS = ("sqlite_", "_sqlite_")
"""What names of tables begin with that SQLite and its migrations keep for themselves."""

KEPT = frozenset({"campaigns", "campaign_versions", "flow_versions", "lists", "number_lists"})
"""Tables whose texts are an administrator's: files that were read, and names of lists."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number in E.164, how it may be written without its country's code, and what is put in its place."""

    number: str
    national: tuple[str, ...]
    token: str


@dataclass(frozen=True)
class Words:
    """What is looked for: numbers, and names (whole, as they are written)."""

    numbers: tuple[Number, ...]
    names: tuple[str, ...] = ()

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """One of these is in every text that :meth:`clean` may change, but for numbers alone in a column."""
        return (*(each.number.removeprefix("+") for each in self.numbers), *self.names)

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        found = []
        for each in self.numbers:
            digits = each.number.removeprefix("+")
            found.append((re.compile(rf"(?:\+|%2B|%2b|(?<![0-9])(?:00)?){digits}(?![0-9])"), each.token))
        return (*found, *((re.compile(re.escape(name)), "") for name in self.names))

    def clean(self, text: str, column: str = "") -> str:
        """``text`` without them. ``column``: where it stands."""
        if column in NUMBER_COLUMNS:
            for each in self.numbers:
                if text in each.national:
                    return each.token
        for pattern, instead in self._patterns:
            text = pattern.sub(instead, text)
        return text


@dataclass(frozen=True, slots=True)
class Table:
    """A table: how its rows are told apart, and its columns of text."""

    name: str
    keys: tuple[str, ...]
    texts: tuple[str, ...]


def tables(connection: sqlite3.Connection) -> Iterator[Table]:
    """Every table that may hold a person's words."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    for name, sql in rows:
        if name.startswith(NOT_OURS) or name in KEPT:
            continue
        columns = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
        texts = tuple(each[1] for each in columns if each[2].upper() == "TEXT")
        keys = tuple(each[1] for each in sorted(columns, key=lambda each: int(each[5])) if each[5])
        if texts:
            yield Table(name, keys if "WITHOUT ROWID" in sql.upper() else ("rowid",), texts)


def replace(connection: sqlite3.Connection, words: Words) -> int:
    """Put the tokens in the place of the words everywhere; how many rows have changed. Inside a transaction, in
    which references between tables need to hold at its end only."""
    connection.execute("PRAGMA defer_foreign_keys = ON")
    return sum(_replace_in(connection, table, words) for table in tables(connection))


def left(connection: sqlite3.Connection, words: Words) -> list[str]:
    """The tables in which one of the words stands still."""
    return [table.name for table in tables(connection) if next(_changes(connection, table, words), None)]


def _replace_in(connection: sqlite3.Connection, table: Table, words: Words) -> int:
    changes = list(_changes(connection, table, words))
    if not changes:
        return 0
    with_triggers = [table.name]
    triggers = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", with_triggers
    ).fetchall()
    for name, _ in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    where = " AND ".join(f'"{key}" = ?' for key in table.keys)
    for keys, changed in changes:
        sets = ", ".join(f'"{column}" = ?' for column in changed)
        connection.execute(f'UPDATE OR REPLACE "{table.name}" SET {sets} WHERE {where}', (*changed.values(), *keys))
    for _, sql in triggers:
        connection.execute(sql)
    return len(changes)


def _changes(
    connection: sqlite3.Connection, table: Table, words: Words
) -> Iterator[tuple[Sequence[object], Mapping[str, str]]]:
    """The rows in which something is found: their keys, and the columns as they are to be."""
    national = [spelled for each in words.numbers for spelled in each.national]
    looks: list[str] = []
    values: list[str] = []
    for column in table.texts:
        looks += [f'instr("{column}", ?) > 0'] * len(words.needles)
        values += words.needles
        if column in NUMBER_COLUMNS and national:
            looks.append(f'"{column}" IN ({", ".join("?" * len(national))})')
            values += national
    shown = ", ".join(f'"{each}"' for each in (*table.keys, *table.texts))
    rows = connection.execute(f'SELECT {shown} FROM "{table.name}" WHERE {" OR ".join(looks)}', values)
    for row in rows.fetchall():
        keys, texts = row[: len(table.keys)], row[len(table.keys) :]
        changed = {}
        for column, text in zip(table.texts, texts, strict=True):
            if text is not None and (clean := words.clean(text, column)) != text:
                changed[column] = clean
        if changed:
            yield tuple(keys), changed
