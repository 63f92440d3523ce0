"""What a flow's variables hold: text, whole and decimal numbers, true and false, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

Value = str | int | Decimal | bool | None
Values = Mapping[str, Value]

MAX_TEXT = 2_000
"""Characters of one text; what a caller keys and what a look-up gives is far shorter."""
MAX_NUMBER = 10**15
"""Numbers reach from minus to plus this."""
MAX_PLACES = 100
"""Digits behind the point. Far more than any price or rate has; what is written out stays short."""

Number = int | Decimal


class BadValue(ValueError):
    """A value that no variable can hold."""


def checked(value: object) -> Value:
    """``value`` as a variable can hold it; a float becomes the decimal number that it is written as.

    Raises:
        BadValue: it is too long or too large, or of another kind (a list, a mapping).
    """
    match value:
        case None | bool():
            return value
        case float():
            return checked(Decimal(repr(value)))
        case Decimal() if not value.is_finite():
            raise BadValue("expected a number, not an endless one")
        case int() | Decimal():
            if not -MAX_NUMBER <= value <= MAX_NUMBER:
                raise BadValue(f"a number is at most {MAX_NUMBER}")
            if isinstance(value, Decimal) and _places(value) > MAX_PLACES:
                raise BadValue(f"a number has at most {MAX_PLACES} digits behind the point")
            return value
        case str():
            if len(value) > MAX_TEXT:
                raise BadValue(f"a text has at most {MAX_TEXT} characters, and this has {len(value)}")
            return value
        case _:
            raise BadValue(f"expected a text, a number, true, false or nothing, not {type(value).__name__}")


def is_number(value: Value) -> bool:
    """True for numbers; true and false are none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def in_words(value: Value) -> str:
    """``value`` as text: nothing is "", true and false are written so, 2.50 stays 2.50."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
