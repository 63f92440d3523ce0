"""Finds words in every text of the database, whatever the tables, and puts others in their place."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

NUMBER_COLUMNS = frozenset({"caller", "called", "number", "who"})
"""Columns of tables that hold a number and nothing else: there a number may stand without its country's code too."""

FREE = {
    "audit": ("detail",),
    "blocked_numbers": ("reason",),
    "callbacks": ("note",),
    "calls": ("disposition_note",),
    "campaign_do_not_call": ("reason", "proof"),
    "consents": ("source", "proof", "reason"),
    "contacts": ("note",),
    "do_not_call": ("reason", "proof"),
    "do_not_call_beside": ("reason", "proof"),
    "flags": ("what",),
    "import_refusals": ("reason",),
    "reviews": ("note", "reply"),
    "script_answers": ("answer",),
}
"""Columns in which people write what they like, by table. Names are looked for in no others: a person may be called
Berlin, or as a state of a call, and another person may have the same name."""

RANGE_COLUMNS = frozenset({"number", "subject"})
RANGE = re.compile(r"\+[0-9]+\*\Z")
"""All numbers that begin so: they are nobody's, and a hash could not stand for them."""

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
    """What is looked for: numbers, and, in columns of :data:`FREE`, names (whole, as they are written)."""

    numbers: tuple[Number, ...]
    names: tuple[str, ...] = ()

    def needles(self, free: bool) -> tuple[str, ...]:
        """One of these is in every text that :meth:`clean` may change, but for numbers alone in a column."""
        return (*(each.number.removeprefix("+") for each in self.numbers), *(self._spelled if free else ()))

    @cached_property
    def _spelled(self) -> tuple[str, ...]:
        """The names, as JSON has them too."""
        return tuple(dict.fromkeys(spelled for name in self.names for spelled in (name, json.dumps(name)[1:-1])))

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        found = []
        for each in self.numbers:
            digits = each.number.removeprefix("+")
            found.append((re.compile(rf"(?:\+|%2B|%2b|(?<![0-9])(?:00)?){digits}(?![0-9])"), each.token))
        return tuple(found)

    @cached_property
    def _name_patterns(self) -> tuple[re.Pattern[str], ...]:
        """A whole word, and no key of a JSON object."""
        return tuple(re.compile(rf"(?<!\w){re.escape(name)}(?!\w|\":)") for name in self._spelled)

    def clean(self, text: str, column: str = "", *, free: bool = True) -> str:
        """``text`` without them. ``column``: where it stands; ``free``: whether it is one of :data:`FREE`."""
        if column in RANGE_COLUMNS and RANGE.match(text):
            return text
        if column in NUMBER_COLUMNS:
            for each in self.numbers:
                if text in each.national:
                    return each.token
        for pattern, instead in self._patterns:
            text = pattern.sub(instead, text)
        for pattern in self._name_patterns if free else ():
            text = pattern.sub("", text)
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


@dataclass(frozen=True, slots=True)
class Place:
    """A row in which something was found, by its keys."""

    table: Table
    keys: tuple[object, ...]


def find(connection: sqlite3.Connection, words: Words) -> list[Place]:
    """The rows in which one of the words stands. It reads every text of the database: on a connection that only
    reads, nobody waits for it."""
    return [place for table in tables(connection) for place, _ in _changes(connection, table, words)]


def replace(
    connection: sqlite3.Connection,
    words: Words,
    places: Iterable[Place],
    dropped: Container[str],
    emptied: Mapping[str, Sequence[str]],
) -> None:
    """Put the tokens in the place of the words in these rows; rows of the tables ``dropped`` are taken out. Where the
    number of a row is one of them, the columns that ``emptied`` names of its table hold nothing any more.

    Inside a transaction, in which references between tables need to hold at its end only. Triggers that keep a table
    from being changed are away meanwhile.
    """
    connection.execute("PRAGMA defer_foreign_keys = ON")
    by_table: dict[Table, list[Place]] = {}
    for place in places:
        by_table.setdefault(place.table, []).append(place)
    for table, found in by_table.items():
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table.name,)
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        for place in found:
            if table.name in dropped:
                connection.execute(f'DELETE FROM "{table.name}" WHERE {_where(table)}', place.keys)
            else:
                _clean(connection, place, words, emptied.get(table.name, ()))
        for _, sql in triggers:
            connection.execute(sql)


def _clean(connection: sqlite3.Connection, place: Place, words: Words, emptied: Sequence[str]) -> None:
    """The row as it is now may be another than when it was found, or gone."""
    table = place.table
    shown = ", ".join(f'"{each}"' for each in table.texts)
    row = connection.execute(f'SELECT {shown} FROM "{table.name}" WHERE {_where(table)}', place.keys).fetchone()
    changed = {} if row is None else _changed(table, tuple(row), words)
    if "number" in changed:
        changed |= dict.fromkeys(emptied, "")
    if changed:
        sets = ", ".join(f'"{column}" = ?' for column in changed)
        connection.execute(
            f'UPDATE OR REPLACE "{table.name}" SET {sets} WHERE {_where(table)}', (*changed.values(), *place.keys)
        )


def _where(table: Table) -> str:
    return " AND ".join(f'"{key}" = ?' for key in table.keys)


def _changes(connection: sqlite3.Connection, table: Table, words: Words) -> Iterator[tuple[Place, Mapping[str, str]]]:
    """The rows in which something is found, and their columns as they are to be."""
    national = [spelled for each in words.numbers for spelled in each.national]
    looks: list[str] = []
    values: list[str] = []
    for column in table.texts:
        needles = words.needles(column in FREE.get(table.name, ()))
        looks += [f'instr("{column}", ?) > 0'] * len(needles)
        values += needles
        if column in NUMBER_COLUMNS and national:
            looks.append(f'"{column}" IN ({", ".join("?" * len(national))})')
            values += national
    shown = ", ".join(f'"{each}"' for each in (*table.keys, *table.texts))
    rows = connection.execute(f'SELECT {shown} FROM "{table.name}" WHERE {" OR ".join(looks)}', values)
    for row in rows.fetchall():
        keys, texts = tuple(row)[: len(table.keys)], tuple(row)[len(table.keys) :]
        if changed := _changed(table, texts, words):
            yield Place(table, keys), changed


def _changed(table: Table, texts: Sequence[str | None], words: Words) -> dict[str, str]:
    found = {}
    for column, text in zip(table.texts, texts, strict=True):
        if text is None:
            continue
        clean = words.clean(text, column, free=column in FREE.get(table.name, ()))
        if clean != text:
            found[column] = clean
    return found
