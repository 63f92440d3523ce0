"""In which local hours people answer: counted by list, by campaign and over all, as each attempt ends.

Functions of a connection; those that count run inside a transaction of the writer.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calls.causes import Outcome
from calls.hours import HoursProblem, time_zone
from calls.ids import CallId, CampaignId, ListId
from calls.records.times import as_time

HOURS = 24

PEOPLE = frozenset({Outcome.ANSWERED, Outcome.ABANDONED})
"""A person answered, as far as is known: where the agent says that it was a machine, it is counted as none."""

TELLING = PEOPLE | {Outcome.NO_ANSWER, Outcome.BUSY, Outcome.MACHINE, Outcome.UNREACHABLE, Outcome.REJECTED}
"""Outcomes that say whether a person is to be had at that hour. A number that nobody has, a trunk without room and a
call that was lost say nothing of it."""

RECOUNTED = 200_000
"""Attempts of before the upgrade that are counted in it, the newest: some seconds."""


_COUNTED = """
FROM attempts JOIN leads USING (lead_id) JOIN campaigns USING (campaign_id) LEFT JOIN calls ON call_id = attempt_id
WHERE attempts.state = 'done' AND zones IS NOT NULL AND json_extract(decision, '$.sent') IS NOT 0
AND json_extract(campaigns.settings, '$.on_request') IS NOT 1"""
_IS_MACHINE = "coalesce(disposition_machine, 0)"


class Scope(StrEnum):
    """Whose attempts are counted together. The value stands in the store."""

    ALL = "all"
    CAMPAIGN = "campaign"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Tally:
    """Attempts in one local hour, and those of them that a person answered."""

    attempts: int = 0
    answers: int = 0


Day = tuple[Tally, ...]
"""One tally for each of the 24 hours."""

EMPTY: Day = (Tally(),) * HOURS


def hour_of(zones: Sequence[str], at: datetime) -> int | None:
    """The hour of the wall clock where the person is; None where it is not known, or candidates disagree."""
    try:
        hours = {at.astimezone(time_zone(zone)).hour for zone in zones}
    except HoursProblem:
        return None
    return hours.pop() if len(hours) == 1 else None


def count(
    connection: sqlite3.Connection,
    campaign_id: CampaignId,
    list_id: ListId,
    zones: Sequence[str],
    at: datetime,
    outcome: Outcome,
) -> None:
    """Count an attempt that is over. ``zones``: of its person, ``at``: when it began."""
    if outcome not in TELLING or (hour := hour_of(zones, at)) is None:
        return
    _add(connection, [(campaign_id, list_id, hour, 1, int(outcome in PEOPLE))])


def _add(connection: sqlite3.Connection, found: Iterable[tuple[str, str, int, int, int]]) -> None:
    connection.executemany(
        "INSERT INTO answer_hours (scope, of, hour, attempts, answers) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (scope, of, hour) DO UPDATE SET attempts = attempts + excluded.attempts,"
        " answers = answers + excluded.answers",
        [
            (scope, of, hour, attempts, answers)
            for campaign_id, list_id, hour, attempts, answers in found
            for scope, of in ((Scope.ALL, ""), (Scope.CAMPAIGN, campaign_id), (Scope.LIST, list_id))
        ],
    )


def is_machine(connection: sqlite3.Connection, call_id: CallId) -> bool:
    """Whether the agent of a call has said that a machine had answered, as its record has it."""
    row = connection.execute("SELECT disposition_machine FROM calls WHERE call_id = ?", (call_id,)).fetchone()
    return row is not None and bool(row[0])


def correct(connection: sqlite3.Connection, call_id: CallId, *, machine: bool) -> None:
    """An agent has said of a call whether a machine had answered, otherwise than it was counted so far. A call of no
    attempt that was counted as answered changes nothing."""
    row = connection.execute(
        f"SELECT attempts.campaign_id, leads.list_id, zones, intended_at, attempts.outcome {_COUNTED}"
        " AND attempt_id = ?",
        (call_id,),
    ).fetchone()
    if row is None or row[4] not in PEOPLE or (hour := hour_of(json.loads(row[2]), as_time(row[3]))) is None:
        return
    _add(connection, [(row[0], row[1], hour, 0, -1 if machine else 1)])


def recount(connection: sqlite3.Connection) -> None:
    """Count the newest attempts that there are anew, in place of what was counted."""
    connection.execute("DELETE FROM answer_hours")
    rows = connection.execute(
        f"SELECT attempts.campaign_id, leads.list_id, zones, intended_at, attempts.outcome, {_IS_MACHINE} {_COUNTED}"
        " ORDER BY intended_at DESC LIMIT ?",
        (RECOUNTED,),
    )
    attempts: Counter[tuple[str, str, int]] = Counter()
    answers: Counter[tuple[str, str, int]] = Counter()
    for campaign_id, list_id, zones, at, outcome, machine in rows:
        if outcome not in TELLING or (hour := hour_of(json.loads(zones), as_time(at))) is None:
            continue
        attempts[campaign_id, list_id, hour] += 1
        answers[campaign_id, list_id, hour] += outcome in PEOPLE and not machine
    _add(connection, [(*key, total, answers[key]) for key, total in attempts.items()])


def day(connection: sqlite3.Connection, scope: Scope, of: str = "") -> Day:
    """What was counted for a list, a campaign, or all together."""
    found = list(EMPTY)
    for hour, attempts, answers in connection.execute(
        "SELECT hour, attempts, answers FROM answer_hours WHERE scope = ? AND of = ?", (scope, of)
    ):
        found[hour] = Tally(attempts, answers)
    return tuple(found)


def forget_list(connection: sqlite3.Connection, list_id: ListId) -> None:
    """A list is gone; what it added to campaigns and to all stays."""
    connection.execute("DELETE FROM answer_hours WHERE scope = ? AND of = ?", (Scope.LIST, list_id))
