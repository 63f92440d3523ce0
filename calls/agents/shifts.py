"""When agents are to work: shifts by weekday or date with their planned breaks, and the times that they come to.

A shift is from one time of the house's clock to another, past midnight where the second is not later. A planned break
lies within a shift and is of a kind; one that is not paid is no time in which the agent is to work, like the gaps
between shifts. On the night when the clocks are changed a shift is an hour shorter or longer than on others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

ANY_BREAK = "break"
"""The kind of a break that a pause for any reason keeps."""

DAY_MIN = 24 * 60

Span = tuple[datetime, datetime]
Minutes = tuple[int, int]
"""From when to when, in minutes of a day and on into the next."""


@dataclass(frozen=True, slots=True)
class Shift:
    """``day``: one of :data:`WEEKDAYS`, or a date. ``begins`` and ``ends`` are times of the clock, the second
    ``24:00`` at the latest; both "": on that day the agent does not work. ``kind``: of a planned break in a shift of
    the day, the reason for which the agent is to pause or :data:`ANY_BREAK`; "": it is a shift."""

    agent_id: str
    day: str
    begins: str = ""
    ends: str = ""
    kind: str = ""
    paid: bool = True

    @property
    def is_weekly(self) -> bool:
        """Whether it comes each week."""
        return self.day in WEEKDAYS

    @property
    def minutes(self) -> Minutes:
        """From when to when, in minutes of the day on which it begins."""
        begin, end = _minutes(self.begins), _minutes(self.ends)
        return begin, end if end > begin else end + DAY_MIN


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def placed(rest: Shift, shifts: Iterable[Shift]) -> Minutes | None:
    """When a break is, in minutes of the day on which its shift begins; None: it lies in none of the shifts."""
    begin, end = rest.minutes
    for shift in shifts:
        first, last = shift.minutes
        for ahead in (0, DAY_MIN):
            if first <= begin + ahead and end + ahead <= last:
                return begin + ahead, end + ahead
    return None


@dataclass(frozen=True, slots=True)
class Week:
    """The weekly shifts of an agent, with their breaks, from the day ``since`` on, by weekday from 0, by the clock of
    ``zone``."""

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
        """The times within ``[begin, end)`` in which the agent is to work or to have a paid break, in UTC and in
        order; none overlap."""
        parts = list(self._parts(begin, end))
        unpaid = [span for kind, paid, span in parts if kind and not paid]
        return list(without(_apart(span for kind, _, span in parts if not kind), unpaid))

    def breaks(self, begin: datetime, end: datetime) -> list[tuple[str, Span]]:
        """The paid breaks within ``[begin, end)``, in UTC and in order, with their kinds; none overlap."""
        found: list[tuple[str, Span]] = []
        paid = ((span, kind) for kind, is_paid, span in self._parts(begin, end) if kind and is_paid)
        for (since, until), kind in sorted(paid):
            since = max(since, found[-1][1][1]) if found else since
            if since < until:
                found.append((kind, (since, until)))
        return found

    def on(self, day: date) -> tuple[ZoneInfo, tuple[Shift, ...]]:
        """What is planned for a day, with its breaks, and by whose clock."""
        return (self.dates or {}).get(day) or self._weekly(day)

    def week(self, day: date) -> Week | None:
        """The weekly shifts that hold on a day, where no date stands for them; None: there are none."""
        return next((each for each in reversed(self.weeks) if each.since <= day), None)

    def _parts(self, begin: datetime, end: datetime) -> Iterator[tuple[str, bool, Span]]:
        """Shifts and breaks that have a part of ``[begin, end)``, cut off at its ends: kind, whether paid, span."""
        day, last = begin.date() - timedelta(days=2), end.date() + timedelta(days=1)
        while day <= last:
            zone, planned = self.on(day)
            shifts = [each for each in planned if each.begins and not each.kind]
            for each in planned:
                minutes = None if not each.begins else placed(each, shifts) if each.kind else each.minutes
                if minutes is not None:
                    since, until = (_at(day, minute, zone) for minute in minutes)
                    since, until = max(since, begin), min(until, end)
                    if since < until:
                        yield each.kind, each.paid, (since, until)
            day += timedelta(days=1)

    def _weekly(self, day: date) -> tuple[ZoneInfo, tuple[Shift, ...]]:
        week = self.week(day)
        return (ZoneInfo("UTC"), ()) if week is None else (week.zone, week.shifts.get(day.weekday(), ()))


def _apart(spans: Iterable[Span]) -> Iterator[Span]:
    """In order, what overlaps once: a night's shift may reach into that of the morning."""
    over: datetime | None = None
    for since, until in sorted(spans):
        since = since if over is None else max(since, over)
        if since < until:
            yield since, until
            over = until


def without(spans: Iterable[Span], holes: Iterable[Span]) -> Iterator[Span]:
    """The parts of spans that are in no hole; both in order."""
    cut = sorted(holes)
    for since, until in spans:
        for begin, end in cut:
            if begin < until and since < end:
                if since < begin:
                    yield since, begin
                since = max(since, end)
        if since < until:
            yield since, until


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """A time that the clocks skip is as long after midnight as they say; of one that comes twice, the first."""
    days, rest = divmod(minute, DAY_MIN)
    return datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone).astimezone(UTC)
