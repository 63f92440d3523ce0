"""Files of which each row says something of one number: read beside the event loop, and kept in batches."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from calls.errors import LeadError, Location
from calls.numbers import NumberProblem
from console.operations import Writes
from dialer.leads.table import Table, open_table

T = TypeVar("T")

BATCH = 500
"""Rows in one transaction: some 10 ms of the writer's time."""

SHOWN = 100
"""Refused rows that a report names."""


@dataclass(slots=True)
class RowReport:
    """What became of each row. ``refused``: its number in a spreadsheet (the header is row 1), and why."""

    rows: int = 0
    kept: int = 0
    left_out: int = 0
    """Rows that say nothing."""
    refused: list[tuple[int, str]] = field(default_factory=list)

    @property
    def known(self) -> int:
        """Rows that say what was known already."""
        return self.rows - self.kept - self.left_out - len(self.refused)

    def in_words(self, head: str) -> str:
        """``head``, and a line for each of the first rows that were refused."""
        more = [f"and {len(self.refused) - SHOWN} more"] if len(self.refused) > SHOWN else []
        return "\n".join([head, *(f"row {row}: {reason}" for row, reason in self.refused[:SHOWN]), *more])


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file that was given. ``name``: for messages; ``columns``: which are read, in this order."""

    stream: BinaryIO
    name: str
    columns: Sequence[str]


async def import_rows(
    writes: Writes,
    file: RowFile,
    read: Callable[[Sequence[str]], T | None],
    keep: Callable[[sqlite3.Connection, Sequence[T]], int],
) -> RowReport:
    """Read each row's cells, without spaces around them, and keep what they say; None: they say nothing. ``keep``
    gives how much of a batch was new. ``read`` is called in a thread.

    Raises:
        LeadError: the file cannot be read, or has no such column.
    """
    table = await asyncio.to_thread(open_table, file.stream, Location(Path(file.name)))
    report = RowReport()
    found = _read(table, file.columns, read, report)
    while batch := await asyncio.to_thread(lambda: list(itertools.islice(found, BATCH))):
        report.kept += await writes.run(partial(_keep, keep=keep, batch=batch))
    table.close()
    return report


def _keep(
    connection: sqlite3.Connection, *, keep: Callable[[sqlite3.Connection, Sequence[T]], int], batch: Sequence[T]
) -> int:
    return keep(connection, batch)


def _read(
    table: Table, columns: Sequence[str], read: Callable[[Sequence[str]], T | None], report: RowReport
) -> Iterator[T]:
    places = [_place(table, name) for name in columns]
    for row in table.rows():
        report.rows += 1
        try:
            if row.problem is not None:
                raise ValueError(row.problem)
            said = read([row.cells[place].strip() for place in places])
        except NumberProblem as problem:
            report.refused.append((row.number, problem.reason))
        except ValueError as problem:
            report.refused.append((row.number, str(problem)))
        else:
            if said is None:
                report.left_out += 1
            else:
                yield said


def _place(table: Table, name: str) -> int:
    if name not in table.header:
        raise LeadError(f"no column {name!r}: the header has {', '.join(map(repr, table.header))}")
    return table.header.index(name)
