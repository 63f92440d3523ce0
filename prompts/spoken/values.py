"""What a look-up, a key or a call gives, read as what its kind is: texts are taken where they are exact."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import NoReturn

from prompts.spoken.kinds import SpokenError, Value
from prompts.spoken.numbers import MAX

MAX_DECIMALS = 6
"""Digits after the point that somebody can follow; what has more of them was divided, or is a float's noise."""

YEARS = range(1_000, 3_000)
"""Years that are said: others are rather a mistake than an appointment."""

_LONGEST = 40
"""Characters of the longest text that is a number, a date or a time."""

_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?\Z")


def number_of(value: Value) -> Decimal:
    """A number from -:data:`MAX` to :data:`MAX`, rounded to :data:`MAX_DECIMALS` decimals where it has more.

    Raises:
        SpokenError: it is none, or too great.
    """
    match value:
        case bool() | date() | time():
            raise SpokenError(f"{_shown(value)} is not a number")
        case int() | Decimal() | float():
            number = Decimal(value)
        case str():
            text = value.strip()
            if _DECIMAL.match(text) is None:
                raise SpokenError(f"{_shown(value)} is not a number; expected digits such as 12 or -12.50")
            number = Decimal(text)
    if not number.is_finite() or abs(number) > MAX:
        raise SpokenError(f"{_shown(value)} is not a number between -{MAX} and {MAX}")
    exact = number.as_tuple().exponent
    assert isinstance(exact, int)  # it is finite
    return number if -exact <= MAX_DECIMALS else _rounded(number)


def whole_of(value: Value) -> int:
    """A whole number; ``3.0`` is one.

    Raises:
        SpokenError: it is none.
    """
    number = number_of(value)
    if number != number.to_integral_value():
        raise SpokenError(f"{_shown(value)} is not a whole number")
    return int(number)


def text_of(value: Value) -> str:
    """Signs to be said one by one.

    Raises:
        SpokenError: it is neither text nor a whole number of zero or more.
    """
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool) and value >= 0:
            return str(value) if value <= MAX else _refused(value, "signs to be said one by one")
        case _:
            return _refused(value, "signs to be said one by one; give it as text")


def date_of(value: Value) -> date:
    """A day from the year 1000 to 2999, from a date, a date with a time, or ISO 8601.

    Raises:
        SpokenError: it is none.
    """
    match value:
        case date():  # a datetime is one
            found = value
        case str() if (read := _iso(value)) is not None:
            found = read
        case _:
            _refused(value, "a date; expected such as 2026-12-01")
    if found.year not in YEARS:
        raise SpokenError(f"the year {found.year} is not between {YEARS[0]} and {YEARS[-1]}")
    return found


def time_of(value: Value) -> time:
    """A time of day as its own clock shows it, from a time, a date with a time, or ISO 8601.

    Raises:
        SpokenError: it is none.
    """
    match value:
        case time():
            return value
        case datetime():
            return value.time()
        case str():
            text = value.strip()[:_LONGEST]
            try:
                return time.fromisoformat(text)
            except ValueError:
                read = _iso(text)
                if isinstance(read, datetime):
                    return read.time()
    return _refused(value, "a time; expected such as 14:30")


def seconds_of(value: Value) -> int:
    """A number of seconds, rounded to whole ones.

    Raises:
        SpokenError: it is no number.
    """
    return round(number_of(value))


def _iso(text: str) -> date | datetime | None:
    """A day, or a day with a time where the text has one."""
    text = text.strip()[: _LONGEST + 1]
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _rounded(number: Decimal) -> Decimal:
    """``0.1 + 0.2`` is 0.3: what binary fractions add is not said."""
    short = round(number, MAX_DECIMALS)
    whole = short.to_integral_value()
    return whole if short == whole else short.normalize()


def _refused(value: Value, expected: str) -> NoReturn:
    raise SpokenError(f"{_shown(value)} is not {expected}")


def _shown(value: Value) -> str:
    """``value`` for a message: short, control characters escaped."""
    shown = repr(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
