"""What an agent does with a call, the same with an engine and without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from calls.dispositions import Currency, Disposition
from calls.errors import UserError
from calls.ids import AgentId, CallId, CampaignId
from calls.numbers import is_dialable
from calls.people import callbacks
from calls.records import answers, contacts
from calls.records.contacts import Contact, Given
from calls.records.store import add_audit
from calls.scripts import MAX_ANSWER, MAX_STEPS
from calls.settings import QueueSettings, Settings
from console import promises
from console.operations import Done
from console.promises import When
from dialer import dispositions, roll

Note = Annotated[str, Field(max_length=4000)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=4, allow_inf_nan=False)]


class DispositionOrder(BaseModel):
    """What came of a call, as an agent says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    call_id: Annotated[str, Field(min_length=1, max_length=100)]
    disposition: Annotated[str, Field(min_length=1, max_length=64)]
    value: Amount | None = None
    """What was sold for."""
    currency: Currency | None = None
    note: Note = ""
    callback_at: When | None = None
    """When the person is to be called back; without an offset in the person's own time."""
    callback_personal: bool = True
    """By this agent, and not by whoever of the queue is there."""


class AnswersOrder(BaseModel):
    """What a person said to steps of the script, by the steps' ids; an empty text takes an answer back."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    call_id: Annotated[str, Field(min_length=1, max_length=100)]
    answers: Annotated[
        dict[str, Annotated[str, Field(max_length=MAX_ANSWER)]], Field(min_length=1, max_length=MAX_STEPS)
    ]


class CorrectionOrder(BaseModel):
    """What a supervisor puts in the place of what an agent said, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    disposition: Annotated[str, Field(min_length=1, max_length=64)]
    value: Amount | None = None
    currency: Currency | None = None
    note: Note | None = None
    """None: the agent's stays."""
    reason: Annotated[str, Field(min_length=1, max_length=200)]


def correction(said: Mapping[str, object]) -> CorrectionOrder:
    """The order of a command line.

    Raises:
        UserError: a value cannot be one.
    """
    try:
        return CorrectionOrder.model_validate(said)
    except ValidationError as problem:
        first = problem.errors()[0]
        raise UserError(f"{first['loc'][0]}: {first['msg']}; found {first['input']!a}") from problem


@dataclass(frozen=True, slots=True)
class Disposed:
    """What was done. ``forbidden``: the number that has just been put on the do-not-call list; ``campaign_id``: whose
    leads may have changed; ``booked``: callbacks were booked or taken back."""

    done: Done
    forbidden: str | None = None
    campaign_id: CampaignId | None = None
    booked: bool = False


def dispose(
    connection: sqlite3.Connection,
    settings: Settings,
    agent_id: AgentId,
    order: DispositionOrder,
    now: datetime,
) -> Disposed:
    """Keep what an agent says of a call, until the wrap-up ends in place of what was said before.

    Raises:
        UserError: the agent is not at this call any more, or what is said does not fit the campaign or the queue.
    """
    found = _open_contact(connection, agent_id, order.call_id)
    given = _given(connection, settings.queues, found, order, order.note)
    is_booked = _promise(connection, settings, found, given, order, now)
    forbidden = dispositions.give(connection, found, given, now)
    said = Done(said=f"call {order.call_id}: {given.disposition} ({given.effects.label})")
    return Disposed(said, found.begun.number if forbidden else None, booked=is_booked)


def _promise(
    connection: sqlite3.Connection,
    settings: Settings,
    found: Contact,
    given: Given,
    order: DispositionOrder,
    now: datetime,
) -> bool:
    """Book the callback that a disposition asks for; take back the one that this agent's word before had booked.
    True where callbacks have changed."""
    begun = found.begun
    key = f"disposition:{begun.agent_id}"
    before = callbacks.promised_in(connection, begun.call_id, key)
    if given.effects.callback != (order.callback_at is not None):
        wanted = "asks when to call back" if given.effects.callback else "books no callback"
        raise UserError(f"{order.disposition} {wanted}: callback_at")
    if before is not None:
        callbacks.take_back(connection, before.callback_id)
    if order.callback_at is None:
        return before is not None
    wish = promises.PromiseOrder(at=order.callback_at, personal=order.callback_personal, note=order.note[:1000])
    subject = promises.subject_of(settings, begun)
    promises.promise(connection, settings, begun.agent_id, subject, wish, now, key)
    return True


