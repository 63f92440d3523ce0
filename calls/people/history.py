"""All that happened with a person, in order: calls both ways, what agents said, callbacks, consents, do-not-call."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from calls.people import persons
from calls.records.times import as_time

Detail = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened: ``kind`` says what, ``detail`` the rest."""

    at: datetime
    kind: str
    detail: Detail


_CALLS = """
WITH spelled AS (SELECT value FROM json_each(:spelled))
SELECT started_at, calls.call_id, direction, calls.outcome, queue, agent_id, calls.campaign_id, calls.lead_id, wait_s,
    talk_s, disposition, disposition_note, sale_value, sale_currency, recording, try_number
FROM calls LEFT JOIN attempts ON attempts.attempt_id = calls.call_id
WHERE calls.call_id IN (
    SELECT call_id FROM calls WHERE direction = 'inbound' AND caller IN spelled
    UNION SELECT call_id FROM calls WHERE direction = 'outbound' AND called IN spelled)
"""
_CALL_COLUMNS = (
    "call_id",
    "direction",
    "outcome",
    "queue",
    "agent",
    "campaign",
    "lead",
    "wait_s",
    "talk_s",
    "disposition",
    "note",
    "sale_value",
    "sale_currency",
    "recording",
    "try",
)

_OTHERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "live_call",
        "SELECT started_at, call_id, direction, campaign_id, agent_id FROM live_calls"
        " WHERE caller IN {spelled} OR called IN {spelled}",
        ("call_id", "direction", "campaign", "agent"),
    ),
    (
        "attempt",
        "SELECT intended_at, attempt_id, campaign_id, lead_id, number, try_number, state, outcome FROM attempts"
        " WHERE person_key IN (SELECT person_key FROM person_handles WHERE handle IN {numbers}"
        " UNION SELECT value FROM json_each(:numbers))"
        " AND NOT EXISTS (SELECT 1 FROM calls WHERE call_id = attempt_id)",
        ("call_id", "campaign", "lead", "number", "try", "state", "outcome"),
    ),
    (
        "said",  # by an agent whose talk is not the one in the call's record
        "SELECT began_at, call_id, agent_id, disposition, note FROM contacts WHERE number IN {numbers}"
        " AND settled_at IS NULL AND disposition IS NOT NULL",
        ("call_id", "agent", "disposition", "note"),
    ),
    (
        "answer",
        "SELECT given_at, call_id, step, answer FROM script_answers"
        " WHERE call_id IN (SELECT call_id FROM contacts WHERE number IN {numbers})",
        ("call_id", "step", "answer"),
    ),
    (
        "callback",
        "SELECT asked_at, callback_id, call_id, queue, window_begin, state, reason, agent_id, booked_by, note"
        " FROM callbacks WHERE number IN {numbers}",
        ("callback", "call_id", "queue", "due_at", "state", "reason", "agent", "booked_by", "note"),
    ),
    (
        "message",
        "SELECT left_at, message_id, call_id, mailbox, duration_s, state FROM voicemail WHERE caller IN {spelled}",
        ("message", "call_id", "mailbox", "duration_s", "state"),
    ),
    (
        "flag",
        "SELECT at, call_id, what FROM flags WHERE number IN {spelled}",
        ("call_id", "what"),
    ),
    (
        "consent",
        "SELECT given_at, kind, source, proof, expires_at, withdrawn_at FROM consents WHERE number IN {numbers}",
        ("consent", "source", "proof", "expires_at", "withdrawn_at"),
    ),
    (
        "reassigned",
        "SELECT asked_at, answer, since FROM reassignments WHERE number IN {numbers}",
        ("answer", "since"),
    ),
    (
        "rule",  # who may be called has changed
        "SELECT at, what, campaign_id, kind, until_at FROM rule_log WHERE subject IN {numbers}"
        " AND what IN ('forbidden', 'allowed', 'withdrawn')",
        ("what", "campaign", "consent", "until"),
    ),
    (
        "blocked",
        "SELECT added_at, reason, until_at, added_by FROM blocked_numbers WHERE number IN {spelled}",
        ("reason", "until", "by"),
    ),
)


KINDS = ("call", *(kind for kind, _, _ in _OTHERS))
"""What entries there are."""


def history(connection: sqlite3.Connection, numbers: Iterable[str], region: str | None) -> list[Entry]:
    """Everything of a person who has ``numbers``, in E.164, the oldest first. ``region``: see
    :func:`calls.people.persons.spellings`."""
    found = list(_entries(connection, tuple(numbers), region))
    return sorted(found, key=lambda entry: entry.at)


def _entries(connection: sqlite3.Connection, numbers: Sequence[str], region: str | None) -> Iterator[Entry]:
    spelled = json.dumps([each for number in numbers for each in persons.spellings(number, region)])
    given = {"spelled": spelled, "numbers": json.dumps(numbers)}
    for row in connection.execute(_CALLS, given):
        yield _entry("call", row, _CALL_COLUMNS)
    for kind, sql, columns in _OTHERS:
        for name in given:
            sql = sql.replace(f"{{{name}}}", f"(SELECT value FROM json_each(:{name}))")
        for row in connection.execute(sql, given):
            yield _entry(kind, row, columns)


def _entry(kind: str, row: Sequence[str | int | float | None], columns: Sequence[str]) -> Entry:
    at, *values = row
    detail = {name: value for name, value in zip(columns, values, strict=True) if value is not None and value != ""}
    return Entry(as_time(str(at)), kind, detail)
