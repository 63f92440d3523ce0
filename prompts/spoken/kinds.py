"""The kinds of values that are spoken, and what is raised where a value is not of its kind."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

Value = str | int | Decimal | float | bool | date | time | datetime
"""What a look-up, a key or the call itself may give."""


class SpokenError(ValueError):
    """A value that cannot be spoken as asked; the message says what it is and what was expected."""


class Kind(StrEnum):
    """How a value is spoken; its value is the word in a text's placeholder."""

    NUMBER = "number"
    """A whole or decimal number: 234, -1.5."""
    ORDINAL = "ordinal"
    """A place in a row, 1 to 999: third."""
    DIGITS = "digits"
    """Each digit by itself; a space or a hyphen is a pause."""
    SPELLED = "spelled"
    """Each letter, digit and sign by its name: a reference, an e-mail address."""
    PHONE = "phone"
    """A telephone number in groups with pauses."""
    DATE = "date"
    """Weekday, day, month and year of a date, or of a date with a time."""
    TIME = "time"
    """Hours and minutes of a time, or of a date with a time."""
    MONEY = "money"
    """An amount of a currency, rounded to its minor unit."""
    DURATION = "duration"
    """A number of seconds, said in days, hours, minutes and seconds."""
    TEXT = "text"
    """Any text. It is not composed of pieces: it is synthesised while the caller waits."""
