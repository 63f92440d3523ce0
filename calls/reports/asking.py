"""Figures by any of their dimensions: added up from the roll-ups, and at the edges of a time from the raw rows.

A time need not begin or end at a quarter of an hour: what lies outside of whole quarters is added up row by row, by
the same expressions as the roll-ups. So is all of it where a target is none of the seconds that they count by.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from calls.errors import UserError
from calls.records import raw_cubes
from calls.records.figure import Figure
from calls.reports import adding
from calls.reports.cubes import SALES, cube_of, table_of
from calls.reports.definitions import SOLD, Definition, Source
from calls.reports.percentiles import place
from calls.reports.question import Answer, Key, Question, Row
from calls.reports.slots import labels


def ask(connection: sqlite3.Connection, question: Question, most_rows: int | None = None) -> Answer:
    """The figures. Without a dimension there is one row, also where nothing happened; by dimensions those rows are
    left out in which all is 0, as where the only call of a roll-up's row was found to be another's.

    Raises:
        UserError: they would be more rows than ``most_rows``.
    """
    shown = tuple(each for each in question.figures if cube_of(each, question) is not None)
    groups: dict[str, list[Definition]] = defaultdict(list)
    for each in shown:
        groups[table_of(each, question)].append(each)
    sums: dict[str, Mapping[Key, Mapping[str, float]]] = {}
    for table, wanted in groups.items():
        sums[table] = adding.sums(connection, question, wanted, sums)
    sold = {source: _sold(connection, question, source) for source in {each.source for each in shown if each.money}}
    keys = {key for found in (*sums.values(), *sold.values()) for key in found} or (
        {()} if not question.by else set()
    )
    figures = tuple(one for each in shown for one in _by_currency(each, sold))
    columns = [
        _Column(each, each.said(question.targets), sums[table_of(each, question)], sold.get(each.source, {}))
        for each in figures
    ]
    if most_rows is not None and len(keys) > most_rows:
        keys = {key for key in keys if any(each.holds_anything(key) for each in columns)}
        if len(keys) > most_rows:
            raise UserError(f"that would be {len(keys)} rows: ask for a shorter time, or by fewer dimensions")
    rows = [
        Row(key, tuple([each.at(key) for each in columns]))
        for key in sorted(keys)
        if not key or any(each.holds_anything(key) for each in columns)
    ]
    left_out = tuple(each for each in question.figures if each not in shown)
    return Answer(question, figures, tuple(rows), left_out)


NOTHING = 1e-6
"""Seconds that were added and taken away again can leave a trace of their rounding."""


Money = Mapping[Key, Mapping[str, float]]
"""What was sold, by currency."""


def _by_currency(definition: Definition, sold: Mapping[Source, Money]) -> Iterator[Definition]:
    """The figure itself; one of money once for each currency in which anything was sold."""
    if definition.money:
        for currency in sorted({name for sums in sold[definition.source].values() for name in sums}):
            yield definition.of_currency(currency)
    else:
        yield definition


def _sold(connection: sqlite3.Connection, question: Question, source: Source) -> Money:
    """The money of the whole time, from the calls that were sold in: they are few."""
    label = labels(question.times, question.zone)
    found: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    cube = SALES[source]
    for row in adding.raw(connection, cube, [SOLD], question, question.begin, question.end, "currency"):
        *_, currency, value = row
        found[adding.key_of(question, label, row)][str(currency)] += int(str(value))
    parts = raw_cubes.TEN_THOUSANDTHS
    return {key: {name: value / parts for name, value in of.items()} for key, of in found.items()}


@dataclass(frozen=True, slots=True)
class _Column:
    """One figure of all rows: its words, the sums that it is made of, and the money, both by key. ``made``: by
    numerator and denominator; many rows have the same."""

    definition: Definition
    words: str
    sums: Mapping[Key, Mapping[str, float]]
    sold: Money
    made: dict[tuple[float, float | None], Figure] = field(default_factory=dict)

    def holds_anything(self, key: Key) -> bool:
        """Whether the figure says anything in the row of that key."""
        numerator, denominator = self._counted(key)
        return abs(numerator) > NOTHING or abs(denominator or 0) > NOTHING

    def at(self, key: Key) -> Figure:
        """The figure in the row of that key."""
        counted = self._counted(key)
        found = self.made.get(counted)
        if found is None:
            found = self.made[counted] = self._figure(*counted)
        return found

    def _counted(self, key: Key) -> tuple[float, float | None]:
        definition, sums = self.definition, self.sums.get(key, NO_SUMS)
        if definition.money:
            sums = {**sums, SOLD: self.sold.get(key, {}).get(definition.currency, 0)}
        return definition.counted(sums)

    def _figure(self, numerator: float, denominator: float | None) -> Figure:
        definition = self.definition
        if denominator is None:
            return Figure(definition.name, float(numerator), definition.unit, numerator, None, self.words)
        if definition.is_percentile:
            many = int(denominator)
            value = numerator if many else None
            return Figure(definition.name, value, definition.unit, place(many), many, self.words)
        value = numerator / denominator if denominator else None
        return Figure(definition.name, value, definition.unit, numerator, denominator, self.words)


NO_SUMS: Mapping[str, float] = {}
