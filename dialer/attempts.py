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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol, TypeVar

from calls import failpoints
from calls.causes import Outcome
from calls.hours import time_zone
from calls.ids import AttemptId, BootId, CampaignId, LeadId, ListId
from calls.people import callbacks, consents
from calls.people.consents import ConsentKind
from calls.records import best_hours, contacts, store
from calls.records.store import CallEvent, CallRecord
from calls.records.times import as_text, as_time
from calls.settings import Trunk
from dialer import attestation, compliance, dispositions, enrolment, hopper, judging, routes, showing, versions
from dialer.campaign import Campaign
from dialer.compliance import Allowed, Refused, Rules
from dialer.events import Begun, BegunAttempt, Finish
from dialer.holding import Holding
from dialer.hopper import Due
from dialer.recording_law import on_recording
from dialer.recording_notice import must_be_told
from dialer.routes import Room, Route
from dialer.routing import Routing, congested

T = TypeVar("T")

_JSON = json.JSONEncoder(allow_nan=False)
"""``json.dumps`` makes one anew each time that it is given a choice."""

SCAN = 200
"""Leads looked at in one transaction beyond those that are begun: bounds how long it holds the store."""

TRUNK_REST_S = 1.0
"""Asked again after this when the store knows of more calls on the trunk than the core does, or found only leads that
wait for a trunk."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt would be dialled: the switch, its run, and the trunk."""

    switch: str
    boot: BootId
    trunk: Trunk
    rooms: tuple[Room, ...] = ()
    """For one attempt that is asked for: the trunks to choose from; none: ``trunk`` it is."""
    boots: Mapping[str, BootId] = field(default_factory=dict)
    """The runs of the switches that own the trunks, by name, where there are several."""

    def over(self, trunk: Trunk) -> Place:
        """The same over another trunk, which another switch may own."""
        if trunk.switch is None or trunk.switch not in self.boots:
            return replace(self, trunk=trunk)
        return replace(self, trunk=trunk, switch=trunk.switch, boot=self.boots[trunk.switch])

    def carriers(self, number: str) -> int:
        """How many of the trunks carry the number, free or not."""
        trunks = [room.trunk for room in self.rooms] or [self.trunk]
        return sum(routes.carries((each,), number) for each in trunks)

    def carries(self, number: str) -> bool:
        """Whether one of them does."""
        return self.carriers(number) > 0


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
    rooms: Sequence[Room] | None = None,
    shares: Mapping[str, int] | None = None,
) -> Begun:
    """:func:`begin_attempts` through the writer: what it gives is committed and may be dialled.

    Raises:
        RecordError: the store failed; nothing was begun.
    """
    begun = await writer.run(
        lambda connection: begin_attempts(connection, campaign, up_to, now, place, new_id, decision, rooms, shares)
    )
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
    rooms: Sequence[Room] | None = None,
    shares: Mapping[str, int] | None = None,
) -> Begun:
    """Begin at most ``up_to`` attempts; ``up_to`` 0 only looks what is due.

    ``rooms``: the campaign's trunks and how many calls may be added on each; None: as many as asked for, on the trunk
    of ``place``. What the store knows to be open on a trunk leaves no more than its lines. ``shares``: how many each
    switch may be given, where there are several.

    Leads come by the campaign's order, several lists by their weights; of equal leads those that are due again before
    new ones, since a time was promised for them (the longest due first), and new ones in the order of import. A
    refused lead makes room for the next: refused until a time it waits for that, refused for good it is not looked at
    until the campaign is registered again. Each refusal is kept. One whose trunks have no room waits for a moment,
    and with ``[order] best_hour`` one may wait for a better hour.
    """
    more = enrolment.step(connection, campaign)
    rooms = [Room(place.trunk, up_to)] if rooms is None else rooms
    rooms = [_within_lines(connection, room) for room in rooms]
    routing = Routing(connection, campaign.campaign_id, rooms, shares)
    wanted = max(0, min(up_to, routing.free))
    rules = compliance.rules_of(campaign)
    holding = Holding(connection, campaign, now)
    begun: list[BegunAttempt] = []
    refused: Counter[str] = Counter()
    seen = 0
    while len(begun) < wanted and seen < wanted + SCAN:
        due = hopper.due(connection, campaign.campaign_id, now, wanted - len(begun))
        if not due:
            break
        for each in due:
            if holding.holds(each):
                continue
            found = _begin_one(connection, campaign, each, rules, routing, place, now, new_id, decision)
            if isinstance(found, BegunAttempt):
                begun.append(found)
            elif isinstance(found, Refused):
                refused[found.rule] += 1
                judging.refuse(connection, campaign.campaign_id, each.lead_id, found, now)
            else:
                hopper.set_lead(connection, campaign.campaign_id, each.lead_id, "retry", as_text(now + found))
        seen += len(due)
    next_in_s = 0.0 if more else hopper.next_in_s(connection, campaign.campaign_id, now)
    if next_in_s == 0.0 and ((wanted < up_to and len(begun) == wanted) or (routing.waits_for and not begun)):
        next_in_s = TRUNK_REST_S
    if begun:
        failpoints.hit("attempt.before_commit")
    is_over = next_in_s is None and not begun and not _may_change(connection, campaign.campaign_id)
    closed = is_over and hopper.any_closed(connection, campaign.campaign_id)
    exhausted = is_over and not closed
    held = holding.any_held()
    return Begun(tuple(begun), dict(refused), next_in_s, exhausted, routing.waits_for, held, closed)


