"""Erases a person: inside one transaction of the writer nothing of name, fields, numbers and words stays.

What stays is what belongs to others: that there were calls, when, how long, and what agents did. In the place of each
number stands its keyed hash (:mod:`calls.people.erased`), by which limits and the do-not-call list hold on.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from calls.errors import UserError
from calls.ids import LeadId
from calls.people import erased, persons, scrub
from calls.people.persons import Person
from calls.people.scrub import Number, Place, Words
from calls.records.store import add_audit
from calls.records.times import as_text

DROPPED = frozenset({"outbox"})
"""Tables whose rows go as a whole: a message about somebody who is erased is told to nobody."""

EMPTIED = {
    "callbacks": ("note",),
    "blocked_numbers": ("reason",),
    "consents": ("proof", "reason"),
    "do_not_call": ("reason", "proof"),
    "campaign_do_not_call": ("reason", "proof"),
    "do_not_call_beside": ("reason", "proof"),
}
"""What people wrote in rows that are about the person's number."""

LEAST_NAME = 5
"""Characters: a shorter name stands in too many words that are not about the person."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is to be erased: all numbers of all leads of the person, but those that other people's leads have too, and
    what else the person is known by. ``keys``: under which the attempts stand."""

    numbers: tuple[str, ...]
    leads: tuple[LeadId, ...]
    names: tuple[str, ...]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Who is to be erased, what is looked for, and where it was found."""

    subject: Subject
    words: Words
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: how many leads and calls, and the recordings whose files are to be deleted."""

    leads: int
    calls: int
    recordings: tuple[str, ...]


def subject_of(connection: sqlite3.Connection, number: str) -> Subject:
    """Everything by which the person of ``number``, in E.164, is known."""
    keys = _keys_of(connection, number)
    found = _leads_of(connection, number, keys)
    leads = tuple(each.lead_id for each in found)
    numbers = [number]
    for each in (*(each.number for person in found for each in person.numbers), *_handles(connection, keys)):
        others = {other.lead_id for other in persons.of_number(connection, each)} - set(leads)
        if each not in numbers and not others and not each.startswith(erased.MARK):
            numbers.append(each)
    names = tuple(dict.fromkeys(each.name for each in found if len(each.name) >= LEAST_NAME))
    return Subject(tuple(numbers), leads, names, keys)


def _keys_of(connection: sqlite3.Connection, number: str) -> tuple[str, ...]:
    """Under what the person is kept: also where the leads were removed, and where it was erased before."""
    rows = connection.execute(
        f"SELECT person_key FROM leads WHERE lead_id IN ({persons.WITH_NUMBER})"
        " UNION SELECT person_key FROM person_handles WHERE handle = :number UNION SELECT :number",
        {"number": number},
    )
    return tuple(row[0] for row in rows)


def _handles(connection: sqlite3.Connection, keys: tuple[str, ...]) -> list[str]:
    """The numbers that lead to the person."""
    rows = connection.execute(
        "SELECT handle FROM person_handles WHERE person_key IN (SELECT value FROM json_each(:keys))"
        " AND handle NOT LIKE 'id:%' UNION SELECT value FROM json_each(:keys)",
        {"keys": json.dumps(keys)},
    )
    return [row[0] for row in rows]


def _leads_of(connection: sqlite3.Connection, number: str, keys: tuple[str, ...]) -> list[Person]:
    """The leads that have the number, and those that are known to be of the same person: by numbers of the person, of
    which every lead has one that was not erased yet."""
    rows = connection.execute(
        "SELECT lead_id FROM leads WHERE list_id IN (SELECT list_id FROM lists)"
        " AND number IN (SELECT value FROM json_each(?)) AND person_key IN (SELECT value FROM json_each(?))",
        (json.dumps(_handles(connection, keys)), json.dumps(keys)),
    ).fetchall()
    known = (persons.of_lead(connection, LeadId(row[0])) for row in rows)
    by_number = persons.of_number(connection, number)
    return list({each.lead_id: each for each in (*by_number, *known) if each is not None}.values())


