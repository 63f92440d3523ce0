"""A file of leads: checked row by row; what may be imported comes in batches, the rest is in the report."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from calls import numbers
from calls.errors import Location
from calls.numbers import NumberProblem
from dialer.leads.columns import Columns, places_of
from dialer.leads.report import ImportReport, RefusedRow
from dialer.leads.table import Row, Table

BATCH = 500
"""Rows in one transaction of an import beside others: some 10 ms of the writer's time."""

MAX_NAME = 200
MAX_CELL = 4000
PRIORITIES = range(-1000, 1001)


@dataclass(frozen=True, slots=True)
class NewLead:
    """A row that may be imported."""

    row: int
    number: str
    name: str
    time_zones: tuple[str, ...]
    priority: int
    fields: dict[str, str]


class LeadFile:
    """A CSV file of leads: UTF-8 (with or without its mark) or UTF-16 with its mark; ``,`` ``;`` or TAB.

    ``region`` (ISO 3166) reads numbers that are written without a country code.

    Raises:
        LeadError: the file cannot be read at all, or has no column with a number.
    """

    def __init__(
        self, stream: BinaryIO, where: Location, region: str | None = None, columns: Columns | None = None
    ) -> None:
        self._table = Table(stream, where)
        self._region = region
        self._place = places_of(self._table.header, columns or Columns(), where)
        named = {ours: self._table.header[index] for ours, index in self._place.items()}
        self.report = ImportReport(named, self._table.delimiter)
        self._first_row: dict[str, int] = {}

    def batches(self, size: int = BATCH) -> Iterator[list[NewLead]]:
        """The rows that may be imported, in batches; the others are in :attr:`report`. To be read once."""
        batch: list[NewLead] = []
        for row in self._table.rows():
            self.report.rows += 1
            try:
                batch.append(self._lead(row))
            except _Refusal as refusal:
                self.report.refused.append(RefusedRow(row.number, refusal.reason))
            if len(batch) >= size:
                yield batch
                batch = []
        if batch:
            yield batch
        self._table.close()

    def _lead(self, row: Row) -> NewLead:
        if row.problem is not None:
            raise _Refusal(row.problem)
        for header, cell in zip(self._table.header, row.cells, strict=True):
            _refuse_odd_text(header, cell)
        number = self._number(row)
        return NewLead(
            row=row.number,
            number=number,
            name=self._name(row),
            time_zones=self._zones(row, number),
            priority=_priority(self._cell(row, "priority")),
            fields=self._fields(row),
        )

    def _cell(self, row: Row, ours: str) -> str:
        index = self._place.get(ours)
        return "" if index is None else row.cells[index].strip()

    def _number(self, row: Row) -> str:
        try:
            number = numbers.to_e164(self._cell(row, "number"), self._region)
        except NumberProblem as problem:
            raise _Refusal(problem.reason) from problem
        first = self._first_row.setdefault(number, row.number)
        if first != row.number:
            raise _Refusal(f"the same number as row {first}")
        return number

    def _name(self, row: Row) -> str:
        name = self._cell(row, "name")
        if len(name) > MAX_NAME:
            raise _Refusal(f"the name is longer than {MAX_NAME} characters")
        return name

    def _zones(self, row: Row, number: str) -> tuple[str, ...]:
        given = self._cell(row, "time_zone")
        if not given:
            return numbers.time_zones(number)
        if given not in _known_zones():
            raise _Refusal(f"no time zone {given!r}: expected a name such as Europe/Berlin")
        return (given,)

    def _fields(self, row: Row) -> dict[str, str]:
        """The columns that we do not know, as text: what looks like a formula stays the text that it is."""
        ours = set(self._place.values())
        return {
            header: cell
            for index, (header, cell) in enumerate(zip(self._table.header, row.cells, strict=True))
            if index not in ours and header and cell
        }


class _Refusal(Exception):
    """This row is not imported."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _refuse_odd_text(header: str, cell: str) -> None:
    if len(cell) > MAX_CELL:
        raise _Refusal(f"column {header!r} has more than {MAX_CELL} characters")
    if cell.isprintable():
        return
    for letter in cell:
        if unicodedata.category(letter) == "Cc" and letter not in "\t\r\n":
            raise _Refusal(f"column {header!r} holds the control character U+{ord(letter):04X}")


def _priority(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", text) or int(text) not in PRIORITIES:
        raise _Refusal(f"the priority is a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}, the highest first")
    return int(text)


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
