"""A day from the words that say it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from ivr.speech.words.numbers import NumberReader
from ivr.speech.words.tongue import Tongue, in_plain, plain

YEARS = range(1900, 2200)
"""Years that a caller may mean: a birth, an appointment."""

_WEEK = 7
_LEAP_GAP = 8
"""Years from one 29 February to the next, at most."""


class DateReader:
    """Reads the days of one language."""

    def __init__(self, tongue: Tongue, numbers: NumberReader) -> None:
        calendar = tongue.calendar
        self._numbers = numbers
        self._digits = {plain(word): digit for word, digit in tongue.digits.items()}
        self._days = in_plain(calendar.days)
        self._months = in_plain(calendar.months)
        self._weekdays = in_plain(calendar.weekdays)
        self._near = in_plain(calendar.near)
        self._coming, self._past, self._filler = calendar.coming, calendar.past, calendar.filler
        self._pairs = calendar.pairs

    def read(self, words: str, today: date) -> date | None:
        """The day that is meant; None where the words name no day, or one that there is not.

        A weekday is the next such day after ``today``, a day without its year the next one from ``today`` on.
        """
        tokens = [token for token in plain(words).split() if token not in self._filler]
        if (ahead := self._near.get(" ".join(tokens))) is not None:
            return today + timedelta(days=ahead)
        named = [token for token in tokens if token in self._weekdays]
        if not named:
            return self._of_month(tokens, today)
        if len(named) > 1:
            return None
        weekday = self._weekdays[named[0]]
        rest = [token for token in tokens if token != named[0]]
        if self._past.intersection(rest) or not rest or self._coming.issuperset(rest):
            return self._of_week(weekday, rest, today)
        found = self._of_month(rest, today)
        return found if found is not None and found.weekday() == weekday else None

    def _of_week(self, weekday: int, rest: list[str], today: date) -> date | None:
        ahead = (weekday - today.weekday() - 1) % _WEEK + 1
        if not rest or self._coming.issuperset(rest):
            return today + timedelta(days=ahead)
        return today + timedelta(days=ahead % _WEEK - _WEEK) if self._past.issuperset(rest) else None

    def _of_month(self, tokens: list[str], today: date) -> date | None:
        for at, token in enumerate(tokens):
            month = self._months.get(token)
            if month is None or (not at and token in self._days):
                continue  # a German ordinal is a month's place too: the day's stands first
            for day_words, year_words in _splits(tokens[:at], tokens[at + 1 :]):
                day = self._days.get(" ".join(day_words))
                if day is None:
                    continue
                if not year_words:
                    return _next(month, day, today)
                if (year := self._year(year_words)) is not None:
                    return _date(year, month, day)
        return None

    def _year(self, tokens: list[str]) -> int | None:
        if all(token in self._digits for token in tokens) and len(tokens) == 4:
            found = int("".join(self._digits[token] for token in tokens))
        else:
            found = self._numbers.read(" ".join(tokens)) or 0
        if found not in YEARS and self._pairs:
            found = self._pair(tokens)
        return found if found in YEARS else None

    def _pair(self, tokens: list[str]) -> int:
        """``nineteen eighty four``, ``twenty oh five``; 0: no year."""
        century = self._numbers.below_hundred(tokens[0])
        rest = tokens[1:]
        if century is None or not rest:
            return 0
        if len(rest) == 2 and self._digits.get(rest[0]) == "0" and rest[1] in self._digits:
            return 100 * century + int(self._digits[rest[1]])
        years = self._numbers.below_hundred(" ".join(rest))
        return 100 * century + years if years is not None and years >= 10 else 0


def _splits(before: list[str], after: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Which words may be the day's and which the year's, around a month."""
    if before:
        yield before, after
        return
    for end in range(len(after), 0, -1):
        yield after[:end], after[end:]


def _next(month: int, day: int, today: date) -> date | None:
    for year in range(today.year, today.year + _LEAP_GAP + 1):
        found = _date(year, month, day)
        if found is not None and found >= today:
            return found
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
