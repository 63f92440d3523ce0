"""Shifts of agents, as supervisors import and look at them."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls.agents import shifts
from calls.records import work_shifts
from calls.settings import Settings
from console.operations import Done

LONGEST = 1_000_000
"""Signs of one file."""


class ShiftsOrder(BaseModel):
    """A file of shifts; ``since``: the first day of its weeks, None: today."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    text: Annotated[str, Field(max_length=LONGEST)]
    name: Annotated[str, Field(max_length=200)] = "shifts.csv"
    since: date | None = None


class ShiftShown(BaseModel):
    """A shift; ``since`` "": of a date. ``begins`` "": a free day."""

    model_config = ConfigDict(frozen=True)
    agent: str
    since: str
    day: str
    begins: str
    ends: str


def bring(connection: sqlite3.Connection, settings: Settings, order: ShiftsOrder, who: str, now: datetime) -> Done:
    """Keep the shifts of a file, inside a writer's transaction.

    Raises:
        UserError: says in which lines and columns what is wrong; nothing is kept then.
    """
    found = shifts.parse(order.text, [each.id for each in settings.agents], order.name)
    house = settings.reports
    since = order.since or now.astimezone(house.place()).date()
    work_shifts.keep(connection, found, since, house.zone, who, now)
    return Done(said=f"{len(found)} shifts of {len({each.agent_id for each in found})} agents are planned")


def planned(connection: sqlite3.Connection) -> tuple[ShiftShown, ...]:
    """All that is planned, by agent."""
    return tuple(
        ShiftShown(agent=each.agent_id, since=since, day=each.day, begins=each.begins, ends=each.ends)
        for since, each in work_shifts.planned(connection)
    )
