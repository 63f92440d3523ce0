"""What people have agreed to, with the proof. Functions of a connection, run inside a transaction of the writer.

A consent is never changed: it runs out at its time, or is withdrawn, which counts from its commit on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calls.log import masked
from calls.numbers import NumberProblem, is_dialable
from calls.people import erased
from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from calls.text import printable


class ConsentKind(StrEnum):
    """To what a person has agreed."""

    CALLS = "calls"
    """To be called at all."""
    PRERECORDED = "prerecorded"
    """To hear a recorded voice instead of a person."""
    MOBILE = "mobile"
    """To be called by a machine on a mobile telephone."""
    RECORDING = "recording"
    """To be recorded."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person of a number has agreed to, when and where. ``proof``: the text, or where it is kept."""

    number: str
    kind: ConsentKind
    given_at: datetime
    source: str
    proof: str = ""
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """True where it was given by then, has not run out and was not withdrawn."""
        ends = [each for each in (self.expires_at, self.withdrawn_at) if each is not None]
        return self.given_at <= at and all(at < end for end in ends)


def stands(consents: Iterable[Consent], kind: ConsentKind, at: datetime) -> bool:
    """True where one of a person's consents of this kind holds, and was given after the last time that the person
    took one back: what was agreed to before that is over, however late it was written down."""
    kept = [each for each in consents if each.kind is kind]
    taken_back = [each.withdrawn_at for each in kept if each.withdrawn_at is not None]
    return any(each.holds(at) and all(each.given_at > before for before in taken_back) for each in kept)


def give(connection: sqlite3.Connection, consents: Iterable[Consent], at: datetime, who: str) -> int:
    """Keep consents; gives how many were not known. The same person, kind and time again changes nothing, be the
    person erased since.

    Raises:
        NumberProblem: a number is not in E.164.
    """
    new = 0
    for each in consents:
        _require_number(each.number)
        was = erased.token_if_erased(connection, each.number)
        if was is not None and _is_kept(connection, was, each):
            continue
        new += connection.execute(
            "INSERT INTO consents (number, kind, given_at, source, proof, expires_at, added_at, added_by)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number, kind, given_at) DO NOTHING",
            (
                each.number,
                each.kind,
                as_text(each.given_at),
                printable(each.source),
                printable(each.proof),
                None if each.expires_at is None else as_text(each.expires_at),
                as_text(at),
                printable(who),
            ),
        ).rowcount
    return new


def _is_kept(connection: sqlite3.Connection, number: str, consent: Consent) -> bool:
    found = connection.execute(
        "SELECT 1 FROM consents WHERE number = ? AND kind = ? AND given_at = ?",
        (number, consent.kind, as_text(consent.given_at)),
    )
    return found.fetchone() is not None


def give_one(connection: sqlite3.Connection, consent: Consent, at: datetime, who: str) -> bool:
    """Keep one consent and who brought it. False where it is known. Raises as :func:`give`."""
    if not give(connection, [consent], at, who):
        return False
    detail = {"number": masked(consent.number), "kind": consent.kind.value, "source": printable(consent.source)}
    add_audit(connection, at, printable(who), "consent.add", detail)
    return True


def withdraw(
    connection: sqlite3.Connection, number: str, kind: ConsentKind, at: datetime, who: str, reason: str
) -> bool:
    """Every consent of that kind ends at once. False where none was open.

    Raises:
        NumberProblem: not in E.164.
    """
    _require_number(number)
    changed = connection.execute(
        "UPDATE consents SET withdrawn_at = ?, withdrawn_by = ?, reason = ?"
        " WHERE number = ? AND kind = ? AND withdrawn_at IS NULL",
        (as_text(at), printable(who), printable(reason), number, kind),
    )
    if changed.rowcount == 0:
        return False
    detail = {"number": masked(number), "kind": kind.value, "reason": printable(reason)}
    add_audit(connection, at, printable(who), "consent.withdraw", detail)
    return True


def of_number(connection: sqlite3.Connection, number: str) -> tuple[Consent, ...]:
    """All that is kept of a number, the oldest first. Of a person who was erased that is what was withdrawn: for the
    rest the proof is gone, and nobody is called by it.

    Raises:
        RecordError: somebody was erased, and the installation's key is not there.
    """
    rows = connection.execute(
        "SELECT number, kind, given_at, source, proof, expires_at, withdrawn_at FROM consents"
        " WHERE number = ? OR (number = ? AND withdrawn_at IS NOT NULL) ORDER BY given_at, consent_id",
        (number, erased.token_if_erased(connection, number)),
    )
    return tuple(_consent(row) for row in rows)


def _consent(row: tuple[str, ...]) -> Consent:
    number, kind, given_at, source, proof, expires_at, withdrawn_at = row
    return Consent(
        number,
        ConsentKind(kind),
        as_time(given_at),
        source,
        proof,
        as_time(expires_at) if expires_at else None,
        as_time(withdrawn_at) if withdrawn_at else None,
    )


def _require_number(number: str) -> None:
    if not is_dialable(number):
        raise NumberProblem("expected a number in E.164, e.g. +12025550123")
