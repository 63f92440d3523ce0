"""People: what is held of one, given out whole, and erased; the same with an engine and without one."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls.errors import UserError
from calls.ids import LeadId
from calls.numbers import NumberProblem, to_e164
from calls.people import erased, erasing, persons
from calls.people.erasing import Erased, Plan
from calls.people.history import Detail, history
from calls.people.holdings import Row, holdings
from calls.people.persons import Person
from calls.recordings import RecordingFiles
from calls.settings import Settings
from console.operations import Done
from prompts.live_cache import LIVE


class EraseOrder(BaseModel):
    """Erase a person, and why: the reason stands in the audit."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class EntryShown(BaseModel):
    """Something that happened with the person."""

    model_config = ConfigDict(frozen=True)
    at: datetime
    kind: str
    detail: Detail


class LeadShown(BaseModel):
    """The person in one list."""

    model_config = ConfigDict(frozen=True)
    lead_id: str
    list: str
    name: str
    numbers: dict[str, str]
    """The kind of each, by the number."""
    fields: dict[str, str]
    time_zones: tuple[str, ...]


class PersonShown(BaseModel):
    """A person, and what happened."""

    model_config = ConfigDict(frozen=True)
    numbers: tuple[str, ...]
    leads: tuple[LeadShown, ...]
    history: tuple[EntryShown, ...]


class PersonExported(PersonShown):
    """All that is held of a person. ``records``: every row about them, as it stands in the database, by table."""

    records: dict[str, list[Row]]


def number_of(connection: sqlite3.Connection, who: str, region: str | None) -> str:
    """The number of ``who``: a number, or a lead's id.

    Raises:
        UserError: it is neither, or the lead of somebody who was erased.
    """
    found = persons.of_lead(connection, LeadId(who))
    if found is not None and found.numbers[0].number.startswith(erased.MARK):
        raise UserError(f"the person of lead {who} was erased")
    if found is not None:
        return found.numbers[0].number
    try:
        return to_e164(who, region)
    except NumberProblem as problem:
        raise UserError(f"{who!a} is no lead and no number: {problem.reason}") from problem


def show(connection: sqlite3.Connection, settings: Settings, who: str) -> PersonShown:
    """A person, and what happened, in order.

    Raises:
        UserError: ``who`` is no number and no lead.
    """
    number = number_of(connection, who, settings.engine.region)
    subject = erasing.subject_of(connection, number)
    leads = [found for each in subject.leads if (found := persons.of_lead(connection, each)) is not None]
    entries = history(connection, subject.numbers, settings.engine.region)
    return PersonShown(
        numbers=subject.numbers,
        leads=tuple(_lead(each) for each in leads),
        history=tuple(EntryShown(at=each.at, kind=each.kind, detail=each.detail) for each in entries),
    )


def export(connection: sqlite3.Connection, settings: Settings, who: str) -> PersonExported:
    """All that is held of a person: trails of calls, answers, payments and messages too. Raises as :func:`show`."""
    shown = show(connection, settings, who)
    subject = erasing.subject_of(connection, number_of(connection, who, settings.engine.region))
    records = holdings(connection, subject, settings.engine.region)
    return PersonExported(numbers=shown.numbers, leads=shown.leads, history=shown.history, records=records)


def _lead(person: Person) -> LeadShown:
    return LeadShown(
        lead_id=person.lead_id,
        list=person.list_name,
        name=person.name,
        numbers={each.number: each.kind for each in person.numbers},
        fields=dict(person.fields),
        time_zones=person.time_zones,
    )


def plan(connection: sqlite3.Connection, settings: Settings, who: str) -> Plan:
    """Look for everything of a person, on a connection that reads only: it reads the whole database.

    Raises:
        UserError: ``who`` is no number and no lead, or the person has a call at this moment.
        RecordError: the key of the installation cannot be read or written.
    """
    number = number_of(connection, who, settings.engine.region)
    erased.make_key(connection, settings.engine.database, secrets.token_bytes(erased.KEY_BYTES))
    return erasing.plan(connection, number, settings.engine.region)


def erase(
    connection: sqlite3.Connection, settings: Settings, planned: Plan, order: EraseOrder, who: str, now: datetime
) -> Done:
    """Erase a person from the database and the folders.

    Raises:
        UserError: the person has a call at this moment.
        RecordingError: a recording cannot be deleted; nothing has changed then.
    """
    done = erasing.erase(connection, planned, settings.engine.region, order.reason, who, now)
    _delete_files(settings, done)
    return Done(said=f"erased: {done.leads} leads, {done.calls} calls, {len(done.recordings)} recordings")


def erase_at_once(
    connection: sqlite3.Connection, settings: Settings, given: str, order: EraseOrder, who: str, now: datetime
) -> Done:
    """Both steps on the writing connection, where no engine runs. Raises as :func:`plan` and :func:`erase`."""
    return erase(connection, settings, plan(connection, settings, given), order, who, now)


def _delete_files(settings: Settings, done: Erased) -> None:
    """The recordings of the person's calls; and what was spoken while callers waited, which may be anybody's name."""
    files = RecordingFiles(settings.recordings.folder)
    for name in done.recordings:
        files.delete(name)
    spoken = settings.prompts.cache / LIVE
    for path in spoken.iterdir() if spoken.is_dir() else ():
        path.unlink(missing_ok=True)
