"""Dates and times of day in figures: the parts that languages share."""

from __future__ import annotations

import re
from datetime import date, time

from prompts.aloud import saying
from prompts.aloud.context import previous_word
from prompts.aloud.language import Read, Rule, Wording
from prompts.spoken.values import YEARS

_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?![\w-])")
_LEAP = 2024
"""A year that has every day, for a date without one."""

_CENTURY = 2000
"""Of a year in two figures: prompts speak of what is to come."""


def iso_date(wording: Wording, text: str, at: int) -> Read | None:
    """``2026-12-01``."""
    return _dated(wording, text, at, _ISO.match(text, at))


def figures(pattern: str) -> Rule:
    """A rule for dates whose groups ``day``, ``month`` and ``year`` are figures."""
    compiled = re.compile(pattern + r"(?![\w/])")

    def rule(wording: Wording, text: str, at: int) -> Read | None:
        return _dated(wording, text, at, compiled.match(text, at))

    return rule


def clock(pattern: str, wholly: bool = False) -> Rule:
    """A rule for times of the 24-hour clock, in the groups ``hour`` and ``minute``. ``wholly``: minutes may lack."""
    compiled = re.compile(pattern + r"(?![\w:])")

    def rule(wording: Wording, text: str, at: int) -> Read | None:
        found = compiled.match(text, at)
        if found is None or (found["minute"] is None and not wholly):
            return None
        hour, minute = int(found["hour"]), int(found["minute"] or 0)
        if hour > 24 or minute > 59:
            return None
        keys = wording.spoken.time_keys(time(hour % 24, minute))
        return Read(saying.said(wording.spoken, keys), found.end())

    return rule


def year_of(figures: str) -> int:
    """A year in four figures or two."""
    return int(figures) if len(figures) == 4 else _CENTURY + int(figures)


def _dated(wording: Wording, text: str, at: int, found: re.Match[str] | None) -> Read | None:
    if found is None or (at and (text[at - 1].isalnum() or text[at - 1] in "-/.")):
        return None
    year = found["year"]
    day = _day(year_of(year) if year else _LEAP, int(found["month"]), int(found["day"]))
    if day is None:
        return None
    words = wording.day_words(day, previous_word(text, at).casefold())
    return Read(f"{words} {wording.year_words(day.year)}" if year else words, found.end())


def _day(year: int, month: int, day: int) -> date | None:
    """The date; where there is none such, that with day and month exchanged."""
    for first, second in ((month, day), (day, month)):
        try:
            found = date(year, first, second)
        except ValueError:
            continue
        return found if found.year in YEARS else None
    return None
