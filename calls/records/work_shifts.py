"""Agents' shifts in the store. Functions of a connection; those that change it run inside a writer's transaction."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
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
        _INSERT, [_row(each, since.isoformat() if each.is_weekly else "", zone, who, now) for each in given]
    )
    told = {"agents": sorted({each.agent_id for each in given}), "shifts": len(given), "since": since.isoformat()}
    add_audit(connection, now, who, "agents.shifts", told)


_INSERT = (
    "INSERT INTO work_shifts (agent_id, since, day, begins, ends, kind, paid, zone, set_at, set_by)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _row(each: Shift, since: str, zone: str, who: str, now: datetime) -> tuple[object, ...]:
    own = (each.agent_id, since, each.day, each.begins, each.ends, each.kind, int(each.paid))
    return (*own, zone, as_text(now), printable(who))


def change(
    connection: sqlite3.Connection,
    agent_id: str,
    day: str,
    given: Sequence[Shift],
    since: date,
    zone: str,
    who: str,
    now: datetime,
) -> None:
    """Let one day of an agent be as ``given``, with an entry in the audit that has what was planned before. Of a
    weekday it holds from the day ``since`` on: the week that holds then is kept for the days before, and later weeks
    stay as they are. None given of a date: the week stands for it again."""
    plan = plans(connection).get(agent_id, Plan())
    if day in WEEKDAYS:
        week = plan.week(since)
        shifts = {} if week is None else dict(week.shifts)
        before = shifts.get(WEEKDAYS.index(day), ())
        shifts[WEEKDAYS.index(day)] = tuple(given)
        key = since.isoformat()
        connection.execute("DELETE FROM work_shifts WHERE agent_id = ? AND since = ?", (agent_id, key))
        kept = [each for of in shifts.values() for each in of] or [Shift(agent_id, day)]
    else:
        before = (plan.dates or {}).get(date.fromisoformat(day), (None, ()))[1]
        key, kept = "", list(given)
        connection.execute("DELETE FROM work_shifts WHERE agent_id = ? AND since = '' AND day = ?", (agent_id, day))
    connection.executemany(_INSERT, [_row(each, key, zone, who, now) for each in kept])
    told = {"agent": agent_id, "day": day, "since": key, "before": list(map(_said, before))}
    add_audit(connection, now, who, "agents.shifts.change", told | {"after": list(map(_said, given))})


def _said(each: Shift) -> str:
    return " ".join(filter(None, (f"{each.begins}-{each.ends}" if each.begins else "free", each.kind)))


def planned(connection: sqlite3.Connection) -> list[tuple[str, Shift]]:
    """All that is planned: from which day on ("" of a date), and the shift; by agent, the weeks before the dates, and
    breaks behind the shifts of their day."""
    rows = connection.execute(
        f"SELECT since, {_SHIFT} FROM work_shifts ORDER BY agent_id, since = '', since, {_WEEKDAY}, day, kind, begins"
    )
    return [(since, _shift(rest)) for since, *rest in rows]


def holding(connection: sqlite3.Connection, day: date) -> list[Shift]:
    """What holds from a day on: the week of each agent that holds on it, and what is planned for later dates."""
    found: list[Shift] = []
    for plan in plans(connection).values():
        week = plan.week(day)
        found += [] if week is None else [each for number in sorted(week.shifts) for each in week.shifts[number]]
        dates = plan.dates or {}
        found += [each for one in sorted(dates) if one >= day for each in dates[one][1]]
    return found


_SHIFT = "agent_id, day, begins, ends, kind, paid"
_WEEKDAY = "CASE day " + " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(WEEKDAYS)) + " END"


def _shift(columns: Sequence[Any]) -> Shift:
    agent_id, day, begins, ends, kind, paid = columns
    return Shift(agent_id, day, begins, ends, kind, bool(paid))


def plans(connection: sqlite3.Connection) -> dict[str, Plan]:
    """The plan of each agent who has one."""
    weeks: dict[str, dict[str, list[tuple[str, Shift]]]] = defaultdict(lambda: defaultdict(list))
    dates: dict[str, dict[date, list[tuple[str, Shift]]]] = defaultdict(lambda: defaultdict(list))
    for since, zone, *rest in connection.execute(
        f"SELECT since, zone, {_SHIFT} FROM work_shifts ORDER BY agent_id, since, day, kind, begins"
    ):
        shift = _shift(rest)
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