def _begin_one(
    connection: sqlite3.Connection,
    campaign: Campaign,
    lead: Due,
    rules: Rules,
    routing: Routing,
    place: Place,
    now: datetime,
    new_id: Callable[[], AttemptId],
    decision: Mapping[str, object],
) -> BegunAttempt | Refused | timedelta:
    """The lead's attempt, or why it has none, or how long it waits for room on a trunk that carries its number."""
    verdict = judging.choose(connection, lead, rules, campaign.file.order.types, now, routing.carries)
    if isinstance(verdict, Refused):
        return verdict
    chosen, allowed = verdict
    route = routing.choose(lead.lead_id, chosen.lead.number)
    if isinstance(route, timedelta):
        return route
    there = place.over(route.trunk)
    attempt = insert(connection, campaign, chosen, there, now, new_id(), decision, allowed, route.carriers)
    if attempt is None:
        return Refused("open_attempt", now + compliance.OPEN_REST)
    routing.take(route)
    return attempt


def way_out(connection: sqlite3.Connection, place: Place, number: str, full_until: datetime) -> Place | Refused:
    """The place with the trunk for one call to ``number``; ``full_until``: when to ask again where all are full."""
    rooms = place.rooms or (Room(place.trunk, place.trunk.lines),)
    found = routes.choose(number, [_within_lines(connection, room) for room in rooms])
    if isinstance(found, Route):
        return place.over(found.trunk)
    return Refused("route", None) if found.never else Refused("trunk_full", full_until)


def _within_lines(connection: sqlite3.Connection, room: Room) -> Room:
    left = room.trunk.lines - room.beside - open_on(connection, room.trunk.name)
    return replace(room, free=max(0, min(room.free, left)))


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
    carriers: int = 1,
) -> BegunAttempt | None:
    """The attempt, written; None where the person has an open one after all.

    ``carriers``: how many of the campaign's trunks carry the number; kept with the attempt for :func:`settle_lead`.
    """
    shown = showing.choose(connection, campaign, due.person_key, due.lead.number)
    limits: dict[str, object] = {"lines": place.trunk.lines, "calls_per_second": place.trunk.calls_per_second}
    if (given := attestation.level(place.trunk, shown)) is not None:
        limits["attestation"] = given
    region = region_of(connection, due.lead_id)
    kept = {**decision, "allowed_by": allowed.rules, "carriers": carriers, "trunk": limits}
    if region:
        kept["region"] = region
    written = connection.execute(
        "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
        " trunk, caller_id, state, intended_at, decision, zones, version, rules_seq, list_id, callback_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'intent', ?, ?, ?, ?,"
        " (SELECT coalesce(max(seq), 0) FROM rule_log), ?, ?)"
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
            shown,
            as_text(now),
            _JSON.encode(kept),
            _as_json(due.lead.time_zones),
            versions.keep(connection, campaign, now),
            due.list_id or None,
            decision.get("callback"),
        ),
    )
    if written.rowcount == 0:
        return None
    connection.execute(
        "UPDATE campaign_leads SET state = 'dialling', tries = tries + 1, next_try_at = NULL, held_since = NULL"
        " WHERE campaign_id = ? AND lead_id = ?",
        (campaign.id, due.lead_id),
    )
    showing.count(connection, campaign, shown)
    number, trunk = due.lead.number, place.trunk.name
    return BegunAttempt(
        attempt_id=attempt_id,
        campaign_id=campaign.campaign_id,
        lead_id=due.lead_id,
        number=number,
        trunk=trunk,
        try_number=due.tries + 1,
        stratum=_stratum(campaign, due, now),
        caller_id=shown,
        may_record=may_record(connection, campaign, number, now),
        untold=must_be_told(campaign.file.compliance.recording, region),
        told_on_recording=on_recording(region),
    )


