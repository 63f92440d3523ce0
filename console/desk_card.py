"""The card of an agent's call: who it is, what to read, what may be said of it. Reads the store, changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from calls import templates
from calls.desk_settings import encoded
from calls.dispositions import Disposition
from calls.ids import AgentId, CallId, CampaignId, LeadId, QueueName
from calls.log import masked
from calls.people import callbacks, persons
from calls.people.history import history
from calls.people.persons import Person
from calls.records import answers, contacts
from calls.records.published import Event, publish
from calls.records.store import Direction
from calls.records.times import as_text
from calls.scripts import Script, in_language
from calls.settings import Settings
from console.people import EntryShown
from dialer import dispositions, roll
from dialer.campaign import Campaign

HISTORY = 50
"""Entries of a person's history that a card has at most."""


@dataclass(frozen=True, slots=True)
class AtCall:
    """A call that an agent has: ``number`` is the person's, in E.164 where it is such."""

    call_id: CallId
    agent_id: AgentId
    state: str
    direction: Direction
    number: str
    queue: QueueName | None
    campaign_id: CampaignId | None
    lead_id: LeadId | None


class Shown(BaseModel):
    """Part of a card."""

    model_config = ConfigDict(frozen=True)


class NumberShown(Shown):
    """One of the person's numbers."""

    kind: str
    number: str


class CustomerShown(Shown):
    """Who it is; without a lead the number is all that is known."""

    number: str
    lead_id: str | None = None
    list: str | None = None
    name: str = ""
    numbers: tuple[NumberShown, ...] = ()
    fields: dict[str, str] = {}
    time_zones: tuple[str, ...] = ()


class DispositionShown(Shown):
    """One that the agent may give."""

    id: str
    label: str
    sale: bool
    currency: str | None
    callback: bool


class GivenShown(Shown):
    """What the agent has said so far."""

    disposition: str
    note: str
    value: str | None
    currency: str | None


class StepShown(Shown):
    """A question, the answers it offers, and what was answered."""

    id: str
    say: str
    answers: tuple[str, ...]
    answered: str | None


class ScriptShown(Shown):
    """The script in one language, with the person's values in their places."""

    language: str
    languages: tuple[str, ...]
    text: str
    steps: tuple[StepShown, ...]


class CallbackShown(Shown):
    """A callback that an agent has promised, or is to make. Times in UTC."""

    id: int
    number: str
    name: str
    queue: str
    at: datetime
    until: datetime
    state: str
    agent: str | None
    """Whose it is; None: everybody's of the queue."""
    booked_by: str
    note: str
    tries: int


class Card(Shown):
    """An agent's call. Durations in seconds; ``wrap_up_left_s`` None: there is no wrap-up."""

    call_id: str
    state: str
    direction: str
    campaign: str | None
    queue: str | None
    for_s: float
    wrap_up_left_s: float | None
    customer: CustomerShown
    history: tuple[EntryShown, ...]
    """What happened with the person before, the newest first."""
    script: ScriptShown | None
    dispositions: tuple[DispositionShown, ...]
    disposition_required: bool
    given: GivenShown | None
    screen_pop: str | None


def card(
    connection: sqlite3.Connection,
    settings: Settings,
    at: AtCall,
    language: str | None,
    for_s: float,
    wrap_up_left_s: float | None,
) -> Card:
    """The card of a call. ``language``: what the agent reads the script in; None: the campaign's."""
    campaign = None if at.campaign_id is None else roll.stored(connection, at.campaign_id)
    person = person_of(connection, at)
    offer = dispositions.offer_of(connection, settings.queues, at.campaign_id, at.queue)
    found = contacts.contact(connection, at.call_id, at.agent_id)
    given = None if found is None else found.given
    return Card(
        call_id=at.call_id,
        state=at.state,
        direction=at.direction.value,
        campaign=at.campaign_id,
        queue=at.queue,
        for_s=round(for_s, 3),
        wrap_up_left_s=None if wrap_up_left_s is None else round(wrap_up_left_s, 3),
        customer=_customer(at, person, settings.desk.mask_numbers),
        history=_history(connection, settings, at, person),
        script=_script(connection, settings, at, campaign, person, language),
        dispositions=tuple(_disposition(name, each) for name, each in offer.dispositions.items()),
        disposition_required=offer.required,
        given=None
        if given is None
        else GivenShown(disposition=given.disposition, note=given.note, value=given.value, currency=given.currency),
        screen_pop=screen_pop(settings, at, campaign, person, _shown_number(settings, at)),
    )


def callbacks_of(connection: sqlite3.Connection, settings: Settings, agent_id: AgentId) -> tuple[CallbackShown, ...]:
    """What an agent has promised or is to make, by the time."""
    found = []
    for each in callbacks.of_agent(connection, agent_id):
        booking = each.booking
        person = persons.best_of_number(connection, booking.number)
        found.append(
            CallbackShown(
                id=each.callback_id,
                number=masked(booking.number) if settings.desk.mask_numbers else booking.number,
                name="" if person is None else person.name,
                queue=booking.queue,
                at=each.due_at,
                until=booking.window_end,
                state=each.state.value,
                agent=each.waits_for,
                booked_by=booking.booked_by,
                note=booking.note,
                tries=each.tries,
            )
        )
    return tuple(found)


