"""Attempts that an agent asks for: of the lead that is shown to them, or of a number that they give.

All invariants of :mod:`dialer.attempts` hold: the rules are looked at again inside the transaction, the row is there
before the switch hears of it, and a person has one open attempt. What is different is who decides on the moment, and
that the agent is there before the person is dialled. Functions of a connection, inside a writer's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from calls import numbers
from calls.errors import UserError
from calls.ids import AttemptId, LeadId, ListId
from calls.records.times import as_text
from dialer import attempts, compliance, enrolment, hopper, judging
from dialer.attempts import Place
from dialer.campaign import Campaign
from dialer.compliance import Allowed, Refused
from dialer.events import BegunAttempt
from dialer.holding import Holding
from dialer.hopper import Due
from dialer.lead_facts import LeadFacts, facts
from dialer.leads import people

FULL_REST = timedelta(seconds=2)
"""Full lines are asked for again after this."""

OPEN_STATES = ("new", "retry")
"""Leads whose turn may come; a refusal tells when it does."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A lead as an agent sees it before the dial. ``number``: the one that is to be dialled."""

    lead_id: LeadId
    number: str
    others: tuple[str, ...]
    facts: LeadFacts
    tries: int
    last_outcome: str | None


def next_lead(
    connection: sqlite3.Connection, campaign: Campaign, now: datetime, taken: Collection[LeadId], place: Place
) -> Shown | None:
    """The next lead that may be dialled now and that no agent has in front of them; None: there is none.

    ``place``: where it would be dialled, for the numbers that its trunks carry. Refusals are kept, as everywhere.
    """
    rules = compliance.rules_of(campaign)
    holding = Holding(connection, campaign, now)
    seen: set[LeadId] = set()
    while len(seen) < attempts.SCAN:
        due = hopper.due(connection, campaign.campaign_id, now, len(taken) + len(seen) + 1)
        fresh = [each for each in due if each.lead_id not in taken and each.lead_id not in seen]
        if not fresh:
            return None
        for each in fresh:
            seen.add(each.lead_id)
            if holding.holds(each):
                continue
            verdict = judging.choose(connection, each, rules, campaign.file.order.types, now, place.carries)
            if not isinstance(verdict, Refused):
                return _shown(connection, campaign, each, verdict[0])
            judging.refuse(connection, campaign.campaign_id, each.lead_id, verdict, now)
    return None


def next_due_in_s(connection: sqlite3.Connection, campaign: Campaign, now: datetime) -> float | None:
    """In how many seconds a lead is due; 0: one is now, or may be. None: no lead waits for a time. Leads that were
    imported come onto the roll a few at a time by this."""
    more = enrolment.step(connection, campaign)
    return 0.0 if more else hopper.next_in_s(connection, campaign.campaign_id, now)


def _shown(connection: sqlite3.Connection, campaign: Campaign, due: Due, chosen: Due) -> Shown:
    row = connection.execute(
        "SELECT last_outcome FROM campaign_leads WHERE campaign_id = ? AND lead_id = ?", (campaign.id, due.lead_id)
    ).fetchone()
    others = tuple(each.lead.number for each in due.numbers if each.lead.number != chosen.lead.number)
    return Shown(
        due.lead_id, chosen.lead.number, others, facts(connection, due.lead_id), due.tries, row[0] if row else None
    )


def begin(
    connection: sqlite3.Connection,
    campaign: Campaign,
    lead_id: LeadId,
    number: str | None,
    now: datetime,
    place: Place,
    attempt_id: AttemptId,
    agent_id: str,
) -> BegunAttempt | Refused:
    """Begin an attempt of the lead, on ``number`` alone where it is given, or say why not and until when."""
    verdict = judge(connection, campaign, lead_id, number, now, place)
    if isinstance(verdict, Refused):
        return verdict
    there = attempts.way_out(connection, place, verdict[0].lead.number, now + FULL_REST)
    if isinstance(there, Refused):
        return there
    if campaign.file.max_lines <= _open_of(connection, campaign):
        return Refused("lines_full", now + FULL_REST)
    why = {"reason": f"asked for by agent {agent_id}", "mode": campaign.file.pacing.mode, "agent": agent_id}
    chosen, allowed = verdict
    carriers = place.carriers(chosen.lead.number)
    begun = attempts.insert(connection, campaign, chosen, there, now, attempt_id, why, allowed, carriers)
    if begun is None:
        return Refused("open_attempt", now + compliance.OPEN_REST)
    return begun


