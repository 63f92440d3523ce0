"""The hours where the person may be: invariant I2, with arithmetic of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from dialer.proof.evidence import Attempt, Evidence
from dialer.proof.finding import Breach, Finding, Unproved
from dialer.proof.law import Law

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def judged(evidence: Evidence) -> Iterator[Finding]:
    """Attempts that were begun or dialled outside the hours of a zone."""
    for attempt in evidence.own:
        rules = evidence.rules(attempt)
        if rules is None or not attempt.sent or Law(rules).preset["hours"] is None:
            continue
        if attempt.zones is None:
            yield Unproved(attempt.attempt_id, "I2", "the zones whose hours were looked at are not kept")
            continue
        if not attempt.zones:
            yield Breach(attempt.attempt_id, "I2", "no time zone is known, and the preset has hours")
        yield from _hours(attempt, Law(rules))


def _hours(attempt: Attempt, law: Law) -> Iterator[Finding]:
    moments = {"begun": attempt.at}
    if attempt.call is not None:
        moments["dialled"] = max(attempt.at, attempt.call.started_at)
    for what, at in moments.items():
        for zone in attempt.zones or ():
            why = closed(at, zone, law)
            if why:
                yield Breach(attempt.attempt_id, "I2", f"{what} {at.isoformat()}: {why}")


def closed(at: datetime, zone: str, law: Law) -> str:
    """Why it is closed there then; "": it is open."""
    try:
        local = at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return f"{zone} is no time zone"
    shown = f"{local:%A %Y-%m-%d %H:%M:%S} in {zone}"
    country = law.preset["holidays"]
    if country and local.date() in _holidays(country, local.year):
        return f"{shown} is a holiday of {country}"
    minute = local.hour * 60 + local.minute
    spans = [
        span for days, text in law.preset["hours"].items() if local.weekday() in _days(days) for span in _spans(text)
    ]
    return "" if any(begin <= minute < end for begin, end in spans) else f"{shown} is outside the hours"


@lru_cache(maxsize=256)
def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        begin, end = WEEK.index(first), WEEK.index(last or first)
        found |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return frozenset(found)


@lru_cache(maxsize=256)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    """Minutes of the day, from and to before."""
    if text == "closed":
        return ()
    pairs = (part.strip().split("-") for part in text.split(","))
    return tuple((_minute(begin), _minute(end)) for begin, end in pairs)


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> frozenset[date]:
    """Of the country, and of any of its states."""
    states = (None, *holidays.country_holidays(country).subdivisions)
    return frozenset(day for state in states for day in holidays.country_holidays(country, subdiv=state, years=year))