def person_of(connection: sqlite3.Connection, at: AtCall) -> Person | None:
    """The lead of the call; of a caller, the newest that has the number."""
    if at.lead_id is not None and (found := persons.of_lead(connection, at.lead_id)) is not None and found.name:
        return found
    return persons.best_of_number(connection, at.number)


def screen_pop(
    settings: Settings, at: AtCall, campaign: Campaign | None, person: Person | None, number: str
) -> str | None:
    """The address to be opened for the call: the campaign's, else the queue's; None: there is none. ``number``: what
    stands for the person's in it."""
    address = None if campaign is None else campaign.file.screen_pop
    if address is None:
        address = next((each.screen_pop for each in settings.queues if each.name == at.queue), None)
    if address is None:
        return None
    return templates.render(address, values_of(settings, at, person, number), encoded)


def tell_agent(connection: sqlite3.Connection, settings: Settings, at: AtCall, event: Event, now: datetime) -> None:
    """Tell the webhooks that asked for ``event`` which call an agent is led to."""
    campaign = None if at.campaign_id is None else roll.stored(connection, at.campaign_id)
    told = {
        "agent": at.agent_id,
        "direction": at.direction.value,
        "number": at.number,
        "queue": at.queue,
        "campaign_id": at.campaign_id,
        "lead_id": at.lead_id,
        "screen_pop": screen_pop(settings, at, campaign, person_of(connection, at), at.number),
    }
    publish(connection, event, f"{at.call_id}:{at.agent_id}:{as_text(now)}", at.call_id, told, now)


def values_of(settings: Settings, at: AtCall, person: Person | None, number: str) -> Mapping[str, str]:
    """What the places of a text stand for."""
    agent = next((each.name for each in settings.agents if each.id == at.agent_id), at.agent_id)
    named = {
        "name": "" if person is None else person.name,
        "number": number,
        "agent": agent,
        "agent_id": at.agent_id,
        "call_id": at.call_id,
        "campaign": at.campaign_id or "",
        "queue": at.queue or "",
        "lead_id": at.lead_id or "",
    }
    fields = {} if person is None else {f"{templates.FIELD}{key}": value for key, value in person.fields.items()}
    return {**named, **fields}


def _shown_number(settings: Settings, at: AtCall) -> str:
    """The person's number as the agent may see it."""
    return masked(at.number) if settings.desk.mask_numbers else at.number


def _customer(at: AtCall, person: Person | None, mask: bool) -> CustomerShown:
    def shown(number: str) -> str:
        return masked(number) if mask else number

    if person is None:
        return CustomerShown(number=shown(at.number))
    return CustomerShown(
        number=shown(at.number),
        lead_id=person.lead_id,
        list=person.list_name,
        name=person.name,
        numbers=tuple(NumberShown(kind=each.kind, number=shown(each.number)) for each in person.numbers),
        fields=dict(person.fields),
        time_zones=person.time_zones,
    )


def _history(
    connection: sqlite3.Connection, settings: Settings, at: AtCall, person: Person | None
) -> tuple[EntryShown, ...]:
    """This call left out; a number in it is masked where the settings say so."""
    numbers = {at.number, *(() if person is None else (each.number for each in person.numbers))}
    found = history(connection, sorted(numbers), settings.engine.region)
    before = [each for each in reversed(found) if each.detail.get("call_id") != at.call_id][:HISTORY]
    hidden = ("number",) if settings.desk.mask_numbers else ()
    return tuple(
        EntryShown(
            at=each.at,
            kind=each.kind,
            detail={name: value for name, value in each.detail.items() if name not in hidden},
        )
        for each in before
    )


def _disposition(name: str, each: Disposition) -> DispositionShown:
    return DispositionShown(id=name, label=each.label, sale=each.sale, currency=each.currency, callback=each.callback)


def _script(
    connection: sqlite3.Connection,
    settings: Settings,
    at: AtCall,
    campaign: Campaign | None,
    person: Person | None,
    language: str | None,
) -> ScriptShown | None:
    script = None if campaign is None else campaign.file.script
    if script is None or campaign is None:
        return None
    values = values_of(settings, at, person, _shown_number(settings, at))
    given = answers.of_call(connection, at.call_id)
    spoken, text = in_language(script.text, language, campaign.file.language)
    return ScriptShown(
        language=spoken,
        languages=tuple(script.text),
        text=templates.render(text, values),
        steps=_steps(script, values, given, spoken, campaign.file.language),
    )


def _steps(
    script: Script, values: Mapping[str, str], given: Mapping[str, str], *wanted: str
) -> tuple[StepShown, ...]:
    return tuple(
        StepShown(
            id=step.id,
            say=templates.render(in_language(step.say, *wanted)[1], values),
            answers=step.answers,
            answered=given.get(step.id),
        )
        for step in script.steps
    )
