"""Who is never dialled. Functions of a connection, run inside a transaction of the writer.

An entry is a number in E.164, or ``+1900*``: all numbers that begin so. It holds for every campaign or for one, for
good or until a time, and counts from its commit on: an attempt looks for it inside its own transaction. Every change
is written to the audit, with the number's last digits only; the store itself logs the order of the changes.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from calls.ids import CampaignId
from calls.log import masked
from calls.numbers import NumberProblem, is_dialable
from calls.people import erased
from calls.records.published import Event, publish
from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from calls.text import printable

BEGINNING = re.compile(r"\+[0-9]{1,14}\*\Z")
"""Numbers that begin so."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A number that is never dialled, in E.164 with ``+``, or the beginning of many with ``*`` behind it.

    ``source``: where it came from (a caller, a file); ``proof``: what shows that, or where it is kept. ``until``
    None: for good. ``campaign_id`` None: by no campaign.
    """

    number: str
    source: str
    reason: str
    added_at: datetime
    added_by: str
    until: datetime | None = None
    proof: str = ""
    campaign_id: CampaignId | None = None

    def holds(self, at: datetime) -> bool:
        """True where it has not run out ``at``."""
        return self.until is None or at < self.until

    def covers(self, number: str) -> bool:
        """True where ``number`` is the entry's, or one of those that begin so."""
        return number.startswith(self.number[:-1]) if self.number.endswith("*") else number == self.number


AGENT = "agent"
"""Source of the entries that an agent may withdraw: the disposition of a call."""

_COLUMNS = "number, source, reason, added_at, added_by, until_at, proof"


def add(connection: sqlite3.Connection, entry: Entry) -> bool:
    """Put a number on the list. False where it is there already for as long: who was first, and why, stays.

    What else is said of a number with an agent's entry is kept beside it, and stands again after :func:`withdraw`.

    Raises:
        NumberProblem: not in E.164 (``calls.numbers.to_e164`` makes it so), nor the beginning of numbers with ``*``.
    """
    number = _checked(entry.number)
    known = _read(connection, _spelled(connection, number), entry.campaign_id)
    stands = [each for each in known if each.holds(entry.added_at)]
    row = _row(number, entry)
    if any(_holds_as_long(each, entry) for each in stands):
        if entry.campaign_id is None and any(each.source == AGENT for each in stands):
            _keep_beside(connection, row)
        return False
    if entry.campaign_id is None and entry.source == AGENT:
        for each in stands:
            _keep_beside(connection, _row(number, each))
    renew = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS.split(", ")[1:])
    if entry.campaign_id is None:
        connection.execute(
            f"INSERT INTO do_not_call ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT (number) DO UPDATE SET {renew}",
            row,
        )
    else:
        connection.execute(
            f"INSERT INTO campaign_do_not_call (campaign_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT (campaign_id, number) DO UPDATE SET {renew}",
            (entry.campaign_id, *row),
        )
    detail = {"number": shown(number), "source": row[1], "reason": row[2], **_where(entry.campaign_id)}
    if row[5] is not None:
        detail["until"] = row[5]
    add_audit(connection, entry.added_at, printable(entry.added_by), "do_not_call.add", detail)
    told = {"number": number, "source": printable(entry.source), "by": printable(entry.added_by)}
    key = f"{number}:{as_text(entry.added_at)}"
    publish(connection, Event.DO_NOT_CALL_ADDED, key, "", told, entry.added_at)
    return True


def _row(number: str, entry: Entry) -> tuple[str | None, ...]:
    return (
        number,
        printable(entry.source),
        printable(entry.reason),
        as_text(entry.added_at),
        printable(entry.added_by),
        None if entry.until is None else as_text(entry.until),
        printable(entry.proof),
    )


def _keep_beside(connection: sqlite3.Connection, row: tuple[str | None, ...]) -> None:
    connection.execute(
        f"INSERT INTO do_not_call_beside ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (number, source, reason) DO UPDATE SET until_at = excluded.until_at",
        row,
    )


def _holds_as_long(known: Entry, entry: Entry) -> bool:
    return known.until is None or (entry.until is not None and known.until >= entry.until)


