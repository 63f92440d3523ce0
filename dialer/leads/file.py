"""A file of leads: checked row by row; what may be imported comes in batches, with why the rest may not."""

from __future__ import annotations

import json
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from calls import numbers
from calls.errors import LeadError, Location
from calls.numbers import NumberProblem
from dialer.leads import places
from dialer.leads.columns import NUMBERS, Places, places_of
from dialer.leads.postcodes import postcode_zones
from dialer.leads.report import RefusedRow
from dialer.leads.table import Row, Table
from dialer.order import Kind

BATCH = 200
"""Rows in one transaction of an import beside others: some 10 ms of the writer's time."""

MAX_NAME = 200
MAX_CELL = 4000
MAX_PERSON = 100
MAX_NUMBERS = 10
PRIORITIES = range(-1000, 1001)


class NewNumber(NamedTuple):
    """A number of a row, in E.164, with the zones in which the person may be. A tuple, as its lead is: a million of
    them go from one process to another, six times as fast as dataclasses would."""

    kind: Kind
    number: str
    time_zones: tuple[str, ...]


class NewLead(NamedTuple):
    """A row that may be imported. ``person``: the customer's id, or empty; ``region``: a country, or a state such as
    ``US-CA``."""

    row: int
    numbers: tuple[NewNumber, ...]
    name: str
    priority: int
    fields: str
    """The other columns, a JSON object."""
    person: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file. ``upto``: the last row that was looked at; ``rows``: how many there were, empty ones not
    counted; ``share``: how much of the file is read then, 0 to 1."""

    leads: list[NewLead]
    refused: list[RefusedRow]
    upto: int
    rows: int
    share: float


@dataclass(slots=True)
class LeadFile:
    """The leads in a table. ``region`` (ISO 3166) reads numbers that are written without a country code; ``columns``:
    pairs of what we know and its column, where that is not to be guessed.

    Raises:
        LeadError: the table has no column with a number, or not the given columns.
    """

    table: Table
    where: Location
    region: str | None = None
    columns: Iterable[tuple[str, str]] = ()
    places: Places = field(init=False)
    _kept: tuple[tuple[int, str], ...] = field(init=False)
    _only_numbers: bool = field(init=False)
    """Nothing but its numbers says where a person is."""

    def __post_init__(self) -> None:
        for name in self.table.header:
            if any(unicodedata.category(letter) == "Cs" for letter in name):
                raise LeadError("the name of a column holds half a character", Location(self.where.file, 1))
            if len(name) > MAX_NAME:  # it is kept with each lead
                raise LeadError(
                    f"the name of a column is longer than {MAX_NAME} characters", Location(self.where.file, 1)
                )
        self.places = places_of(self.table.header, tuple(self.columns), self.where)
        self._only_numbers = not any(each in self.places.singles for each in WHERE)
        used = {place for _, place in self.places.numbers}
        used |= {place for ours, place in self.places.singles.items() if ours not in KEPT}
        self._kept = tuple(
            (place, name) for place, name in enumerate(self.table.header) if name and place not in used
        )

    @property
    def named(self) -> dict[str, str]:
        """What we know, by the name of its column in the file."""
        return self.places.named(self.table.header)

    def batches(self, after: int = 0, size: int = BATCH) -> Iterator[Batch]:
        """The rows behind row ``after``, in batches. To be read once."""
        leads: list[NewLead] = []
        refused: list[RefusedRow] = []
        rows = upto = 0
        for row in self.table.rows():
            if row.number <= after:
                continue
            rows, upto = rows + 1, row.number
            try:
                leads.append(self.lead(row, refused))
            except Refusal as refusal:
                refused.append(RefusedRow(row.number, refusal.reason))
            if rows >= size:
                yield Batch(leads, refused, upto, rows, self.table.share())
                leads, refused, rows = [], [], 0
        if rows:
            yield Batch(leads, refused, upto, rows, 1.0)
        self.table.close()

    def lead(self, row: Row, left_out: list[RefusedRow]) -> NewLead:
        """The lead of a row. A number of several that is none is left out, and said so in ``left_out``.

        Raises:
            Refusal: the row is not to be imported.
        """
        if row.problem is not None:
            raise Refusal(row.problem)
        for place, cell in enumerate(row.cells):
            if len(cell) > MAX_CELL or not cell.isprintable():
                _refuse_odd_text(self.table.header[place], cell)
        written = self._numbers(row, left_out)
        country = self._country(row, written[0][1])
        state = self._state(row, country)
        narrowed = not self._only_numbers
        return NewLead(
            row.number,
            tuple(
                [
                    NewNumber(kind, number, self._zones(row, number, country, state))
                    if narrowed
                    else NewNumber(kind, number, numbers.time_zones(number))
                    for kind, number in written
                ]
            ),
            self._text(row, "name", MAX_NAME),
            _priority(self._cell(row, "priority")),
            self._fields(row),
            self._text(row, "person", MAX_PERSON),
            f"{country}-{state}" if state else country,
        )

    def _cell(self, row: Row, ours: str) -> str:
        index = self.places.singles.get(ours)
        return "" if index is None else row.cells[index].strip()

    def _text(self, row: Row, ours: str, longest: int) -> str:
        text = self._cell(row, ours)
        if len(text) > longest:
            raise Refusal(f"the {ours} is longer than {longest} characters")
        return text

    def _numbers(self, row: Row, left_out: list[RefusedRow]) -> list[tuple[Kind, str]]:
        found: dict[str, Kind] = {}
        problems: list[tuple[int, str]] = []
        for ours, index in self.places.numbers:
            written = row.cells[index].strip()
            if not written and (found or len(self.places.numbers) > 1):
                continue
            try:
                found.setdefault(numbers.to_e164(written, self.region), NUMBERS[ours])
            except NumberProblem as problem:
                problems.append((index, problem.reason))
        if not found:
            raise Refusal(problems[0][1] if problems else "the number is empty")
        for index, reason in problems:
            left_out.append(RefusedRow(row.number, f"{self.table.header[index]!r} left out: {reason}", left_out=True))
        return [(kind, number) for number, kind in found.items()][:MAX_NUMBERS]

    def _country(self, row: Row, number: str) -> str:
        given = self._cell(row, "country").upper()
        if len(given) == 2 and given.isascii() and given.isalpha():
            return "GB" if given == "UK" else given
        return numbers.country(number)

    def _state(self, row: Row, country: str) -> str:
        given = self._cell(row, "state")
        return (places.state(given, country) or "") if given else ""

    def _zones(self, row: Row, number: str, country: str, state: str) -> tuple[str, ...]:
        """The zone that the row names, else those of the number narrowed by the postcode or the state."""
        given = self._cell(row, "time_zone")
        if given and given not in _known_zones():
            raise Refusal(f"no time zone {given!r}: expected a name such as Europe/Berlin")
        if given in _without_summer_time():
            raise Refusal(f"the time zone {given!r} knows no summer time: expected a place such as America/New_York")
        if given:
            return (given,)
        of_postcode = postcode_zones(self._cell(row, "postcode"), country)
        of_state = places.STATES[country][state] if state else ()
        return places.narrowed(numbers.time_zones(number), places.narrowed(of_state, of_postcode))

    def _fields(self, row: Row) -> str:
        """The columns that we do not use up, as text: what looks like a formula stays the text that it is."""
        found = {header: cell for place, header in self._kept if (cell := row.cells[place])}
        return _ENCODER.encode(found) if found else "{}"


_ENCODER = json.JSONEncoder(ensure_ascii=False)

WHERE = ("time_zone", "state", "postcode")
"""What says more than a number of where a person is."""

KEPT = ("country", "state", "postcode", "person")
"""What we know and leave among the lead's columns all the same: agents see it."""


class Refusal(Exception):
    """This row is not imported."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _refuse_odd_text(header: str, cell: str) -> None:
    if len(cell) > MAX_CELL:
        raise Refusal(f"column {header!r} has more than {MAX_CELL} characters")
    for letter in cell:
        category = unicodedata.category(letter)
        if category == "Cc" and letter not in "\t\r\n":
            raise Refusal(f"column {header!r} holds the control character U+{ord(letter):04X}")
        if category == "Cs":
            raise Refusal(f"column {header!r} holds half a character (U+{ord(letter):04X})")


def _priority(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", text) or int(text) not in PRIORITIES:
        raise Refusal(f"the priority is a whole number from {PRIORITIES[0]} to {PRIORITIES[-1]}, the highest first")
    return int(text)


@lru_cache(maxsize=1)
def _without_summer_time() -> frozenset[str]:
    """Zones that are an offset and no place: with ``EST`` for New York, people would be called an hour too late all
    summer (invariant I2)."""
    named = {"EST", "MST", "HST", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "UTC", "UCT", "Universal", "Zulu"}
    return frozenset(each for each in _known_zones() if each in named or each.startswith("Etc/") or each == "Factory")


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
