"""Answers of the Reassigned Numbers Database, and what to ask it: the same for the running engine and for a command.

How that database gives out its files was nowhere to be read, so the columns are named: any CSV file will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from calls import numbers
from calls.errors import UserError
from calls.people import reassigned
from calls.people.reassigned import Answer, Asked
from calls.records.store import add_audit
from console.moments import Moment
from console.operations import Writes
from console.row_import import RowFile, import_rows

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


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a file. ``said``: of its rows, in words; ``given_up``: the numbers that it says yes of."""

    said: str
    given_up: tuple[str, ...]


async def import_answers(writes: Writes, stream: BinaryIO, given: AnswerImport, who: str, now: datetime) -> Answered:
    """Import answers from a file.

    Raises:
        LeadError: the file cannot be read, or has no such column.
        UserError: it was asked at a time that is to come.
    """
    if given.asked_at > now:
        raise UserError("nobody can have asked at a time that is to come")
    given_up: list[str] = []

    def read(cells: Sequence[str]) -> Asked:
        number, since, answer = cells
        e164 = numbers.to_e164(number, given.region)
        asked = Asked(e164, _day(since, given.asked_at), _answer(answer), given.asked_at, given.file)
        if asked.answer is Answer.YES:
            given_up.append(e164)
        return asked

    file = RowFile(stream, given.file, (given.number, given.since, given.answer))
    report = await import_rows(writes, file, read, lambda db, batch: reassigned.keep(db, batch, now, who))
    detail = {"file": given.file, "kept": report.kept, "yes": len(given_up), "refused": len(report.refused)}
    await writes.run(lambda db: add_audit(db, now, who, "reassigned.import", detail))
    head = (
        f"{report.rows} rows: {report.kept} answers kept, {report.known} known already,"
        f" {len(report.refused)} refused; {len(given_up)} say yes"
    )
    return Answered(report.in_words(head), tuple(given_up))


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
