"""What a disposition leads to: for lead, do-not-call list and record. All inside a transaction of the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.dispositions import Disposition, offered
from calls.ids import AgentId, CallId, CampaignId, LeadId, QueueName
from calls.numbers import is_dialable
from calls.people import do_not_call
from calls.records import best_hours, contacts
from calls.records.contacts import Contact, Given
from calls.records.times import as_text
from calls.settings import QueueSettings
from dialer import hopper, judging, roll


@dataclass(frozen=True, slots=True)
class Offer:
    """What an agent may say of a call, and whether the wrap-up ends without it."""

    dispositions: Mapping[str, Disposition]
    required: bool


def offer_of(
    connection: sqlite3.Connection,
    queues: Iterable[QueueSettings],
    campaign_id: CampaignId | None,
    queue: QueueName | None,
) -> Offer:
    """The dispositions of a call's campaign, as it was registered last; of its queue where it has no campaign, or
    is a call to somebody who asked a queue for it."""
    campaign = None if campaign_id is None else roll.stored(connection, campaign_id)
    if campaign is not None and (campaign.file.dispositions or not campaign.on_request):
        return Offer(offered(campaign.file.dispositions), campaign.file.disposition_required)
    settings = next((each for each in queues if each.name == queue), None)
    if settings is None:
        return Offer(offered({}), False)
    return Offer(offered(settings.dispositions), settings.disposition_required)


def give(connection: sqlite3.Connection, contact: Contact, given: Given, now: datetime) -> bool:
    """Keep what an agent says of an open contact. The do-not-call list takes the number at once, and gives it back
    where the agent thinks better of it. True where the number has just been put on it."""
    begun = contact.begun
    contacts.give(connection, begun.call_id, begun.agent_id, given, now)
    return _forbid(connection, contact, given, begun.agent_id, now)


def correct(connection: sqlite3.Connection, contact: Contact, given: Given, who: str, now: datetime) -> bool:
    """Put another disposition in the place of a closed contact's: in the record and for the lead, too. True as
    :func:`give`."""
    begun = contact.begun
    contacts.correct(connection, begun.call_id, begun.agent_id, given, now)
    forbidden = _forbid(connection, contact, given, who, now)
    settle(connection, begun.call_id, now)
    return forbidden


def _forbid(connection: sqlite3.Connection, before: Contact, given: Given, who: str, now: datetime) -> bool:
    number, reason = before.begun.number, f"disposition of call {before.begun.call_id}"
    if given.effects.do_not_call:
        return do_not_call.add(connection, do_not_call.Entry(number, do_not_call.AGENT, reason, now, who))
    if before.given is not None and before.given.effects.do_not_call and is_dialable(number):
        do_not_call.withdraw(connection, number, at=now, who=who, reason=reason)
    return False


def close(connection: sqlite3.Connection, call_id: CallId, agent_id: AgentId, now: datetime) -> bool:
    """The agent's wrap-up is over: what was said counts now. True where it was that a machine had answered."""
    contacts.close(connection, call_id, agent_id, now)
    settle(connection, call_id, now)
    found = contacts.contact(connection, call_id, agent_id)
    return found is not None and found.given is not None and found.given.effects.machine


def close_left(
    connection: sqlite3.Connection, still_open: Iterable[tuple[CallId, AgentId]], now: datetime
) -> set[CampaignId]:
    """After a restart: close the contacts that no agent is at now; the campaigns whose leads may have changed."""
    over = contacts.close_left(connection, still_open, now)
    for each in over:
        settle(connection, each.call_id, now)
    return {each.campaign_id for each in over if each.campaign_id is not None}


def settle(connection: sqlite3.Connection, call_id: CallId, now: datetime) -> None:
    """Write the disposition into the call's record, and give the lead its state by it: once, as soon as the record
    is there and the wrap-up is over. To be called after each of the two, after the outcome has given the lead its."""
    was_machine = best_hours.is_machine(connection, call_id)
    settled = contacts.settle_record(connection, call_id, now)
    if settled is None or settled.given is None:
        return
    if (machine := settled.given.effects.machine) != was_machine:
        best_hours.correct(connection, call_id, machine=machine)
    begun = settled.begun
    if begun.campaign_id is not None and begun.lead_id is not None:
        _settle_lead(connection, begun.campaign_id, begun.lead_id, call_id, settled.given, now)


def _settle_lead(
    connection: sqlite3.Connection,
    campaign_id: CampaignId,
    lead_id: LeadId,
    call_id: CallId,
    given: Given,
    now: datetime,
) -> None:
    """A lead that is being dialled again by now is left to that attempt."""
    row = connection.execute(
        "SELECT state FROM campaign_leads WHERE campaign_id = ? AND lead_id = ?", (campaign_id, lead_id)
    ).fetchone()
    if row is None or row[0] == "dialling":
        return
    effects = given.effects
    if effects.close or effects.do_not_call or effects.sale or effects.callback:
        hopper.set_lead(connection, campaign_id, lead_id, "done", None)
    elif effects.next_number and not _dialled_since(connection, campaign_id, lead_id, call_id):
        has_another = judging.another_number(connection, campaign_id, lead_id)
        state, due_at = ("retry", as_text(now)) if has_another else ("done", None)
        hopper.set_lead(connection, campaign_id, lead_id, state, due_at)
    elif effects.recycle is not None and not _dialled_since(connection, campaign_id, lead_id, call_id):
        so_far = connection.execute(
            "SELECT count(*) FROM calls WHERE campaign_id = ? AND lead_id = ? AND disposition = ?",
            (campaign_id, lead_id, given.disposition),
        ).fetchone()[0]
        if so_far <= effects.recycle.times:
            due_at = as_text(now + timedelta(seconds=effects.recycle.after_s))
            hopper.set_lead(connection, campaign_id, lead_id, "retry", due_at)
        else:
            hopper.set_lead(connection, campaign_id, lead_id, "done", None)


def _dialled_since(connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId, call_id: CallId) -> bool:
    row = connection.execute(
        "SELECT 1 FROM attempts WHERE campaign_id = ? AND lead_id = ?"
        " AND intended_at > (SELECT intended_at FROM attempts WHERE attempt_id = ?) LIMIT 1",
        (campaign_id, lead_id, call_id),
    ).fetchone()
    return row is not None
