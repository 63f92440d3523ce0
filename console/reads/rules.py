"""Who may not be called, and what people agreed to, page by page."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from calls.log import masked
from calls.people import blocked, consents, number_lists

PAGE = 200


class ForbiddenShown(BaseModel):
    """An entry of our own do-not-call list; ``until`` None: for good; ``campaign`` None: by no campaign at all."""

    model_config = ConfigDict(frozen=True)
    number: str
    reason: str
    source: str
    added_by: str
    added_at: datetime
    until: datetime | None
    campaign: str | None
    proof: str


class ForbiddenPage(BaseModel):
    """One page by number; ``next``: for ``after``, None: there are no more. ``count``: of all that fit."""

    model_config = ConfigDict(frozen=True)
    entries: tuple[ForbiddenShown, ...]
    next: str | None
    count: int


class ListShown(BaseModel):
    """An imported do-not-call list that holds."""

    model_config = ConfigDict(frozen=True)
    name: str
    numbers: int
    listed_at: datetime
    imported_at: datetime
    imported_by: str
    source: str


class ConsentShown(BaseModel):
    """What a person agreed to, and when that was taken back."""

    model_config = ConfigDict(frozen=True)
    kind: str
    given_at: datetime
    source: str
    proof: str
    withdrawn_at: datetime | None


class BlockedShown(BaseModel):
    """A number that is turned away."""

    model_config = ConfigDict(frozen=True)
    number: str
    reason: str
    until: datetime | None
    added_at: datetime
    added_by: str


_ALL = (
    "SELECT number, reason, source, added_by, added_at, until_at AS until, NULL AS campaign, proof FROM do_not_call"
    " UNION ALL SELECT number, reason, source, added_by, added_at, until_at, campaign_id, proof"
    " FROM campaign_do_not_call"
)


def forbidden(connection: sqlite3.Connection, part: str = "", after: str = "") -> ForbiddenPage:
    """Entries whose number begins or ends with the digits of ``part``; behind the mark ``after``."""
    digits = re.sub(r"[^0-9*]", "", part)[:20]
    fits = f"(number LIKE '+{digits}%' OR number LIKE '%{digits}')" if digits else "1"
    count = connection.execute(f"SELECT count(*) FROM ({_ALL}) WHERE {fits}").fetchone()[0]
    rows = connection.execute(
        f"SELECT * FROM ({_ALL}) WHERE {fits} AND number || ' ' || ifnull(campaign, '') > ?"
        f" ORDER BY number || ' ' || ifnull(campaign, '') LIMIT {PAGE + 1}",
        (after,),
    ).fetchall()
    shown = tuple(_forbidden(row) for row in rows[:PAGE])
    last = f"{shown[-1].number} {shown[-1].campaign or ''}" if len(rows) > PAGE else None
    return ForbiddenPage(entries=shown, next=last, count=count)


def _forbidden(row: sqlite3.Row) -> ForbiddenShown:
    return ForbiddenShown.model_validate(dict(zip(row.keys(), row, strict=True)))


def lists(connection: sqlite3.Connection) -> list[ListShown]:
    """The imported lists that hold, by name."""
    return [
        ListShown(
            name=each.name,
            numbers=each.numbers,
            listed_at=each.listed_at,
            imported_at=each.imported_at,
            imported_by=each.imported_by,
            source=each.source,
        )
        for each in number_lists.standing(connection).values()
    ]


def consents_of(connection: sqlite3.Connection, number: str) -> list[ConsentShown]:
    """What the person of a number (E.164) agreed to, the oldest first."""
    return [
        ConsentShown(
            kind=each.kind.value,
            given_at=each.given_at,
            source=each.source,
            proof=each.proof,
            withdrawn_at=each.withdrawn_at,
        )
        for each in consents.of_number(connection, number)
    ]


def turned_away(connection: sqlite3.Connection) -> list[BlockedShown]:
    """The callers who are blocked, by number."""
    return [
        BlockedShown(
            number=each.number, reason=each.reason, until=each.until, added_at=each.added_at, added_by=each.added_by
        )
        for each in blocked.entries(connection)
    ]


def label(entry: ForbiddenShown) -> str:
    """An entry for a message: of a person's number the last digits only."""
    return entry.number if entry.number.endswith("*") else masked(entry.number)