def judge(
    connection: sqlite3.Connection,
    campaign: Campaign,
    lead_id: LeadId,
    number: str | None,
    now: datetime,
    place: Place,
) -> tuple[Due, Allowed] | Refused:
    """The lead with the number to be dialled, or why none may be now. The refusal of a lead whose turn may come is
    kept, with the time when it does."""
    found = hopper.lead(connection, campaign.campaign_id, lead_id)
    if found is None:
        return Refused("not_on_the_roll", None)
    due, state = found
    if state == "dialling":
        return Refused("open_attempt", now + compliance.OPEN_REST)
    if number is not None:
        mine = [each for each in due.numbers if each.lead.number == number]
        if not mine:  # it was another one when the agent was shown it
            return Refused("not_on_the_roll", None)
        due = replace(due, lead=mine[0].lead, kind=mine[0].kind, others=())
    rules, kinds = compliance.rules_of(campaign), campaign.file.order.types
    verdict = judging.choose(connection, due, rules, kinds, now, place.carries)
    if isinstance(verdict, Refused) and state in OPEN_STATES:
        judging.refuse(connection, campaign.campaign_id, lead_id, verdict, now)
    return verdict


def _open_of(connection: sqlite3.Connection, campaign: Campaign) -> int:
    row = connection.execute(
        "SELECT count(*) FROM attempts WHERE state <> 'done' AND +campaign_id = ?", (campaign.id,)
    ).fetchone()
    return int(row[0])


def skip(connection: sqlite3.Connection, campaign: Campaign, lead_id: LeadId, until: datetime) -> None:
    """Put a lead that was shown back on the roll, not to be shown again before ``until``."""
    connection.execute(
        "UPDATE campaign_leads SET state = 'retry', next_try_at = ?"
        " WHERE campaign_id = ? AND lead_id = ? AND state IN ('new', 'retry')",
        (as_text(until), campaign.id, lead_id),
    )


def lead_of(connection: sqlite3.Connection, campaign: Campaign, number: str, now: datetime) -> LeadId:
    """The lead of the campaign's lists that has the number; one that there is not yet is made, in the first of them,
    and one that was removed stands there again.

    Raises:
        UserError: the campaign was never started.
    """
    row = connection.execute(
        "SELECT list_id, lists.name FROM campaigns JOIN lists USING (list_id) WHERE campaign_id = ?", (campaign.id,)
    ).fetchone()
    if row is None:
        raise UserError(f"campaign {campaign.id} was not started")
    list_id, name = ListId(row[0]), row[1]
    found = connection.execute(
        "SELECT lead_id, lists.list_id, lists.name FROM campaign_lists JOIN lists USING (list_id)"
        " JOIN leads USING (list_id) WHERE campaign_id = ? AND leads.number = ?"
        " UNION ALL SELECT lead_id, lists.list_id, lists.name FROM lead_numbers JOIN leads USING (lead_id)"
        " JOIN lists USING (list_id) JOIN campaign_lists USING (list_id)"
        " WHERE campaign_id = ? AND lead_numbers.number = ? LIMIT 1",
        (campaign.id, number, campaign.id, number),
    ).fetchone()
    if found is not None:
        lead_id, list_id, name = LeadId(found[0]), ListId(found[1]), found[2]
        connection.execute(
            "UPDATE leads SET removed_at = NULL WHERE lead_id = ? AND removed_at IS NOT NULL", (lead_id,)
        )
    else:
        lead_id = _new_id(connection, list_id, number, now)
        connection.execute(
            "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                lead_id,
                list_id,
                people.join(connection, [number], ""),
                number,
                json.dumps(numbers.time_zones(number)),
                as_text(now),
            ),
        )
    enrolment.these(connection, campaign, list_id, name, [lead_id])
    return lead_id


def _new_id(connection: sqlite3.Connection, list_id: ListId, number: str, now: datetime) -> LeadId:
    """The first lead that is made for a number in a list may have been moved to another one since."""
    lead_id = f"{list_id}{number}"
    if connection.execute("SELECT 1 FROM leads WHERE lead_id = ?", (lead_id,)).fetchone() is not None:
        lead_id += f"-{now:%m%d%H%M%S}"
    return LeadId(lead_id[:64])


def in_words(refused: Refused) -> str:
    """A refusal for who asked for the dial."""
    until = "for good" if refused.until is None else f"until {refused.until.isoformat(timespec='minutes')}"
    return f"not dialled: the rule {refused.rule} refuses it {until}"