def words_of(connection: sqlite3.Connection, subject: Subject, region: str | None) -> Words:
    """What is looked for in every text."""
    numbers = []
    for number in subject.numbers:
        national = tuple(each for each in persons.spellings(number, region) if number.removeprefix("+") not in each)
        numbers.append(Number(number, national, erased.token(connection, number)))
    return Words(tuple(numbers), subject.names)


def require_quiet(connection: sqlite3.Connection, subject: Subject, region: str | None) -> None:
    """Refuse while the person is on the line, is being dialled, or is being written about.

    Raises:
        UserError: so it is.
    """
    spelled = json.dumps([each for number in subject.numbers for each in persons.spellings(number, region)])
    leads = json.dumps(subject.leads)
    for sql, values in (
        (
            "SELECT 1 FROM live_calls WHERE caller IN {s} OR called IN {s} OR lead_id IN {s}",
            (spelled, spelled, leads),
        ),
        ("SELECT 1 FROM attempts WHERE state <> 'done' AND (number IN {s} OR lead_id IN {s})", (spelled, leads)),
        ("SELECT 1 FROM contacts WHERE closed_at IS NULL AND (number IN {s} OR lead_id IN {s})", (spelled, leads)),
    ):
        if connection.execute(sql.replace("{s}", "(SELECT value FROM json_each(?))"), values).fetchone():
            raise UserError("the person has a call at this moment, or an agent still writes of one: erase them later")


def plan(connection: sqlite3.Connection, number: str, region: str | None) -> Plan:
    """Look through the whole database for the person of ``number``, in E.164: on a connection that reads only.

    Raises:
        UserError: the person has a call at this moment.
        RecordError: the installation's key is not there.
    """
    subject = subject_of(connection, number)
    require_quiet(connection, subject, region)
    words = words_of(connection, subject, region)
    return Plan(subject, words, tuple(scrub.find(connection, words)))


def erase(
    connection: sqlite3.Connection, planned: Plan, region: str | None, reason: str, who: str, now: datetime
) -> Erased:
    """Erase the person, with an entry in the audit that does not say who it was. What has been written of them since
    the plan was made is found by :func:`left`.

    Raises:
        UserError: the person has a call at this moment, or more is known of the person by now.
    """
    subject, words = planned.subject, planned.words
    if subject_of(connection, subject.numbers[0]) != subject:
        raise UserError("leads of the person have changed at this moment: erase them again")
    require_quiet(connection, subject, region)
    calls = calls_of(connection, subject, region)
    recordings = _recordings(connection, calls)
    _empty_leads(connection, subject)
    _empty_calls(connection, calls)
    _give_up_callbacks(connection, subject, now)
    scrub.replace(connection, words, planned.places, DROPPED, EMPTIED)
    erased.keep(connection, (each.token for each in words.numbers), now)
    done = Erased(len(subject.leads), len(calls), recordings)
    detail = {
        "person": words.numbers[0].token,
        "reason": words.clean(reason),
        "leads": done.leads,
        "calls": done.calls,
        "recordings": len(recordings),
    }
    add_audit(connection, now, who, "people.erase", detail)
    return done


def left(connection: sqlite3.Connection, planned: Plan) -> Plan | None:
    """What is found still, to be cleaned up; None: nothing. On a connection that reads only."""
    places = scrub.find(connection, planned.words)
    return replace(planned, places=tuple(places)) if places else None


def clean_up(connection: sqlite3.Connection, planned: Plan) -> None:
    """Take out what was left."""
    scrub.replace(connection, planned.words, planned.places, DROPPED, EMPTIED)


