"""What the Reassigned Numbers Database of the United States answered: whether a number may have another owner now.

Who asks it names a number and a day, that of the consent or of the last contact; ``yes``: the number was permanently
disconnected since, ``no``: it was not, ``no_data``: the database does not know. Asking is voluntary; who was told
``no`` by mistake is not liable for the call. Functions of a connection, run inside a transaction of the writer.

Source: 47 CFR 64.1200(l), (m), by FCC 18-177, 84 FR 11226 (regulations.justia.com); the FCC's guidance on the three
answers, by accountsrecovery.net, 2022-01-03; reassigned.us, FAQ; read on 2026-11-30. Confirm with counsel.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import phonenumbers

from calls.errors import UserError
from calls.people import erased
from calls.records.times import as_text, as_time
from calls.text import printable

COVERED = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})
"""Regions of whose numbers the database knows, toll-free ones among them. Source: ATIS-0300120, by globalspec.com."""


class Answer(StrEnum):
    """Was the number permanently disconnected since the day that was asked about?"""

    YES = "yes"
    NO = "no"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer. ``since``: the day that was asked about."""

    number: str
    since: date
    answer: Answer
    asked_at: datetime
    source: str = ""


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A number to ask about, and the day since when its owner counts."""

    number: str
    since: date


def is_covered(number: str) -> bool:
    """True where the database knows of numbers such as this one, in E.164."""
    if not number.startswith("+1"):
        return False
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number, None)) in COVERED
    except phonenumbers.NumberParseException:
        return False


def keep(connection: sqlite3.Connection, answers: Iterable[Asked], at: datetime, who: str) -> int:
    """Keep answers; how many were not known. The same number, day and time of asking again changes nothing, be
    the person erased since."""
    new = 0
    for each in answers:
        was = erased.token_if_erased(connection, each.number)
        if was is not None and _is_kept(connection, was, each):
            continue
        new += connection.execute(
            "INSERT INTO reassignments (number, asked_at, since, answer, source, added_at, added_by)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                each.number,
                as_text(each.asked_at),
                each.since.isoformat(),
                each.answer,
                printable(each.source),
                as_text(at),
                printable(who),
            ),
        ).rowcount
    return new


def _is_kept(connection: sqlite3.Connection, number: str, answer: Asked) -> bool:
    found = connection.execute(
        "SELECT 1 FROM reassignments WHERE number = ? AND asked_at = ? AND since = ?",
        (number, as_text(answer.asked_at), answer.since.isoformat()),
    )
    return found.fetchone() is not None


def last(connection: sqlite3.Connection, number: str) -> Asked | None:
    """The answer of when the number was asked about last; of several of that moment the one since the latest day."""
    row = connection.execute(
        "SELECT since, answer, asked_at, source FROM reassignments WHERE number = ?"
        " ORDER BY asked_at DESC, since DESC LIMIT 1",
        (number,),
    ).fetchone()
    if row is None:
        return None
    return Asked(number, date.fromisoformat(row[0]), Answer(row[1]), as_time(row[2]), row[3])


def of_number(connection: sqlite3.Connection, number: str) -> list[Asked]:
    """All answers about a number, the oldest first."""
    rows = connection.execute(
        "SELECT since, answer, asked_at, source FROM reassignments WHERE number = ? ORDER BY asked_at, since",
        (number,),
    )
    return [Asked(number, date.fromisoformat(row[0]), Answer(row[1]), as_time(row[2]), row[3]) for row in rows]


_TO_ASK = """
SELECT number, max(substr(at, 1, 10)) FROM (
    SELECT number, given_at AS at FROM consents WHERE kind <> 'recording' AND withdrawn_at IS NULL
    UNION ALL
    SELECT attempts.number, started_at FROM attempts JOIN calls ON call_id = attempt_id
    WHERE calls.agent_id IS NOT NULL AND abandoned = 0)
WHERE number IN (
    SELECT number FROM leads WHERE list_id = ?1 AND removed_at IS NULL
    UNION SELECT lead_numbers.number FROM lead_numbers JOIN leads USING (lead_id)
        WHERE list_id = ?1 AND removed_at IS NULL)
AND number NOT IN (SELECT number FROM reassignments WHERE asked_at > ?2)
GROUP BY number ORDER BY number
"""


def to_ask(connection: sqlite3.Connection, list_name: str, asked_after: datetime) -> Iterator[ToAsk]:
    """The numbers of a list of leads that were not asked about after ``asked_after``, each with the latest day on
    which its person agreed to something or talked to an agent: who has done neither has nothing to ask about.

    Raises:
        UserError: there is no such list.
    """
    found = connection.execute("SELECT list_id FROM lists WHERE name = ?", (list_name,)).fetchone()
    if found is None:
        raise UserError(f"no list {list_name}: callwright leads lists names those that there are")
    rows = connection.execute(_TO_ASK, (found[0], as_text(asked_after)))
    return (ToAsk(number, date.fromisoformat(since)) for number, since in rows if is_covered(number))