@lru_cache(maxsize=4096)
def _as_json(zones: tuple[str, ...]) -> str:
    return json.dumps(zones)


def region_of(connection: sqlite3.Connection, lead_id: LeadId) -> str:
    """Where the person is as far as the lead's list says: a country, with its state where that is known; "" where
    the lead is gone."""
    row = connection.execute("SELECT region FROM leads WHERE lead_id = ?", (lead_id,)).fetchone()
    return "" if row is None else str(row[0] or "")


def may_record(connection: sqlite3.Connection, campaign: Campaign, number: str, at: datetime) -> bool:
    """Whether a talk with the person of this number may be recorded, by what they had agreed to ``at`` that time."""
    if campaign.file.compliance.recording != "consent":
        return True
    return consents.stands(consents.of_number(connection, number), ConsentKind.RECORDING, at)


def _stratum(campaign: Campaign, due: Due, now: datetime) -> str:
    """List, hour where the person is (in the first of several zones), number of the try."""
    zones = due.lead.time_zones
    hour = f"{now.astimezone(time_zone(zones[0])).hour} h" if zones else "hour unknown"
    return f"{campaign.file.list or due.list_id or 'no list'}, {hour}, try {due.tries + 1}"


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
        "UPDATE attempts SET state = 'done', ended_at = ?1, outcome = ?2, cause = ?3,"
        " decision = CASE WHEN ?4 THEN decision ELSE json_set(decision, '$.sent', json('false')) END, unsent = NOT ?4"
        " WHERE attempt_id = ?5 AND state <> 'done' RETURNING campaign_id, intended_at, zones",
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
        lead_id, outcome, answered = finish.lead_id, finish.outcome, finish.answered
        settle_lead(connection, finish.campaign, ended[0], lead_id, outcome, answered, now)
        if ended[2] is not None and finish.campaign is not None and not finish.campaign.on_request:
            _count_hour(connection, ended[0], lead_id, json.loads(ended[2]), as_time(ended[1]), outcome)
    if talked:  # else there is no agent whose word could stand in the record
        dispositions.settle(connection, record.call_id, now)
    return True


def _count_hour(
    connection: sqlite3.Connection,
    campaign_id: CampaignId,
    lead_id: LeadId,
    zones: Sequence[str],
    at: datetime,
    outcome: Outcome,
) -> None:
    row = connection.execute("SELECT list_id FROM leads WHERE lead_id = ?", (lead_id,)).fetchone()
    if row is not None:
        best_hours.count(connection, campaign_id, ListId(row[0]), zones, at, outcome)


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
    another number where this one leads to nobody.

    Where a trunk is congested the lead is due at once, for another that carries the number; only when the number was
    tried on as many as carry it has it been congested once.
    """
    at = _next_try(connection, campaign, campaign_id, lead_id, outcome, answered, now)
    connection.execute(
        "UPDATE campaign_leads SET state = ?, next_try_at = ?, last_outcome = ?"
        " WHERE campaign_id = ? AND lead_id = ?",
        ("done" if at is None else "retry", None if at is None else as_text(at), outcome.value, campaign_id, lead_id),
    )
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
    so_far = None
    if outcome is Outcome.CONGESTION:
        found = congested(connection, campaign_id, lead_id)
        if found.trunks:
            return now
        so_far = found.times
    retry = campaign.retry(outcome) if campaign else None
    if answered and outcome in (Outcome.LOST, Outcome.PBX_LOST):
        retry = None  # the person was reached, and perhaps talked to
    if retry is not None:
        times = _times(connection, campaign_id, lead_id, outcome) if so_far is None else so_far
        if times <= retry.times:
            return now + timedelta(seconds=retry.after_s)
    if outcome is Outcome.UNALLOCATED and judging.another_number(connection, campaign_id, lead_id):
        return now
    return None


def _times(connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId, outcome: Outcome) -> int:
    """How often the lead's attempts came to ``outcome``."""
    row = connection.execute(
        "SELECT count(*) FROM attempts WHERE campaign_id = ? AND lead_id = ? AND outcome = ?",
        (campaign_id, lead_id, outcome.value),
    ).fetchone()
    return int(row[0])
