"""A lead of the store as the row of a file, so that what a person changes of it is checked as an import checks it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from calls.errors import LeadError, Location
from dialer.leads.columns import NUMBERS, parse_map
from dialer.leads.file import KEPT, MAX_NAME, LeadFile, NewLead, Refusal
from dialer.leads.report import RefusedRow
from dialer.leads.table import MAX_COLUMNS, Row
from dialer.order import Kind

OURS: Mapping[Kind, str] = {kind: ours for ours, kind in reversed(tuple(NUMBERS.items()))}
"""The word of a column for a number of each kind."""

SINGLES = ("name", "time_zone", "priority")


@dataclass(frozen=True, slots=True)
class Written:
    """What a row would say. ``numbers`` in E.164, in the order in which they are dialled; ``time_zone``: "" where the
    numbers and the place say it; ``fields``: the other columns."""

    numbers: tuple[tuple[Kind, str], ...]
    name: str
    priority: int
    fields: Mapping[str, str]
    time_zone: str = ""


def kept_columns(connection: sqlite3.Connection, import_id: str | None) -> tuple[tuple[str, str], ...]:
    """Which of a lead's columns the import was told to be its country, state, postcode or customer's id."""
    row = connection.execute("SELECT options FROM imports WHERE import_id = ?", (import_id,)).fetchone()
    given = json.loads(row[0]).get("map") if row is not None and row[0] else None
    return tuple((ours, name) for ours, name in parse_map([given]) if ours in KEPT) if given else ()


def checked(written: Written, kept: tuple[tuple[str, str], ...]) -> NewLead:
    """The lead that an import would make of it.

    Raises:
        LeadError: an import would refuse it, or leave a number of it out; says why.
    """
    _check_names(written.fields)
    numbers = [
        (OURS[kind], f"{OURS[kind]} {place}", number) for place, (kind, number) in enumerate(written.numbers, 1)
    ]
    ours = [(name, number) for _, name, number in numbers]
    ours += zip(SINGLES, (written.name, written.time_zone, str(written.priority)), strict=True)
    columns = [(kind, name) for kind, name, _ in numbers]
    columns += [(kind, "") for kind in NUMBERS if kind not in {each for each, _ in columns}]
    columns += [(name, name) for name in SINGLES]
    columns += [(each, name if name in written.fields else "") for each, name in kept]
    table = _OneRow(
        (*(name for name, _ in ours), *written.fields), (*(cell for _, cell in ours), *written.fields.values())
    )
    left_out: list[RefusedRow] = []
    try:
        found = LeadFile(table, Location(Path("the lead")), None, columns).lead(table.row, left_out)
    except Refusal as refusal:
        raise LeadError(refusal.reason) from refusal
    if left_out:
        raise LeadError(left_out[0].reason)
    return found


def _check_names(fields: Mapping[str, str]) -> None:
    if len(fields) > MAX_COLUMNS:
        raise LeadError(f"a lead has no more than {MAX_COLUMNS} fields")
    for name in fields:
        if not name.strip() or name != name.strip() or len(name) > MAX_NAME or not name.isprintable():
            raise LeadError(f"the name of a field has 1 to {MAX_NAME} printable characters: {name!a} is none")


@dataclass(slots=True)
class _OneRow:
    """A table of one row."""

    header: tuple[str, ...]
    cells: tuple[str, ...]
    kind: str = "one lead"
    row: Row = field(init=False)

    def __post_init__(self) -> None:
        self.row = Row(1, self.cells)

    def rows(self) -> Iterator[Row]:
        yield self.row

    def share(self) -> float:
        return 1.0

    def close(self) -> None:
        pass