def calls_of(connection: sqlite3.Connection, subject: Subject, region: str | None) -> list[str]:
    """The calls of the person, over or not."""
    spelled = json.dumps([each for number in subject.numbers for each in persons.spellings(number, region)])
    rows = connection.execute(
        "WITH spelled AS (SELECT value FROM json_each(:spelled))"
        " SELECT call_id FROM calls WHERE direction = 'inbound' AND caller IN spelled"
        " UNION SELECT call_id FROM calls WHERE direction = 'outbound' AND called IN spelled"
        " UNION SELECT call_id FROM contacts WHERE number IN spelled"
        " UNION SELECT call_id FROM live_calls WHERE caller IN spelled OR called IN spelled"
        " UNION SELECT attempt_id FROM attempts WHERE person_key IN (SELECT value FROM json_each(:keys))",
        {"spelled": spelled, "keys": json.dumps(subject.keys)},
    )
    return [row[0] for row in rows]


def _recordings(connection: sqlite3.Connection, calls: list[str]) -> tuple[str, ...]:
    """Every recording that a call of them has made, whole or in part."""
    rows = connection.execute(
        "WITH mine AS (SELECT value FROM json_each(?))"
        " SELECT recording FROM calls WHERE call_id IN mine AND recording IS NOT NULL"
        " UNION SELECT message_id FROM voicemail WHERE call_id IN mine"
        " UNION SELECT recording FROM survey_answers WHERE call_id IN mine AND recording IS NOT NULL"
        " UNION SELECT json_extract(detail, '$.recording') FROM call_events WHERE call_id IN mine"
        " AND json_type(detail, '$.recording') = 'text'",
        (json.dumps(calls),),
    )
    return tuple(row[0] for row in rows)


def _empty_leads(connection: sqlite3.Connection, subject: Subject) -> None:
    leads = json.dumps(subject.leads)
    mine = "lead_id IN (SELECT value FROM json_each(?))"
    connection.execute(
        "DELETE FROM person_handles WHERE handle LIKE 'id:%' AND person_key IN (SELECT value FROM json_each(?))",
        (json.dumps(subject.keys),),
    )
    connection.execute(f"DELETE FROM lead_numbers WHERE {mine}", (leads,))
    connection.execute(
        "UPDATE campaign_leads SET state = 'done', next_try_at = NULL"
        f" WHERE campaign_id IN (SELECT campaign_id FROM campaigns) AND {mine} AND state <> 'done'",
        (leads,),
    )
    connection.execute(
        "UPDATE leads SET name = '', fields = '{}', time_zones = '[]', region = '',"
        f" number = '{erased.MARK}lead-' || rowid WHERE {mine}",
        (leads,),
    )


def _empty_calls(connection: sqlite3.Connection, calls: list[str]) -> None:
    """What was said and keyed in them, by whomever."""
    mine, values = "call_id IN (SELECT value FROM json_each(?))", (json.dumps(calls),)
    for sql in (
        f"UPDATE calls SET disposition_note = NULL, recording = NULL, channel = '' WHERE {mine}",
        f"UPDATE contacts SET note = '' WHERE {mine}",
        f"UPDATE call_events SET detail = '{{}}' WHERE {mine}",
        f"UPDATE survey_answers SET recording = NULL WHERE {mine}",
        f"UPDATE flags SET what = '' WHERE {mine}",
        f"UPDATE reviews SET note = '', reply = '' WHERE {mine}",
        f"DELETE FROM script_answers WHERE {mine}",
        f"DELETE FROM voicemail WHERE {mine}",
        f"DELETE FROM outbox WHERE {mine}",
    ):
        connection.execute(sql, values)


def _give_up_callbacks(connection: sqlite3.Connection, subject: Subject, now: datetime) -> None:
    mine, numbers = "number IN (SELECT value FROM json_each(?))", json.dumps(subject.numbers)
    connection.execute(
        "UPDATE callbacks SET state = 'closed', reason = 'erased', ended_at = ?, remind_at = NULL"
        f" WHERE state = 'waiting' AND {mine}",
        (as_text(now), numbers),
    )
