"""What people have agreed to, as people keep it: the same functions for the running engine and for a command."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from calls import numbers
from calls.errors import UserError
from calls.people import consents
from calls.people.consents import Consent, ConsentKind
from calls.records.store import add_audit
from console.moments import Moment
from console.operations import Done, Writes, e164
from console.row_import import RowFile, import_rows

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


async def import_consents(writes: Writes, stream: BinaryIO, given: ConsentImport, who: str, now: datetime) -> str:
    """Import consents from a file, a list of leads say; what became of its rows, in words.

    Raises:
        LeadError: the file cannot be read, or has no such column.
    """
    columns = [given.number, given.given, *([] if given.proof is None else [given.proof])]

    def read(cells: Sequence[str]) -> Consent | None:
        number, at, *proof = cells
        if not at:
            return None
        e164 = numbers.to_e164(number, given.region)
        return Consent(e164, given.kind, _time(at, now), given.source, "".join(proof))

    report = await import_rows(
        writes, RowFile(stream, given.file, columns), read, lambda db, batch: consents.give(db, batch, now, who)
    )
    detail = {"kind": given.kind.value, "source": given.source, "kept": report.kept, "refused": len(report.refused)}
    await writes.run(lambda db: add_audit(db, now, who, "consent.import", detail))
    return report.in_words(
        f"{report.rows} rows: {report.kept} consents kept, {report.known} known already,"
        f" {report.left_out} without a consent, {len(report.refused)} refused"
    )


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
