"""What people have agreed to, as people keep it: the same functions for the running engine and for a command."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from calls import numbers
from calls.errors import LeadError, Location, UserError
from calls.numbers import NumberProblem
from calls.people import consents
from calls.people.consents import Consent, ConsentKind
from calls.records.store import add_audit
from console.moments import Moment
from console.operations import Done, Writes, e164
from dialer.leads.table import Table, open_table

BATCH = 500
"""Consents in one transaction of an import: some 10 ms of the writer's time."""

SHOWN = 100
"""Refused rows that a report names."""

Text = Annotated[str, Field(max_length=1000)]


class ConsentOrder(BaseModel):
    """What a person has agreed to. ``given_at`` None: now."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    number: Annotated[str, Field(max_length=40)]
    kind: ConsentKind
    source: Annotated[str, Field(min_length=1, max_length=200)]
    proof: Text = ""
    given_at: Moment | None = None
    expires_at: Moment | None = None


class WithdrawOrder(BaseModel):
    """What a person has taken back."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    number: Annotated[str, Field(max_length=40)]
    kind: ConsentKind = ConsentKind.CALLS
    reason: Text = ""


class ConsentImport(BaseModel):
    """How a file is to be read: the columns of the numbers, of when each consent was given, and of its proof.
    ``file`` is its name, for messages. A row whose ``given`` cell is empty has agreed to nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: str
    kind: ConsentKind
    source: Annotated[str, Field(min_length=1, max_length=200)]
    number: str
    given: str
    proof: str | None = None
    region: str | None = None


@dataclass(slots=True)
class ConsentReport:
    """What became of each row. ``refused``: its number in a spreadsheet (the header is row 1), and why."""

    rows: int = 0
    kept: int = 0
    without: int = 0
    """Rows of people who have not agreed."""
    refused: list[tuple[int, str]] = field(default_factory=list)

    def __str__(self) -> str:
        known = self.rows - self.kept - self.without - len(self.refused)
        head = (
            f"{self.rows} rows: {self.kept} consents kept, {known} known already, {self.without} without a consent,"
            f" {len(self.refused)} refused"
        )
        more = [f"and {len(self.refused) - SHOWN} more"] if len(self.refused) > SHOWN else []
        return "\n".join([head, *(f"row {row}: {reason}" for row, reason in self.refused[:SHOWN]), *more])


def number_of(text: str) -> str:
    """The number in E.164.

    Raises:
        UserError: it is none.
    """
    return e164(text)


def give(connection: sqlite3.Connection, order: ConsentOrder, who: str, now: datetime) -> Done:
    """Keep a consent.

    Raises:
        UserError: no number, or its times cannot be.
    """
    number, given_at = e164(order.number), order.given_at or now
    if given_at > now:
        raise UserError("nobody can have agreed at a time that is to come")
    if order.expires_at is not None and order.expires_at <= given_at:
        raise UserError("a consent cannot run out before it was given")
    consent = Consent(number, order.kind, given_at, order.source, order.proof, order.expires_at)
    new = consents.give_one(connection, consent, now, who)
    return Done(said=f"{number}: the consent {order.kind.value} is kept" if new else f"{number}: it was kept already")


def withdraw(connection: sqlite3.Connection, order: WithdrawOrder, who: str, now: datetime) -> Done:
    """A consent ends at once.

    Raises:
        UserError: no number, or nothing to take back.
    """
    number = e164(order.number)
    if not consents.withdraw(connection, number, order.kind, now, who, order.reason):
        raise UserError(
            f"{number} has no consent {order.kind.value} to take back: who wants no calls goes on the do-not-call"
            " list (callwright dnc add)"
        )
    return Done(said=f"{number}: the consent {order.kind.value} is taken back")


async def import_consents(
    writes: Writes, stream: BinaryIO, given: ConsentImport, who: str, now: datetime
) -> ConsentReport:
    """Import consents from a file, a list of leads say, in batches, which are read beside the event loop.

    Raises:
        LeadError: the file cannot be read, or has no such column.
    """
    table = await asyncio.to_thread(open_table, stream, Location(Path(given.file)))
    report = ConsentReport()
    found = _read(table, given, report, now)
    while batch := await asyncio.to_thread(lambda: list(itertools.islice(found, BATCH))):
        report.kept += await writes.run(partial(consents.give, consents=batch, at=now, who=who))
    table.close()
    detail = {"kind": given.kind.value, "source": given.source, "kept": report.kept, "refused": len(report.refused)}
    await writes.run(lambda db: add_audit(db, now, who, "consent.import", detail))
    return report


def _read(table: Table, given: ConsentImport, report: ConsentReport, now: datetime) -> Iterator[Consent]:
    places = [_place(table, name) for name in (given.number, given.given)]
    proof = None if given.proof is None else _place(table, given.proof)
    for row in table.rows():
        report.rows += 1
        try:
            if row.problem is not None:
                raise ValueError(row.problem)
            number, at = (row.cells[place].strip() for place in places)
            if not at:
                report.without += 1
                continue
            shown = "" if proof is None else row.cells[proof].strip()
            yield Consent(numbers.to_e164(number, given.region), given.kind, _time(at, now), given.source, shown)
        except NumberProblem as problem:
            report.refused.append((row.number, problem.reason))
        except ValueError as problem:
            report.refused.append((row.number, str(problem)))


def _place(table: Table, name: str) -> int:
    if name not in table.header:
        raise LeadError(f"no column {name!r}: the header has {', '.join(map(repr, table.header))}")
    return table.header.index(name)


def _time(text: str, now: datetime) -> datetime:
    """The time in a cell; without a zone it is UTC.

    Raises:
        ValueError: it is none, or is to come.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise ValueError(
            f"expected when it was given, such as 2026-11-29 or 2026-11-29T14:05; found {text!r}"
        ) from problem
    at = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    if at > now:
        raise ValueError(f"nobody can have agreed at a time that is to come: {text}")
    return at
