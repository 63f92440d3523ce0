"""What an entry must be, keyed or said: how long, of what pattern, with which check digit, a day. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from ivr.nodes.digits import CHECKS, CheckDigit, Lengths
from ivr.speech.expected import SpokenKind

KEYED_DATE = Lengths(8, 8)
"""A date is keyed as year, month and day: ``20261201``."""


class Spoken(StrEnum):
    """How an entry is said."""

    DIGITS = SpokenKind.DIGITS.value
    NUMBER = SpokenKind.NUMBER.value
    DATE = SpokenKind.DATE.value
    SPELLED = SpokenKind.SPELLED.value


@dataclass(frozen=True, slots=True)
class Rules:
    """What an entry must be. ``spoken``: None where it is keyed only."""

    length: Lengths
    pattern: str | None = None
    check_digit: CheckDigit = CheckDigit.NONE
    spoken: Spoken | None = None

    def problem(self, entry: str) -> str:
        """What is wrong with ``entry``, in a word; "" where nothing is."""
        match self.spoken:
            case Spoken.DATE:
                return "" if as_date(entry) is not None else "date"
            case Spoken.SPELLED:
                fits = entry.isascii() and entry.isalnum() and self._is_long_enough(entry)
                return "" if fits else "length"
            case _:
                return self._of_digits(entry)

    def value(self, entry: str) -> str:
        """What the variable takes of an entry that has no problem."""
        day = as_date(entry) if self.spoken is Spoken.DATE else None
        return entry if day is None else day.isoformat()

    def _of_digits(self, entry: str) -> str:
        if not (entry.isascii() and entry.isdecimal() and self._is_long_enough(entry)):
            return "length"
        if self.pattern is not None and re.fullmatch(self.pattern, entry) is None:
            return "pattern"
        return "" if CHECKS[self.check_digit](entry) else "check_digit"

    def _is_long_enough(self, entry: str) -> bool:
        return self.length.least <= len(entry) <= self.length.most


def as_date(entry: str) -> date | None:
    """The day of ``20261201``, as it is keyed, or of ``2026-12-01``; None: it is none."""
    for form in ("%Y%m%d", "%Y-%m-%d"):
        try:
            day = datetime.strptime(entry, form).date()  # noqa: DTZ007 - a day is a day in every zone
        except ValueError:
            continue
        if day.strftime(form) == entry:
            return day
    return None
