"""Attempts that no crash can double or lose: functions of a connection, run inside a transaction of the writer.

1. :func:`begin_attempts` looks at every rule again inside the transaction, writes each attempt as ``intent``, counts
   the try, and commits; only then is the switch asked. From here on ``intent`` means *unknown*, never *not sent*.
2. :func:`mark_live` notes the answer, so that a crash in a talk does not have its person called again.
3. :func:`finish_attempt` writes the final record, ends the attempt and gives the lead its next state, all at once and
   only once.
4. :func:`dialer.recovery.recover`, at the start, ends what neither we nor the switch know of any more.

The unique index over open attempts keeps a person from being dialled twice at a time whatever else goes wrong.
Source: the protocol of the design's reliability notes, invariants I1 to I8.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from calls import failpoints
from calls.causes import Outcome
from calls.hours import time_zone
from calls.ids import AttemptId, BootId, CampaignId, LeadId
from calls.people import callbacks
from calls.records import contacts, store
from calls.records.store import CallEvent, CallRecord
from calls.records.times import as_text
from calls.settings import Trunk
from dialer import compliance, dispositions, enrolment, hopper, judging, versions
from dialer.campaign import Campaign
from dialer.compliance import Allowed, Refused
from dialer.events import Begun, BegunAttempt, Finish
from dialer.hopper import Due

T = TypeVar("T")

SCAN = 200
"""Leads looked at in one transaction beyond those that are begun: bounds how long it holds the store."""

TRUNK_REST_S = 1.0
"""Asked again after this when the store knows of more calls on the trunk than the core does."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where attempts would be dialled: the switch, its run, and the trunk."""

    switch: str
    boot: BootId
    trunk: Trunk


class Writing(Protocol):
    """The writer, as far as it is needed here."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of ``work``, which ran in a transaction that is committed."""


# --- begin ------------------------------------------------------------------------------------------------------


async def begin(
    writer: Writing,
    campaign: Campaign,
    up_to: int,
    now: datetime,
    place: Place,
    new_id: Callable[[], AttemptId],
    decision: Mapping[str, object],
) -> Begun:
    """:func:`begin_attempts` through the writer: what it gives is committed and may be dialled.

    Raises:
        RecordError: the store failed; nothing was begun.
    """
    work = partial(
        begin_attempts, campaign=campaign, up_to=up_to, now=now, place=place, new_id=new_id, decision=decision
    )
    begun = await writer.run(work)
    if begun.attempts:
        failpoints.hit("attempt.after_commit")
    return begun


def begin_attempts(
    connection: sqlite3.Connection,
    campaign: Campaign,
    up_to: int,
    now: datetime,
    place: Place,
    new_id: Callable[[], AttemptId],
    decision: Mapping[str, object],
) -> Begun:
    """Begin at most ``up_to`` attempts; ``up_to`` 0 only looks what is due.

    Leads come by the campaign's order, several lists by their weights; of equal leads those that are due again before
    new ones, since a time was promised for them (the longest due first), and new ones in the order of import. A
    refused lead makes room for the next: refused until a time it waits for that, refused for good it is not looked at
    until the campaign is registered again. Each refusal is kept.
    """
    more = enrolment.step(connection, campaign)
    free = place.trunk.lines - open_on(connection, place.trunk.name)
    wanted = max(0, min(up_to, free))
    rules = compliance.rules_of(campaign)
    begun: list[BegunAttempt] = []
    refused: Counter[str] = Counter()
    seen = 0
    while len(begun) < wanted and seen < wanted + SCAN:
        due = hopper.due(connection, campaign.campaign_id, now, wanted - len(begun))
        if not due:
            break
        for each in due:
            verdict = judging.choose(connection, each, rules, campaign.file.order.types, now)
            if not isinstance(verdict, Refused):
                attempt = insert(connection, campaign, verdict[0], place, now, new_id(), decision, verdict[1])
                if attempt is not None:
                    begun.append(attempt)
                    continue
                verdict = Refused("open_attempt", now + compliance.OPEN_REST)
            refused[verdict.rule] += 1
            judging.refuse(connection, campaign.campaign_id, each.lead_id, verdict, now)
        seen += len(due)
    next_in_s = 0.0 if more else hopper.next_in_s(connection, campaign.campaign_id, now)
    if next_in_s == 0.0 and wanted < up_to and len(begun) == wanted:
        next_in_s = TRUNK_REST_S
    if begun:
        failpoints.hit("attempt.before_commit")
    exhausted = next_in_s is None and not begun and not _may_change(connection, campaign.campaign_id)
    return Begun(tuple(begun), dict(refused), next_in_s, exhausted)


def _may_change(connection: sqlite3.Connection, campaign_id: CampaignId) -> bool:
    """True where a lead is being dialled, or an agent may still say what becomes of one."""
    return hopper.is_dialling(connection, campaign_id) or contacts.any_open(connection, campaign_id)


def open_on(connection: sqlite3.Connection, trunk: str) -> int:
    """Attempts that are open on a trunk, by the index over open attempts, whose text this repeats."""
    row = connection.execute("SELECT count(*) FROM attempts WHERE state <> 'done' AND trunk = ?", (trunk,)).fetchone()
    return int(row[0])


