"""When agents are to work: shifts by weekday or date, as supervisors plan them, and the times that they come to.

A shift is from one time of the house's clock to another, past midnight where the second is not later. Breaks are the
gaps between shifts. On the night when the clocks are changed a shift is an hour shorter or longer than on others.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from calls.errors import UserError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COLUMNS = ("agent", "day", "from", "to")

LARGEST = 20_000
"""Rows of one file: a year of a hundred agents' days."""

SHOWN = 10
"""Of more faults so many are told."""

CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
DAY_MIN = 24 * 60

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Shift:
    """``day``: one of :data:`WEEKDAYS`, or a date. ``begins`` and ``ends`` are times of the clock, the second
    ``24:00`` at the latest; both "": on that day the agent does not work."""

    agent_id: str
    day: str
    begins: str = ""
    ends: str = ""

    @property
    def is_weekly(self) -> bool:
        """Whether it comes each week."""
        return self.day in WEEKDAYS

    @property
    def minutes(self) -> tuple[int, int]:
        """From when to when, in minutes of the day on which it begins."""
        begin, end = _minutes(self.begins), _minutes(self.ends)
        return begin, end if end > begin else end + DAY_MIN


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def parse(text: str, agents: Collection[str], name: str) -> list[Shift]:
    """The shifts of a CSV file with the columns agent, day, from and to; ``name`` is the file's, for messages.

    Raises:
        UserError: says in which lines and columns what is wrong, and what was expected.
    """
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    if not rows or [each.strip().lower() for each in rows[0]] != list(COLUMNS):
        raise UserError(f"{name}, line 1: expected the columns {','.join(COLUMNS)}")
    if len(rows) > LARGEST:
        raise UserError(f"{name}: {len(rows)} lines: expected {LARGEST} at most")
    found: list[tuple[int, Shift]] = []
    faults: list[str] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(each.strip() for each in row):
            continue
        if len(row) != len(COLUMNS):
            faults.append(f"line {number}: {len(row)} columns: expected {','.join(COLUMNS)}")
            continue
        shift = Shift(*(each.strip() for each in row))
        wrong = [f"line {number}, {column}: {words}" for column, words in _faults(shift, agents)]
        faults += wrong
        if not wrong:
            found.append((number, shift))
    faults += _overlaps(found)
    if faults:
        more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        raise UserError("; ".join([f"{name}, {faults[0]}", *faults[1:SHOWN], *more]))
    return [shift for _, shift in found]


def _faults(shift: Shift, agents: Collection[str]) -> Iterator[tuple[str, str]]:
    if shift.agent_id not in agents:
        known = f"expected one of {', '.join(sorted(agents)[:SHOWN])}" if agents else "there are none: add [[agents]]"
        yield "agent", f"no agent is named {shift.agent_id!a}: {known}"
    if not shift.is_weekly and not _is_date(shift.day):
        yield "day", f"{shift.day!a}: expected mon to sun, or a date such as 2026-05-31"
    if not shift.begins and not shift.ends:
        return
    if not CLOCK.fullmatch(shift.begins):
        yield "from", f"{shift.begins!a}: expected a time such as 08:30, or nothing in from and to for a free day"
    if not CLOCK.fullmatch(shift.ends) and shift.ends != "24:00":
        yield "to", f"{shift.ends!a}: expected a time such as 17:00, 24:00 at the latest"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _overlaps(found: Iterable[tuple[int, Shift]]) -> Iterator[str]:
    days: dict[tuple[str, str], list[tuple[int, Shift]]] = defaultdict(list)
    for number, shift in found:
        days[shift.agent_id, shift.day].append((number, shift))
    for of in days.values():
        free = [number for number, shift in of if not shift.begins]
        if free and len(of) > 1:
            yield f"line {free[0]}, from: {of[0][1].agent_id} has shifts on {of[0][1].day} in other lines"
            continue
        ordered = sorted((shift.minutes, number) for number, shift in of) if not free else []
        for ((_, ends), first), ((begins, _), second) in pairwise(ordered):
            if begins < ends:
                yield f"line {second}, from: expected no earlier than the end of the shift in line {first}"


@dataclass(frozen=True, slots=True)
class Week:
    """The weekly shifts of an agent from the day ``since`` on, by weekday from 0, by the clock of ``zone``."""

    since: date
    zone: ZoneInfo
    shifts: Mapping[int, tuple[Shift, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """All of one agent: weeks in the order in which they begin, and the shifts of single dates, which stand for those
    of the week."""

    weeks: tuple[Week, ...] = ()
    dates: Mapping[date, tuple[ZoneInfo, tuple[Shift, ...]]] | None = None

    def spans(self, begin: datetime, end: datetime) -> list[Span]:
        """The times within ``[begin, end)`` in which the agent is to work, in UTC and in order; none overlap."""
        found: list[Span] = []
        day, last = begin.date() - timedelta(days=2), end.date() + timedelta(days=1)
        while day <= last:
            for since, until in sorted(self._of(day)):
                since, until = max(since, begin), min(until, end)
                if found and since < found[-1][1]:
                    since = found[-1][1]
                if since < until:
                    found.append((since, until))
            day += timedelta(days=1)
        return found

    def _of(self, day: date) -> Iterator[Span]:
        zone, shifts = (self.dates or {}).get(day) or self._weekly(day)
        for shift in shifts:
            if shift.begins:
                yield tuple(_at(day, minute, zone) for minute in shift.minutes)  # type: ignore[misc]  # two

    def _weekly(self, day: date) -> tuple[ZoneInfo, tuple[Shift, ...]]:
        week = next((each for each in reversed(self.weeks) if each.since <= day), None)
        return (ZoneInfo("UTC"), ()) if week is None else (week.zone, week.shifts.get(day.weekday(), ()))


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """A time that the clocks skip is as long after midnight as they say; of one that comes twice, the first."""
    days, rest = divmod(minute, DAY_MIN)
    return datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone).astimezone(UTC)
