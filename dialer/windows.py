"""Over which stretch of time abandoned calls are counted: the last so many days, or a calendar month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MONTHS_AHEAD = 24
"""Ends of months that are told in advance: longer than a campaign runs without being started anew."""

LONGEST_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """From the first of the month to its end, by the wall clock of an IANA zone."""

    zone: str


CapWindow = timedelta | CalendarMonth
"""A stretch that slides with the time, or calendar months."""


def begin(window: CapWindow, now: datetime) -> datetime:
    """Since when calls count ``now`` (aware); UTC."""
    if isinstance(window, timedelta):
        return now.astimezone(UTC) - window
    local = now.astimezone(ZoneInfo(window.zone))
    return _first_of(local.year, local.month, window).astimezone(UTC)


def resets_s(window: CapWindow, now: datetime) -> tuple[float, ...]:
    """In how many seconds from ``now`` the count begins anew, the next first; none where it slides."""
    if isinstance(window, timedelta):
        return ()
    local = now.astimezone(ZoneInfo(window.zone))
    months = (local.month + ahead for ahead in range(MONTHS_AHEAD))  # January is 0 here: the next month's number
    firsts = (_first_of(local.year + month // 12, month % 12 + 1, window) for month in months)
    return tuple((first - now).total_seconds() for first in firsts)


def longest(window: CapWindow) -> timedelta:
    """No call that is older counts."""
    return window if isinstance(window, timedelta) else LONGEST_MONTH


def in_words(window: CapWindow) -> str:
    """For a table of rules."""
    if isinstance(window, CalendarMonth):
        return "a calendar month"
    return f"{window.days} days" if window.days > 1 and not window.seconds else f"{window.total_seconds() / 3600:g} h"


def _first_of(year: int, month: int, window: CalendarMonth) -> datetime:
    return datetime(year, month, 1, tzinfo=ZoneInfo(window.zone)).astimezone(UTC)
