"""Agents' shifts in the store. Functions of a connection; those that change it run inside a writer's transaction."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from calls.agents.shifts import WEEKDAYS, Plan, Shift, Week
from calls.hours import time_zone
from calls.records.store import add_audit
from calls.records.times import as_text
from calls.text import printable


def keep(
    connection: sqlite3.Connection, shifts: Iterable[Shift], since: date, zone: str, who: str, now: datetime
) -> None:
    """Keep what was planned, with an entry in the audit. Weekly shifts stand for all those of the same agents from
    the day ``since`` on; what was planned for before stays as it was, so that past figures do. Those of a date stand
    for what was planned for it."""
    given = list(shifts)
    weekly = {each.agent_id for each in given if each.is_weekly}
    for agent_id in weekly:
        connection.execute(
            "DELETE FROM work_shifts WHERE agent_id = ? AND since >= ? AND since <> ''", (agent_id, since.isoformat())
        )
    for agent_id, day in {(each.agent_id, each.day) for each in given if not each.is_weekly}:
        connection.execute("DELETE FROM work_shifts WHERE agent_id = ? AND since = '' AND day = ?", (agent_id, day))
    connection.executemany(
        "INSERT INTO work_shifts (agent_id, since, day, begins, ends, zone, set_at, set_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(each.agent_id, since.isoformat() if each.is_weekly else "", each.day, each.begins, each.ends),
                *(zone, as_text(now), printable(who)),
            )
            for each in given
        ],
    )
    told = {"agents": sorted({each.agent_id for each in given}), "shifts": len(given), "since": since.isoformat()}
    add_audit(connection, now, who, "agents.shifts", told)


def planned(connection: sqlite3.Connection) -> list[tuple[str, Shift]]:
    """All that is planned: from which day on ("" of a date), and the shift; by agent, the weeks before the dates."""
    rows = connection.execute(
        "SELECT since, agent_id, day, begins, ends FROM work_shifts ORDER BY agent_id, since = '', since, day, begins"
    )
    return [(since, Shift(*rest)) for since, *rest in rows]


def plans(connection: sqlite3.Connection) -> dict[str, Plan]:
    """The plan of each agent who has one."""
    weeks: dict[str, dict[str, list[tuple[str, Shift]]]] = defaultdict(lambda: defaultdict(list))
    dates: dict[str, dict[date, list[tuple[str, Shift]]]] = defaultdict(lambda: defaultdict(list))
    for since, zone, *rest in connection.execute(
        "SELECT since, zone, agent_id, day, begins, ends FROM work_shifts ORDER BY agent_id, since, day, begins"
    ):
        shift = Shift(*rest)
        if shift.is_weekly:
            weeks[shift.agent_id][since].append((zone, shift))
        else:
            dates[shift.agent_id][date.fromisoformat(shift.day)].append((zone, shift))
    return {
        agent: Plan(
            tuple(_week(date.fromisoformat(since), of) for since, of in weeks[agent].items()),
            {day: (_place(of), tuple(shift for _, shift in of)) for day, of in dates[agent].items()},
        )
        for agent in sorted({*weeks, *dates})
    }


def _place(of: list[tuple[str, Shift]]) -> ZoneInfo:
    return time_zone(of[0][0])


def _week(since: date, of: list[tuple[str, Shift]]) -> Week:
    days: dict[int, tuple[Shift, ...]] = {}
    for _, shift in of:
        number = WEEKDAYS.index(shift.day)
        days[number] = (*days.get(number, ()), shift)
    return Week(since, _place(of), days)