def insert(
    connection: sqlite3.Connection,
    campaign: Campaign,
    due: Due,
    place: Place,
    now: datetime,
    attempt_id: AttemptId,
    decision: Mapping[str, object],
    allowed: Allowed,
) -> BegunAttempt | None:
    """The attempt, written; None where the person has an open one after all."""
    why = json.dumps({**decision, "allowed_by": allowed.rules}, allow_nan=False)
    written = connection.execute(
        "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
        " trunk, state, intended_at, decision, zones, version, rules_seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'intent', ?, ?, ?, ?, (SELECT coalesce(max(seq), 0) FROM rule_log))"
        " ON CONFLICT (person_key) WHERE state <> 'done' DO NOTHING",
        (
            attempt_id,
            campaign.id,
            due.lead_id,
            due.person_key,
            due.lead.number,
            due.tries + 1,
            place.switch,
            place.boot,
            place.trunk.name,
            as_text(now),
            why,
            json.dumps(due.lead.time_zones),
            versions.keep(connection, campaign, now),
        ),
    )
    if written.rowcount == 0:
        return None
    connection.execute(
        "UPDATE campaign_leads SET state = 'dialling', tries = tries + 1, next_try_at = NULL"
        " WHERE campaign_id = ? AND lead_id = ?",
        (campaign.id, due.lead_id),
    )
    number, trunk = due.lead.number, place.trunk.name
    stratum = _stratum(campaign, due, now)
    return BegunAttempt(attempt_id, campaign.campaign_id, due.lead_id, number, trunk, due.tries + 1, stratum)


def _stratum(campaign: Campaign, due: Due, now: datetime) -> str:
    """List, hour where the person is (in the first of several zones), number of the try."""
    zones = due.lead.time_zones
    hour = f"{now.astimezone(time_zone(zones[0])).hour} h" if zones else "hour unknown"
    return f"{campaign.file.list}, {hour}, try {due.tries + 1}"


# --- live and over ----------------------------------------------------------------------------------------------


def mark_live(connection: sqlite3.Connection, attempt_id: AttemptId) -> None:
    """The attempt was answered. One that is over, or unknown, does not change."""
    connection.execute("UPDATE attempts SET state = 'live' WHERE attempt_id = ? AND state = 'intent'", (attempt_id,))


def finish_attempt(
    connection: sqlite3.Connection, finish: Finish, record: CallRecord, events: Iterable[CallEvent], now: datetime
) -> bool:
    """End the attempt with its call's final record, and give the lead its next state.

    True where this was the attempt's first end; a second one changes nothing.
    """
    ended = connection.execute(
        "UPDATE attempts SET state = 'done', ended_at = ?, outcome = ?, cause = ?,"
        " decision = CASE WHEN ? THEN decision ELSE json_set(decision, '$.sent', json('false')) END"
        " WHERE attempt_id = ? AND state <> 'done' RETURNING campaign_id",
        (as_text(now), finish.outcome.value, finish.cause, finish.sent, finish.attempt_id),
    ).fetchone()
    if ended is None:
        return False
    store.finish_call(connection, record, events)
    talked = record.agent_id is not None
    callbacks.after_attempt(connection, finish.attempt_id, finish.outcome, now, talked=talked, sent=finish.sent)
    if not finish.sent:
        _give_back(connection, ended[0], finish.lead_id, now)
    else:
        settle_lead(connection, finish.campaign, ended[0], finish.lead_id, finish.outcome, finish.answered, now)
    dispositions.settle(connection, record.call_id, now)
    return True


def _give_back(connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId, now: datetime) -> None:
    """The person was not dialled: the try does not count, and the lead is due at once."""
    connection.execute(
        "UPDATE campaign_leads SET state = 'retry', tries = tries - 1, next_try_at = ?"
        " WHERE campaign_id = ? AND lead_id = ?",
        (as_text(now), campaign_id, lead_id),
    )


def settle_lead(
    connection: sqlite3.Connection,
    campaign: Campaign | None,
    campaign_id: CampaignId,
    lead_id: LeadId,
    outcome: Outcome,
    answered: bool,
    now: datetime,
) -> None:
    """The lead's next state: dialled again where the campaign says so and it was not tried too often, and at once on
    another number where this one leads to nobody."""
    connection.execute(
        "UPDATE campaign_leads SET last_outcome = ? WHERE campaign_id = ? AND lead_id = ?",
        (outcome.value, campaign_id, lead_id),
    )
    at = _next_try(connection, campaign, campaign_id, lead_id, outcome, answered, now)
    if at is None:
        hopper.set_lead(connection, campaign_id, lead_id, "done", None)
    else:
        hopper.set_lead(connection, campaign_id, lead_id, "retry", as_text(at))
    if campaign is not None:
        enrolment.again(connection, campaign, lead_id)


def _next_try(
    connection: sqlite3.Connection,
    campaign: Campaign | None,
    campaign_id: CampaignId,
    lead_id: LeadId,
    outcome: Outcome,
    answered: bool,
    now: datetime,
) -> datetime | None:
    """When the lead is dialled again; None: it is not."""
    retry = campaign.retry(outcome) if campaign else None
    if answered and outcome in (Outcome.LOST, Outcome.PBX_LOST):
        retry = None  # the person was reached, and perhaps talked to
    if retry is not None:
        so_far = connection.execute(
            "SELECT count(*) FROM attempts WHERE campaign_id = ? AND lead_id = ? AND outcome = ?",
            (campaign_id, lead_id, outcome.value),
        ).fetchone()[0]
        if so_far <= retry.times:
            return now + timedelta(seconds=retry.after_s)
    if outcome is Outcome.UNALLOCATED and judging.another_number(connection, campaign_id, lead_id):
        return now
    return None
