"""Answers of the Reassigned Numbers Database, and what to ask it: the same for the running engine and for a command.

How that database gives out its files was nowhere to be read, so the columns are named: any CSV file will do.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from calls import numbers
from calls.errors import LeadError, Location, UserError
from calls.numbers import NumberProblem
from calls.people import reassigned
from calls.people.reassigned import Answer, Asked
from calls.records.store import add_audit
from console.moments import Moment
from console.operations import Writes
from dialer.leads.table import Table, open_table

BATCH = 500
"""Answers in one transaction of an import."""

SHOWN = 100
"""Refused rows that a report names."""

ANSWERS = {
    "yes": Answer.YES,
    "y": Answer.YES,
    "no": Answer.NO,
    "n": Answer.NO,
    "no data": Answer.NO_DATA,
    "no_data": Answer.NO_DATA,
    "nodata": Answer.NO_DATA,
}
"""How the three answers are written, in small letters."""


class AnswerImport(BaseModel):
    """How a file of answers is to be read: the columns of the numbers, of the days that were asked about, and of the
    answers. ``asked_at``: when the database was asked. ``file`` is its name, for messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: Annotated[str, Field(min_length=1, max_length=200)]
    asked_at: Moment
    number: str = "number"
    since: str = "since"
    answer: str = "answer"
    region: str = "US"


@dataclass(slots=True)
class AnswerReport:
    """What became of each row. ``refused``: its number in a spreadsheet (the header is row 1), and why."""

    rows: int = 0
    kept: int = 0
    given_up: int = 0
    """Rows that say yes."""
    refused: list[tuple[int, str]] = field(default_factory=list)

    def __str__(self) -> str:
        head = (
            f"{self.rows} rows: {self.kept} answers kept, {self.rows - self.kept - len(self.refused)} known already,"
            f" {len(self.refused)} refused; {self.given_up} say yes"
        )
        more = [f"and {len(self.refused) - SHOWN} more"] if len(self.refused) > SHOWN else []
        return "\n".join([head, *(f"row {row}: {reason}" for row, reason in self.refused[:SHOWN]), *more])


async def import_answers(
    writes: Writes, stream: BinaryIO, given: AnswerImport, who: str, now: datetime
) -> tuple[AnswerReport, tuple[str, ...]]:
    """Import answers from a file, in batches, which are read beside the event loop; and the numbers that are given
    up by what it says.

    Raises:
        LeadError: the file cannot be read, or has no such column.
        UserError: it was asked at a time that is to come.
    """
    if given.asked_at > now:
        raise UserError("nobody can have asked at a time that is to come")
    table = await asyncio.to_thread(open_table, stream, Location(Path(given.file)))
    report, given_up = AnswerReport(), list[str]()
    found = _read(table, given, report)
    while batch := await asyncio.to_thread(lambda: list(itertools.islice(found, BATCH))):
        report.kept += await writes.run(partial(reassigned.keep, answers=batch, at=now, who=who))
        given_up += [each.number for each in batch if each.answer is Answer.YES]
    table.close()
    report.given_up = len(given_up)
    detail = {"file": given.file, "kept": report.kept, "yes": report.given_up, "refused": len(report.refused)}
    await writes.run(lambda db: add_audit(db, now, who, "reassigned.import", detail))
    return report, tuple(given_up)


def _read(table: Table, given: AnswerImport, report: AnswerReport) -> Iterator[Asked]:
    places = [_place(table, name) for name in (given.number, given.since, given.answer)]
    for row in table.rows():
        report.rows += 1
        try:
            if row.problem is not None:
                raise ValueError(row.problem)
            number, since, answer = (row.cells[place].strip() for place in places)
            e164 = numbers.to_e164(number, given.region)
            yield Asked(e164, _day(since, given.asked_at), _answer(answer), given.asked_at, given.file)
        except NumberProblem as problem:
            report.refused.append((row.number, problem.reason))
        except ValueError as problem:
            report.refused.append((row.number, str(problem)))


def _place(table: Table, name: str) -> int:
    if name not in table.header:
        raise LeadError(f"no column {name!r}: the header has {', '.join(map(repr, table.header))}")
    return table.header.index(name)


def _answer(text: str) -> Answer:
    found = ANSWERS.get(text.lower())
    if found is None:
        raise ValueError(f"expected yes, no or no data; found {text!r}")
    return found


def _day(text: str, asked_at: datetime) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as problem:
        raise ValueError(f"expected the day that was asked about, such as 2026-11-29; found {text!r}") from problem
    if found > asked_at.astimezone(UTC).date():
        raise ValueError(f"nobody can have asked about a day that was to come: {text}")
    return found
