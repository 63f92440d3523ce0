"""Leads from a CSV file into a list of the store: checked and reported row by row; the same again changes nothing.

::

    with path.open("rb") as stream:
        leads = LeadFile(stream, Location(path), region="US")
        report = import_csv(connection, leads, "autumn", now, new_id)

``import_csv`` runs in a transaction of its caller. Where others write too, take the batches of
:meth:`LeadFile.batches`, give each to :func:`store_batch` in a transaction of its own, and what that gives to
:meth:`ImportReport.take`: what is in already is left as it is, so an import that was cut off is simply done again.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import BinaryIO

from calls import numbers
from calls.errors import LeadError, Location
from calls.ids import LeadId, ListId, is_safe_id
from calls.numbers import NumberProblem
from calls.records.times import as_text
from dialer import roll
from dialer.table import Row, Table

BATCH = 500
"""Rows in one transaction of an import beside others: some 10 ms of the writer's time."""

MAX_NAME = 200
MAX_CELL = 4000
PRIORITIES = range(-1000, 1001)

SYNONYMS: dict[str, tuple[str, ...]] = {
    "number": (
        "number", "phone", "phonenumber", "telephone", "telephonenumber", "tel", "mobile", "mobilephone",
        "mobilenumber", "cell", "cellphone", "msisdn", "e164", "phone1", "telefon", "telefonnummer", "rufnummer",
        "handy", "telefono", "téléphone",
    ),
    "name": ("name", "fullname", "customer", "customername", "contact", "contactname", "displayname", "company"),
    "time_zone": ("timezone", "tz", "zone", "zeitzone", "ianatimezone"),
    "priority": ("priority", "prio", "rank", "priorität"),
}  # fmt: skip
"""How exporters call the columns that we know, the likeliest first; letters and digits only, in small letters."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The header's names of the columns that we know. What is not named is guessed; every other column is kept."""

    number: str | None = None
    name: str | None = None
    time_zone: str | None = None
    priority: str | None = None


@dataclass(frozen=True, slots=True)
class NewLead:
    """A row that may be imported."""

    row: int
    number: str
    name: str
    time_zones: tuple[str, ...]
    priority: int
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not imported, by its number in a spreadsheet (the header is row 1), and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch."""

    imported: int
    known: int
    without_zone: int


@dataclass(slots=True)
class ImportReport:
    """What became of each row."""

    columns: dict[str, str]
    """What we know, by the name of its column in the file."""
    delimiter: str
    rows: int = 0
    imported: int = 0
    known: int = 0
    """In the list already; left as they are."""
    without_zone: int = 0
    """Imported, and no time zone is known: never dialled where a law asks for hours."""
    refused: list[RefusedRow] = field(default_factory=list)

    def take(self, stored: Stored) -> None:
        """Count a batch that is committed."""
        self.imported += stored.imported
        self.known += stored.known
        self.without_zone += stored.without_zone

    def as_json(self) -> dict[str, object]:
        """The report as JSON values."""
        return {
            "rows": self.rows,
            "imported": self.imported,
            "known": self.known,
            "without_zone": self.without_zone,
            "columns": dict(self.columns),
            "delimiter": self.delimiter,
            "refused": [{"row": each.row, "reason": each.reason} for each in self.refused],
        }

    def __str__(self) -> str:
        taken = ", ".join(f"{ours} from {theirs!r}" for ours, theirs in self.columns.items())
        lines = [
            f"{self.rows} rows: {self.imported} imported, {self.known} in the list already,"
            f" {len(self.refused)} refused ({taken})"
        ]
        if self.without_zone:
            lines.append(f"{self.without_zone} imported without a known time zone")
        lines += [f"row {each.row}: {each.reason}" for each in self.refused]
        return "\n".join(lines)


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
        self._place = _places(self._table.header, columns or Columns(), where)
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


def _places(header: tuple[str, ...], columns: Columns, where: Location) -> dict[str, int]:
    """Where each column that we know stands."""
    places: dict[str, int] = {}
    for ours in SYNONYMS:
        wanted = getattr(columns, ours)
        index = _named(header, wanted, where) if wanted is not None else _guessed(header, ours)
        if index is not None:
            places[ours] = index
    if "number" not in places:
        raise LeadError(
            f"no column with a telephone number: the header has {', '.join(map(repr, header)) or 'no name'};"
            " name the column",
            Location(where.file, 1),
        )
    if len(set(places.values())) < len(places):
        raise LeadError("one column is named for two things", Location(where.file, 1))
    return places


def _named(header: tuple[str, ...], wanted: str, where: Location) -> int:
    if wanted not in header:
        raise LeadError(
            f"no column {wanted!r}: the header has {', '.join(map(repr, header))}", Location(where.file, 1)
        )
    return header.index(wanted)


def _guessed(header: tuple[str, ...], ours: str) -> int | None:
    plain = ["".join(letter for letter in name.casefold() if letter.isalnum()) for name in header]
    return next((plain.index(synonym) for synonym in SYNONYMS[ours] if synonym in plain), None)


# --- into the store ---------------------------------------------------------------------------------------------


def import_csv(
    connection: sqlite3.Connection, leads: LeadFile, list_name: str, now: datetime, new_id: Callable[[], str]
) -> ImportReport:
    """Import the whole file within the caller's transaction; gives what became of each row.

    Raises:
        LeadError: the list's name cannot be one.
    """
    list_id = open_list(connection, list_name, now, new_id)
    for batch in leads.batches():
        leads.report.take(store_batch(connection, list_id, batch, now, new_id))
    return leads.report


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


def store_batch(
    connection: sqlite3.Connection,
    list_id: ListId,
    batch: list[NewLead],
    now: datetime,
    new_id: Callable[[], str],
) -> Stored:
    """Add a batch to a list, and to the roll of the campaigns that dial it. A number that is in stays as it is."""
    last = connection.execute("SELECT coalesce(max(rowid), 0) FROM leads").fetchone()[0]
    imported = without_zone = 0
    for lead in batch:
        added = connection.execute(
            "INSERT INTO leads"
            " (lead_id, list_id, person_key, number, name, time_zones, fields, priority, imported_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (list_id, number) DO NOTHING",
            (
                LeadId(new_id()),
                list_id,
                lead.number,
                lead.number,
                lead.name,
                json.dumps(lead.time_zones),
                json.dumps(lead.fields, ensure_ascii=False),
                lead.priority,
                as_text(now),
            ),
        ).rowcount
        imported += added
        without_zone += added and not lead.time_zones
    roll.enrol(connection, list_id, last)
    return Stored(imported, len(batch) - imported, without_zone)
