"""Callbacks that agents promise: booked, moved and listed, the same with an engine and without one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls import numbers
from calls.agents.events import Claim
from calls.callbacks import BOOKABLE, NoSuchTime
from calls.errors import UserError
from calls.ids import AgentId, CallId, CampaignId, LeadId, QueueName
from calls.log import masked
from calls.people import callbacks, persons
from calls.people.callbacks import Booking
from calls.records import contacts
from calls.records.store import add_audit
from calls.settings import Settings
from console.operations import Done, e164
from dialer import callbacks as requests
from dialer import roll

PRIORITY = 500
"""Before callers who wait: a time was promised."""

When = Annotated[str, Field(min_length=1, max_length=40)]


class PromiseOrder(BaseModel):
    """A callback to be booked: for the person of a call, or for a number.

    ``at`` without an offset is the person's own time. ``personal``: the agent makes it, for as long as the agent is
    there in time; else whoever of the queue is there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    call_id: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    number: Annotated[str | None, Field(max_length=40)] = None
    queue: Annotated[str | None, Field(max_length=64)] = None
    at: When
    personal: bool = True
    note: Annotated[str, Field(max_length=1000)] = ""


class MoveOrder(BaseModel):
    """Another time for a callback that waits, and whose it is: ``agent`` None is everybody's, "" leaves it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    at: When
    agent: Annotated[str | None, Field(max_length=64)] = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is to be called: the number, and where the call is known that it came of, its queue, campaign and lead."""

    call_id: CallId
    number: str
    queue: QueueName
    campaign_id: CampaignId | None
    lead_id: LeadId | None


def book(
    connection: sqlite3.Connection,
    settings: Settings,
    agent_id: AgentId,
    order: PromiseOrder,
    now: datetime,
    queues: frozenset[QueueName] | None = None,
) -> Done:
    """Book a callback. ``queues``: for which the agent may, besides that of the call; None: for any.

    Raises:
        UserError: the call, the number, the queue or the time is none at which the person can be called, or the
            queue is not the agent's to book for.
    """
    subject = _subject(connection, settings, agent_id, order, queues)
    callback_id = promise(connection, settings, agent_id, subject, order, now, f"{agent_id}:{now.isoformat()}")
    return Done(said=_said(connection, callback_id))


def promise(
    connection: sqlite3.Connection,
    settings: Settings,
    agent_id: AgentId,
    subject: Subject,
    order: PromiseOrder,
    now: datetime,
    key: str,
) -> int:
    """Keep a promise to ``subject``; its number. Raises as :func:`book`."""
    due = _due(connection, settings, subject, order.at, now)
    _require_ordinary(settings, subject)
    desk = settings.desk
    booking = Booking(
        call_id=subject.call_id,
        key=key,
        number=subject.number,
        queue=subject.queue,
        asked_at=now,
        waiting_since=due,
        appointment=True,
        window_begin=due,
        window_end=due + timedelta(seconds=desk.callback_within_s),
        max_tries=desk.callback_tries,
        retry_after_s=desk.callback_retry_after_s,
        claim=Claim(priority=PRIORITY),
        agent_id=agent_id if order.personal else None,
        hand_over_after_s=desk.hand_over_after_s,
        remind_at=_remind_at(settings, due, now),
        origin=subject.campaign_id,
        booked_by=agent_id,
        note=order.note,
    )
    return callbacks.promise(connection, booking)


def move(
    connection: sqlite3.Connection, settings: Settings, callback_id: int, order: MoveOrder, who: str, now: datetime
) -> Done:
    """Move a callback that waits, with an entry in the audit.

    Raises:
        UserError: it does not wait, there is no such agent, or the time is none at which the person can be called.
    """
    found = callbacks.callback(connection, callback_id)
    if found is None or found.state is not callbacks.CallbackState.WAITING:
        raise UserError(f"callback {callback_id} does not wait: callwright callbacks list shows those that do")
    agent_id = found.booking.agent_id if order.agent == "" else None if order.agent is None else AgentId(order.agent)
    if agent_id is not None and agent_id not in {each.id for each in settings.agents}:
        raise UserError(f"no agent {agent_id!a} in the settings")
    booking = found.booking
    subject = Subject(booking.call_id, booking.number, booking.queue, booking.origin, None)
    due = _due(connection, settings, subject, order.at, now)
    window = (due, due + (booking.window_end - booking.window_begin))
    callbacks.move(connection, callback_id, window, agent_id, _remind_at(settings, due, now))
    detail = {"id": callback_id, "number": masked(booking.number), "at": due.isoformat(timespec="seconds")}
    add_audit(connection, now, who, "callbacks.move", detail | {"agent": agent_id})
    return Done(said=_said(connection, callback_id))


