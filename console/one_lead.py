"""One lead of a list, shown, edited and removed: the same for the running engine and for a command without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls import numbers
from calls.errors import LeadError, UserError
from calls.ids import LeadId
from calls.log import masked
from calls.numbers import NumberProblem
from calls.people import do_not_call
from calls.records.store import add_audit
from calls.settings import Settings
from console.operations import Done
from dialer.leads import one
from dialer.leads.file import MAX_NUMBERS
from dialer.leads.one import Change, Edited, OnRoll, StoredLead
from dialer.order import Kind

E164_LONGEST = 40
"""Characters of a number as people write it."""


WORDS = {
    "numbers": "its numbers",
    "name": "its name",
    "priority": "its priority",
    "time_zone": "its time zone",
    "region": "its region",
}
"""What people read for the name of a change; of fields their names."""


class NumberGiven(BaseModel):
    """A number as it is written, in international form or of the country that is named with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    number: Annotated[str, Field(min_length=1, max_length=E164_LONGEST)]
    kind: Kind = Kind.OTHER


class EditOrder(BaseModel):
    """What is to be otherwise of a lead; what is left out stays as it is.

    ``numbers``: all of them, in the order in which they are dialled; ``was``: those that were seen, so that what
    somebody else changed meanwhile is not undone unseen; ``region``: the country of numbers that are written without
    one; ``time_zone`` "": by the numbers and the place; ``fields``: those that change, "" takes one away.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    numbers: Annotated[tuple[NumberGiven, ...], Field(min_length=1, max_length=MAX_NUMBERS)] | None = None
    was: tuple[str, ...] | None = None
    region: Annotated[str, Field(min_length=2, max_length=2)] | None = None
    name: str | None = None
    time_zone: str | None = None
    priority: int | None = None
    fields: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changed:
    """A lead was changed: whoever has it in front of them is to see it anew."""

    lead_id: LeadId
    done: Done


class NumberShown(BaseModel):
    """A number, and the zones in which the person may be when it rings."""

    model_config = ConfigDict(frozen=True)
    number: str
    kind: Kind
    time_zones: tuple[str, ...]


class OneLead(BaseModel):
    """A lead as it stands in its list, and on the rolls of campaigns. ``region``: ISO 3166, a country or a state."""

    model_config = ConfigDict(frozen=True)
    lead: str
    list: str
    numbers: tuple[NumberShown, ...]
    name: str
    priority: int
    fields: Mapping[str, str]
    region: str
    given_zone: str
    """The zone that somebody named; "": the numbers and the place say it."""
    imported_at: str
    campaigns: tuple[OnRoll, ...]


def show(connection: sqlite3.Connection, settings: Settings, list_name: str, number: str) -> OneLead:
    """A lead of a list by one of its numbers.

    Raises:
        LeadError: there is no such list or lead; or it is no number.
    """
    found = one.find(connection, list_name, e164(number, settings.engine.region))
    return OneLead(
        lead=found.lead_id,
        list=found.list_name,
        numbers=tuple(
            NumberShown(number=each.number, kind=each.kind, time_zones=each.time_zones) for each in found.numbers
        ),
        name=found.name,
        priority=found.priority,
        fields=found.fields,
        region=found.region,
        given_zone=one.given_zone(connection, found),
        imported_at=found.imported_at,
        campaigns=tuple(one.on_rolls(connection, found)),
    )


def edit(
    connection: sqlite3.Connection,
    settings: Settings,
    list_name: str,
    number: str,
    order: EditOrder,
    who: str,
    now: datetime,
) -> Changed:
    """Change a lead, with an entry in the audit that names what was changed, and of numbers their last digits.

    Raises:
        LeadError: there is no such lead, an import would refuse it so, or it is being dialled; nothing has changed.
    """
    region = order.region.upper() if order.region else settings.engine.region
    lead = one.find(connection, list_name, e164(number, settings.engine.region))
    seen = [each.number for each in lead.numbers]
    if order.was is not None and list(order.was) != seen:
        raise LeadError("the numbers of the lead were changed meanwhile: look at it again")
    wanted = (
        None if order.numbers is None else tuple((each.kind, e164(each.number, region)) for each in order.numbers)
    )
    if wanted is not None and len({each for _, each in wanted}) < len(wanted):
        raise LeadError("a number is given twice")
    edited = one.edit(
        connection, lead, Change(wanted, order.name, order.priority, order.time_zone, order.fields), now
    )
    if not edited.what:
        return Changed(lead.lead_id, Done(said="the lead is so already: nothing was changed"))
    _audit_edit(connection, lead, edited, who, now)
    what = ", ".join(WORDS.get(each, f"its {each}") for each in edited.what)
    said = [f"changed of a lead of list {list_name}: {what}"]
    return Changed(lead.lead_id, Done(said="\n".join([*said, *_to_know(connection, lead, edited.lead, now)])))


def _audit_edit(connection: sqlite3.Connection, lead: StoredLead, edited: Edited, who: str, now: datetime) -> None:
    detail: dict[str, object] = {"list": lead.list_name, "number": masked(lead.numbers[0].number)}
    detail["changed"] = list(edited.what)
    if "numbers" in edited.what:
        detail["before"] = _masked(lead)
        detail["after"] = _masked(edited.lead)
    add_audit(connection, now, who, "leads.edit", detail)


def _masked(lead: StoredLead) -> list[str]:
    return [f"{each.kind.value} {masked(each.number)}" for each in lead.numbers]


def _to_know(connection: sqlite3.Connection, before: StoredLead, after: StoredLead, now: datetime) -> Sequence[str]:
    """What follows of a change that whoever made it may not expect, a line each."""
    said = []
    had = [each.number for each in before.numbers]
    has = [each.number for each in after.numbers]
    for each in has:
        if each not in had and do_not_call.found(connection, each, now):
            said.append(f"{each} is on the do-not-call list: it is not dialled")
    gone = [each for each in had if each not in has]
    for waiting in one.waiting_callbacks(connection, gone):
        said.append(f"callback {waiting} is still to a number that the lead has no more")
    if not after.numbers[0].time_zones:
        said.append("no time zone is known: the lead is not dialled where a law asks for hours")
    return said


def remove(
    connection: sqlite3.Connection, settings: Settings, list_name: str, number: str, who: str, now: datetime
) -> Changed:
    """Take a lead out of its list.

    Raises:
        LeadError: there is no such lead, it has a call, or a callback waits for it; nothing has changed.
    """
    lead = one.find(connection, list_name, e164(number, settings.engine.region))
    was_dialled = one.remove(connection, lead, now)
    detail = {"list": list_name, "number": masked(lead.numbers[0].number), "dialled": was_dialled}
    add_audit(connection, now, who, "leads.remove_one", detail)
    said = "its records and limits stay" if was_dialled else "it was never dialled"
    return Changed(lead.lead_id, Done(said=f"a lead is removed from list {list_name}: {said}"))


def e164(text: str, region: str | None) -> str:
    """The number in E.164.

    Raises:
        UserError: it is none.
    """
    try:
        return numbers.to_e164(text, region)
    except NumberProblem as problem:
        raise UserError(f"{text!a} is no number: {problem.reason}") from problem
