"""Weekly hours in a time zone: when a line is open, when a person may be called.

Everything is asked at an instant (an aware datetime) and answered by the wall clock of the zone's IANA rules at that
instant; no offset is kept and no HHMM numbers are added. In the hour that the clock repeats in autumn, a window that
holds its wall time is open both times; in the hour that it leaves out in spring nothing is open because nothing is.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
SEARCH_DAYS = 400
"""How far ahead the next opening is looked for: past a year, so that a yearly override is found."""

_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))\Z")


class HoursProblem(ValueError):
    """Hours that cannot be read. ``key`` is the entry at fault, ``reason`` says what was expected."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self.reason = reason
        super().__init__(f"{key}: {reason}")


@dataclass(frozen=True, slots=True)
class Window:
    """From ``begin`` to before ``end`` by the wall clock; ``end`` None is midnight. An ``end`` that is not after
    ``begin`` lies on the next day, and the window belongs to the day on which it begins."""

    begin: time
    end: time | None

    def holds_today(self, wall: time) -> bool:
        """True where the wall time is in it on the day on which it begins."""
        if self.begin > wall:
            return False
        return self.end is None or self.end <= self.begin or wall < self.end

    def holds_next_day(self, wall: time) -> bool:
        """True where the wall time is in the part of it that lies on the day after."""
        return self.end is not None and self.end <= self.begin and wall < self.end


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Windows by weekday (Monday first) in a zone, other windows on some dates, and the closed days of a country."""

    zone: ZoneInfo
    week: tuple[tuple[Window, ...], ...]
    on_dates: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)
    country: str | None = None
    region: str | None = None

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The windows that begin on ``day``: those of the date, none on a holiday, else those of the weekday."""
        if day in self.on_dates:
            return self.on_dates[day]
        if self._is_holiday(day):
            return ()
        return self.week[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        """True where the wall clock of the zone is inside a window at the instant ``at`` (aware)."""
        local = _aware(at).astimezone(self.zone)
        today, wall = local.date(), local.time()
        return any(window.holds_today(wall) for window in self.windows_on(today)) or any(
            window.holds_next_day(wall) for window in self.windows_on(today - DAY)
        )

    def is_holiday(self, at: datetime) -> bool:
        """True where the date of the zone is a holiday that no entry of ``on_dates`` goes before."""
        today = _aware(at).astimezone(self.zone).date()
        return today not in self.on_dates and self._is_holiday(today)

    def next_open(self, at: datetime) -> datetime | None:
        """The first instant from ``at`` on that is open (UTC); None where there is none within 400 days."""
        if self.is_open(at):
            return at.astimezone(UTC)
        today = at.astimezone(self.zone).date()
        for ahead in range(SEARCH_DAYS):
            candidates = sorted(set(self._beginnings(today + DAY * ahead)))
            found = next((each for each in candidates if each > at and self.is_open(each)), None)
            if found is not None:
                return found
        return None

    def _is_holiday(self, day: date) -> bool:
        return self.country is not None and day in _holidays(self.country, self.region)

    def _beginnings(self, day: date) -> Iterator[datetime]:
        """The instants of ``day`` at which it may open: beginnings of windows, midnight, changes of the clock."""
        midnight = Window(time(0), None)
        for window in (*self.windows_on(day), midnight):
            for fold in (0, 1):
                yield datetime.combine(day, window.begin.replace(fold=fold), self.zone).astimezone(UTC)
        yield from _clock_changes(day, self.zone)

    def in_zone(self, zone: str) -> WeeklyHours:
        """The same hours by another zone's wall clock.

        Raises:
            HoursProblem: no such zone in the time zone data.
        """
        return replace(self, zone=time_zone(zone))


def open_in_all(windows: WeeklyHours, zones: Sequence[str], at: datetime) -> bool:
    """True where ``windows`` are open by the wall clock of every zone. False without a zone, or with an unknown one:
    who may not be called at night is then not called at all."""
    try:
        return bool(zones) and all(windows.in_zone(zone).is_open(at) for zone in zones)
    except HoursProblem:
        return False


def next_open_in_all(windows: WeeklyHours, zones: Sequence[str], at: datetime) -> datetime | None:
    """The first instant from ``at`` on that is open in every zone (UTC); None where there is none to be found."""
    try:
        each = [windows.in_zone(zone) for zone in zones]
    except HoursProblem:
        return None
    limit = at + DAY * SEARCH_DAYS
    instant = at if each else limit
    while instant < limit:
        opens = [hours.next_open(instant) for hours in each]
        known = [one for one in opens if one is not None]
        if len(known) < len(opens):
            return None
        latest = max(known)
        if all(hours.is_open(latest) for hours in each):
            return latest
        instant = latest
    return None


# --- reading ----------------------------------------------------------------------------------------------------


def parse(
    data: Mapping[str, str],
    zone: str,
    on_dates: Mapping[str, str] | None = None,
    country: str | None = None,
    region: str | None = None,
) -> WeeklyHours:
    """Hours from data: ``{"mon-fri": "09:00-12:00, 13:00-17:00", "sat": "10:00-14:00", "sun": "closed"}``.

    A day that is not named is closed; ``24:00`` is the end of the day; ``22:00-02:00`` goes on into the next day.
    ``on_dates`` (``{"2025-12-24": "09:00-12:00"}``) goes before holidays, and those before the week. ``country``
    (ISO 3166, ``"DE"``) and ``region`` (``"BY"``) name the holidays on which it is closed.

    Raises:
        HoursProblem: names the entry and what was expected.
    """
    week: list[tuple[Window, ...] | None] = [None] * len(DAYS)
    for key, text in data.items():
        for day in _days(key):
            if week[day] is not None:
                raise HoursProblem(key, f"{DAYS[day]} is named twice")
            week[day] = _windows(key, text)
    dates = {_date(key): _windows(key, text) for key, text in (on_dates or {}).items()}
    if country is not None:
        _refuse_unknown(country, region)
    elif region is not None:
        raise HoursProblem("region", "a region without a country: name the country")
    return WeeklyHours(time_zone(zone), tuple(day or () for day in week), dates, country, region)


def _days(key: str) -> Iterator[int]:
    for part in key.split(","):
        first, dash, last = part.strip().lower().partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise HoursProblem(key, f"expected days such as mon, mon-fri or mon,wed of {', '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        yield from ((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _windows(key: str, text: str) -> tuple[Window, ...]:
    if text.strip().lower() == "closed":
        return ()
    return tuple(_window(key, part.strip()) for part in text.split(","))


def _window(key: str, text: str) -> Window:
    found = _WINDOW.match(text)
    if found is None:
        raise HoursProblem(key, f'expected windows such as "09:00-12:00, 13:00-17:00" or "closed", found {text!r}')
    begin = time(int(found[1]), int(found[2]))
    return Window(begin, None if found[5] else time(int(found[3]), int(found[4])))


def _date(key: str) -> date:
    try:
        return date.fromisoformat(key)
    except ValueError as problem:
        raise HoursProblem(key, "expected a date such as 2025-12-24") from problem


@lru_cache(maxsize=1024)
def time_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        HoursProblem: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise HoursProblem("zone", f"{name!r} is no time zone: expected a name such as Europe/Berlin") from problem


# --- holidays and clock changes ---------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _holidays(country: str, region: str | None) -> holidays.HolidayBase:
    return holidays.country_holidays(country, subdiv=region)


def _refuse_unknown(country: str, region: str | None) -> None:
    try:
        _holidays(country, region)
    except NotImplementedError as problem:
        place = country if region is None else f"{country}, {region}"
        raise HoursProblem(
            "country", f"no holidays are known for {place}: expected codes such as DE and BY"
        ) from problem


def _clock_changes(day: date, zone: ZoneInfo) -> Iterable[datetime]:
    """The instants on ``day`` at which the zone's offset changes; at most one a day is looked for."""
    early = datetime.combine(day, time(0), UTC) - DAY
    late = early + DAY * 3
    step = early
    changes: list[datetime] = []
    while step < late:
        then = min(step + timedelta(hours=12), late)
        if _offset(step, zone) != _offset(then, zone):
            changes.append(_change_between(step, then, zone))
        step = then
    return [each for each in changes if each.astimezone(zone).date() == day]


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second with the offset of ``after``."""
    offset = _offset(after, zone)
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(middle, zone) == offset:
            after = middle
        else:
            before = middle
    return after


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time without a time zone names no instant")
    return at