def subject_of(settings: Settings, begun: contacts.Begun) -> Subject:
    """The person of a talk.

    Raises:
        UserError: the number cannot be called, or the call has no queue.
    """
    if not numbers.is_dialable(begun.number):
        raise UserError(f"the caller of {begun.call_id} showed no number that can be called back")
    queue = begun.queue or (QueueName(settings.queues[0].name) if len(settings.queues) == 1 else None)
    if queue is None:
        raise UserError(f"call {begun.call_id} has no queue: name one")
    return Subject(begun.call_id, begun.number, queue, begun.campaign_id, begun.lead_id)


def _subject(
    connection: sqlite3.Connection,
    settings: Settings,
    agent_id: AgentId,
    order: PromiseOrder,
    may: frozenset[QueueName] | None,
) -> Subject:
    queues = [each.name for each in settings.queues]
    if order.queue is not None and order.queue not in queues:
        raise UserError(f"no queue {order.queue!a}: there are {', '.join(queues) or 'none'}")
    if order.call_id is not None:
        found = contacts.contact(connection, CallId(order.call_id), agent_id)
        if found is None:
            raise UserError(f"agent {agent_id} did not talk in call {order.call_id}")
        subject = subject_of(settings, found.begun)
        if order.queue is None or order.queue == subject.queue:
            return subject
        _require_own(agent_id, QueueName(order.queue), may)
        return Subject(subject.call_id, subject.number, QueueName(order.queue), subject.campaign_id, subject.lead_id)
    if order.number is None or (order.queue is None and len(queues) != 1):
        raise UserError("say whom to call: a call, or a number and a queue")
    number, queue = e164(order.number), QueueName(order.queue or queues[0])
    _require_own(agent_id, queue, may)
    return Subject(callbacks.by_number(agent_id), number, queue, None, None)


def _require_own(agent_id: AgentId, queue: QueueName, may: frozenset[QueueName] | None) -> None:
    if may is not None and queue not in may:
        raise UserError(f"agent {agent_id} does not serve the queue {queue}: a supervisor may book for it")


def _due(connection: sqlite3.Connection, settings: Settings, subject: Subject, at: str, now: datetime) -> datetime:
    """When the person is to be called: checked against the rules by which that will be."""
    person = None if subject.lead_id is None else persons.of_lead(connection, subject.lead_id)
    if person is None:
        person = persons.best_of_number(connection, subject.number)
    zones = (person.time_zones if person is not None else ()) or numbers.time_zones(subject.number)
    try:
        due = requests.instant(at, zones)
        if not now <= due <= now + BOOKABLE:
            raise NoSuchTime(f"expected a time from now on, within {BOOKABLE.days} days; found {at}")
        requests.require_hours(_preset(connection, settings, subject.campaign_id), subject.number, zones, due)
    except NoSuchTime as problem:
        raise UserError(str(problem)) from problem
    return due


def _require_ordinary(settings: Settings, subject: Subject) -> None:
    """Whom no campaign has called, a caller who shows whatever number or one that an agent gives, is called in the
    countries and for the price that ``[callbacks]`` allows, as where a flow asks."""
    given = settings.callbacks
    if subject.campaign_id is not None or given is None:
        return
    if not numbers.is_ordinary(subject.number, given.countries or (settings.engine.region or "",)):
        raise UserError(f"{subject.number} is not called back: [callbacks] countries has no such ordinary number")


def _preset(connection: sqlite3.Connection, settings: Settings, campaign_id: CampaignId | None) -> str:
    campaign = None if campaign_id is None else roll.stored(connection, campaign_id)
    if campaign is not None:
        return campaign.file.preset
    if settings.callbacks is None:
        raise UserError("the settings have no [callbacks]: they say over which trunk callers are called back")
    return settings.callbacks.preset


def _remind_at(settings: Settings, due: datetime, now: datetime) -> datetime | None:
    at = due - timedelta(seconds=settings.desk.remind_before_s)
    return at if at > now else None


def _said(connection: sqlite3.Connection, callback_id: int) -> str:
    found = callbacks.callback(connection, callback_id)
    assert found is not None, "it was written in this transaction"
    who = f"agent {found.booking.agent_id} calls" if found.booking.agent_id else f"queue {found.booking.queue} calls"
    return f"callback {callback_id}: {who} {found.booking.number} at {found.due_at:%Y-%m-%d %H:%M} UTC"