def remove(
    connection: sqlite3.Connection,
    number: str,
    *,
    at: datetime,
    who: str,
    reason: str,
    campaign_id: CampaignId | None = None,
) -> bool:
    """Take an entry off the list, also where its person was erased since, with what stands beside it. False where it
    is not on it.

    Raises:
        NumberProblem: as for :func:`add`.
    """
    number = _checked(number)
    spelled = _spelled(connection, number)
    marks = ", ".join("?" * len(spelled))
    if campaign_id is None:
        removed = connection.execute(f"DELETE FROM do_not_call WHERE number IN ({marks})", spelled)
        connection.execute(f"DELETE FROM do_not_call_beside WHERE number IN ({marks})", spelled)
    else:
        removed = connection.execute(
            f"DELETE FROM campaign_do_not_call WHERE campaign_id = ? AND number IN ({marks})", (campaign_id, *spelled)
        )
    if removed.rowcount == 0:
        return False
    detail = {"number": shown(number), "reason": printable(reason), **_where(campaign_id)}
    add_audit(connection, at, printable(who), "do_not_call.remove", detail)
    return True


def withdraw(connection: sqlite3.Connection, number: str, *, at: datetime, who: str, reason: str) -> bool:
    """An agent takes an own entry back, known by its ``reason``: what others have said of the number stands still.
    False where there is no such entry."""
    own = (number, AGENT, printable(reason))
    mine = "number = ? AND source = ? AND reason = ?"
    beside = connection.execute(f"DELETE FROM do_not_call_beside WHERE {mine}", own).rowcount
    if connection.execute(f"SELECT 1 FROM do_not_call WHERE {mine}", own).fetchone() is None:
        return beside > 0
    rows = connection.execute(f"SELECT {_COLUMNS} FROM do_not_call_beside WHERE number = ?", (number,)).fetchall()
    others = sorted((_entry(row, None) for row in rows), key=_lasts, reverse=True)
    remove(connection, number, at=at, who=who, reason=f"{reason} was changed")
    for each in others:
        if each.holds(at):
            add(connection, each)
    return True


def _lasts(entry: Entry) -> datetime:
    return entry.until or datetime.max.replace(tzinfo=UTC)


def found(
    connection: sqlite3.Connection, number: str, at: datetime, campaign_id: CampaignId | None = None
) -> tuple[Entry, ...]:
    """The entries that forbid ``campaign_id`` to dial the number ``at``; None: any campaign.

    Raises:
        NumberProblem: not in E.164: no answer is given for a spelling that the list cannot hold.
    """
    if not is_dialable(number):
        raise NumberProblem("expected a number in E.164, e.g. +12025550123")
    beginnings = (f"{number[:size]}*" for size in range(2, len(number) + 1))
    spelled = (*_spelled(connection, number), *beginnings)
    places = (None,) if campaign_id is None else (None, campaign_id)
    return tuple(entry for place in places for entry in _read(connection, spelled, place) if entry.holds(at))


def entries(connection: sqlite3.Connection) -> list[Entry]:
    """All entries, those of one campaign last; by number."""
    everyone = connection.execute(f"SELECT {_COLUMNS} FROM do_not_call ORDER BY number").fetchall()
    own = connection.execute(
        f"SELECT {_COLUMNS}, campaign_id FROM campaign_do_not_call ORDER BY campaign_id, number"
    ).fetchall()
    return [*(_entry(row, None) for row in everyone), *(_entry(row, CampaignId(row[7])) for row in own)]


def shown(number: str) -> str:
    """An entry for the audit: of a person's number the last digits only."""
    return number if number.endswith("*") else masked(number)


def _spelled(connection: sqlite3.Connection, number: str) -> tuple[str, ...]:
    """How the number may stand on the list: itself, and its hash where its person was erased."""
    was = erased.token_if_erased(connection, number)
    return (number,) if was is None else (number, was)


def _read(
    connection: sqlite3.Connection, spelled: tuple[str, ...], campaign_id: CampaignId | None
) -> Iterator[Entry]:
    marks = ", ".join("?" * len(spelled))
    if campaign_id is None:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM do_not_call WHERE number IN ({marks})", spelled)
    else:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM campaign_do_not_call WHERE campaign_id = ? AND number IN ({marks})",
            (campaign_id, *spelled),
        )
    return (_entry(row, campaign_id) for row in rows)


def _entry(row: tuple[str, ...], campaign_id: CampaignId | None) -> Entry:
    number, source, reason, added_at, added_by, until_at, proof = row[:7]
    until = None if until_at is None else as_time(until_at)
    return Entry(number, source, reason, as_time(added_at), added_by, until, proof, campaign_id)


def _where(campaign_id: CampaignId | None) -> dict[str, str]:
    return {} if campaign_id is None else {"campaign": campaign_id}


def _checked(number: str) -> str:
    if not is_dialable(number) and not BEGINNING.match(number):
        raise NumberProblem("expected a number in E.164, e.g. +12025550123, or the beginning of many, e.g. +1900*")
    return number