def answer(connection: sqlite3.Connection, agent_id: AgentId, order: AnswersOrder, now: datetime) -> Done:
    """Keep what a person said to the script of the agent's call.

    Raises:
        UserError: the agent is not at this call any more, or the script has no such step or answer.
    """
    found = _open_contact(connection, agent_id, order.call_id)
    campaign_id = found.begun.campaign_id
    campaign = None if campaign_id is None else roll.stored(connection, campaign_id)
    script = None if campaign is None else campaign.file.script
    if script is None:
        raise UserError(f"call {order.call_id} has no script")
    for name, text in order.answers.items():
        step = script.step(name)
        if step is None:
            known = ", ".join(each.id for each in script.steps) or "none"
            raise UserError(f"the script has no step {name!a}: there are {known}")
        if step.answers and text and text not in step.answers:
            raise UserError(f"{name}: expected one of {', '.join(step.answers)}; found {text!a}")
    answers.keep(connection, CallId(order.call_id), agent_id, order.answers, now)
    return Done(said=f"call {order.call_id}: {len(order.answers)} answered")


def _open_contact(connection: sqlite3.Connection, agent_id: AgentId, call_id: str) -> Contact:
    found = contacts.contact(connection, CallId(call_id), agent_id)
    if found is None:
        raise UserError(f"agent {agent_id} did not talk in call {call_id}: callwright agents list")
    if found.closed_at is not None:
        raise UserError(f"the wrap-up of call {call_id} is over: a supervisor may correct it")
    return found


def correct(
    connection: sqlite3.Connection,
    queues: Iterable[QueueSettings],
    call_id: CallId,
    order: CorrectionOrder,
    who: str,
    now: datetime,
) -> Disposed:
    """Put another disposition into a call's record, after the wrap-up, with an entry in the audit.

    Raises:
        UserError: no agent has talked in the call, or the wrap-up is not over, or it does not fit.
    """
    talks = contacts.contacts_of(connection, call_id)
    if not talks:
        raise UserError(f"no agent talked in call {call_id!a}")
    found = talks[-1]
    if found.closed_at is None:
        raise UserError(f"agent {found.begun.agent_id} is at call {call_id} still, and gives its disposition")
    before = found.given
    note = order.note if order.note is not None else before.note if before is not None else ""
    given = _given(connection, queues, found, order, note)
    forbidden = dispositions.correct(connection, found, given, who, now)
    detail = {
        "call": call_id,
        "from": None if before is None else before.disposition,
        "to": given.disposition,
        "reason": order.reason,
    }
    add_audit(connection, now, who, "disposition.correct", detail)
    was = "none" if before is None else before.disposition
    done = Done(said=f"call {call_id}: {given.disposition} in place of {was}")
    return Disposed(done, found.begun.number if forbidden else None, found.begun.campaign_id)


def require_given(connection: sqlite3.Connection, agent_id: AgentId, call_id: CallId) -> None:
    """Refuse the end of a wrap-up that lacks the disposition that its campaign or queue requires.

    Raises:
        UserError: none was given yet.
    """
    found = contacts.contact(connection, call_id, agent_id)
    if found is not None and found.begun.required and found.given is None and found.closed_at is None:
        raise UserError(f"call {call_id} needs a disposition before the wrap-up ends: callwright agents dispose")


def _given(
    connection: sqlite3.Connection,
    queues: Iterable[QueueSettings],
    found: Contact,
    order: DispositionOrder | CorrectionOrder,
    note: str,
) -> Given:
    begun = found.begun
    offer = dispositions.offer_of(connection, queues, begun.campaign_id, begun.queue)
    effects = _known(offer.dispositions, order.disposition)
    if effects.do_not_call and not is_dialable(begun.number):
        raise UserError(f"{order.disposition}: the caller showed no number that could be put on the do-not-call list")
    if not effects.sale and (order.value is not None or order.currency is not None):
        raise UserError(f"{order.disposition} is no sale: leave value and currency out")
    if not effects.sale:
        return Given(order.disposition, effects, note)
    currency = order.currency or effects.currency
    if order.value is None or currency is None:
        raise UserError(f"{order.disposition} is a sale: say its value and currency, such as 129.90 and EUR")
    return Given(order.disposition, effects, note, f"{order.value:f}", currency)


def _known(offered: Mapping[str, Disposition], name: str) -> Disposition:
    if name not in offered:
        raise UserError(f"there is no disposition {name!a} for this call: expected one of {', '.join(offered)}")
    return offered[name]
