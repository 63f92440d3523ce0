"""Shifts of agents, as supervisors import, change, download and look at them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls.agents import shift_file
from calls.agents.shifts import WEEKDAYS, Shift
from calls.errors import UserError
from calls.records import work_shifts
from calls.settings import Settings
from console.operations import Done

LONGEST = 1_000_000
"""Signs of one file."""

OF_A_DAY = 20
"""Shifts and breaks of one day of an agent at most."""


class ShiftsOrder(BaseModel):
    """A file of shifts; ``since``: the first day of its weeks, None: today."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    text: Annotated[str, Field(max_length=LONGEST)]
    name: Annotated[str, Field(max_length=200)] = "shifts.csv"
    since: date | None = None


Word = Annotated[str, Field(max_length=64)]


class PartOrder(BaseModel):
    """A shift, or with ``kind`` a break in one. ``begins`` and ``ends``: times such as 08:30."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    begins: Word
    ends: Word
    kind: Word = ""


class DayOrder(BaseModel):
    """What an agent's day is to be, a weekday from ``since`` on (None: from today) or a date. ``free``: the agent
    does not work then. Without parts and not free: nothing is planned, and of a date the week stands for it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    parts: Annotated[tuple[PartOrder, ...], Field(max_length=OF_A_DAY)] = ()
    free: bool = False
    since: date | None = None


class ShiftShown(BaseModel):
    """A shift, or a planned break where it has a ``kind``; ``since`` "": of a date. ``begins`` "": a free day."""

    model_config = ConfigDict(frozen=True)
    agent: str
    since: str
    day: str
    begins: str
    ends: str
    kind: str = ""
    paid: bool = True


def paid_reasons(settings: Settings) -> Mapping[str, bool]:
    """The reasons for which agents may pause, and whether such a pause is paid."""
    return {each.id: each.paid for each in settings.pause_reasons}


def bring(connection: sqlite3.Connection, settings: Settings, order: ShiftsOrder, who: str, now: datetime) -> Done:
    """Keep the shifts of a file, inside a writer's transaction.

    Raises:
        UserError: says in which lines and columns what is wrong; nothing is kept then.
    """
    agents = [each.id for each in settings.agents]
    found = shift_file.parse(order.text, agents, order.name, paid_reasons(settings))
    house = settings.reports
    since = order.since or now.astimezone(house.place()).date()
    work_shifts.keep(connection, found, since, house.zone, who, now)
    whose, breaks = len({each.agent_id for each in found}), sum(bool(each.kind) for each in found)
    count = len(found) - breaks
    if breaks:
        return Done(said=f"{count} shifts with {breaks} breaks of {whose} agents are planned")
    return Done(said=f"{count} shifts of {whose} agents are planned")


def change(
    connection: sqlite3.Connection, settings: Settings, agent: str, day: str, order: DayOrder, who: str, now: datetime
) -> Done:
    """Let an agent's day be as the order says, inside a writer's transaction.

    Raises:
        UserError: says what is wrong with it; nothing is changed then.
    """
    parts = [Shift(agent, day, each.begins.strip(), each.ends.strip(), each.kind.strip()) for each in order.parts]
    if order.free and parts:
        raise UserError("a free day has no shifts: expected one or the other")
    if order.free:
        parts = [Shift(agent, day)]
    text = shift_file.written(parts or [Shift(agent, day)])
    agents = [each.id for each in settings.agents]
    found = shift_file.parse(text, agents, f"{agent} on {day}", paid_reasons(settings)) if parts else []
    if not parts:
        shift_file.parse(text, agents, f"{agent} on {day}")  # is there such an agent and such a day?
    house = settings.reports
    since = order.since or now.astimezone(house.place()).date()
    work_shifts.change(connection, agent, day, found, since, house.zone, who, now)
    if day in WEEKDAYS:
        return Done(said=f"agent {agent}: {day} is planned anew from {since} on")
    return Done(said=f"agent {agent}: {day} is planned anew")


def planned(connection: sqlite3.Connection) -> tuple[ShiftShown, ...]:
    """All that is planned, by agent."""
    return tuple(
        ShiftShown(
            agent=each.agent_id,
            since=since,
            day=each.day,
            begins=each.begins,
            ends=each.ends,
            kind=each.kind,
            paid=each.paid,
        )
        for since, each in work_shifts.planned(connection)
    )


def as_file(connection: sqlite3.Connection, day: date) -> str:
    """What holds from a day on, as a file that can be brought again."""
    return shift_file.written(work_shifts.holding(connection, day))
