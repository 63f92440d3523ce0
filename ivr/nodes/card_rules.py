"""What digits a payment card may have. Pure."""

from __future__ import annotations

from datetime import date

from ivr.nodes.digits import luhn

SHORTEST, LONGEST = 12, 19
"""Digits of a card's number. Source: ISO/IEC 7812-1."""

CODES = (3, 4)
"""Digits of a security code."""

AHEAD_YEARS = 20
"""A card that says it is good for longer was keyed wrongly."""


def is_number(digits: str) -> bool:
    """True where a card may have this number."""
    return (
        digits.isascii()
        and digits.isdecimal()
        and SHORTEST <= len(digits) <= LONGEST
        and bool(int(digits))
        and luhn(digits)
    )


def is_good(expiry: str, today: date) -> bool:
    """True where ``expiry``, as MMYY, is a month that is not over: a card is good to the end of its month."""
    if len(expiry) != 4 or not (expiry.isascii() and expiry.isdecimal()) or not 1 <= int(expiry[:2]) <= 12:
        return False
    year, month = 2000 + int(expiry[2:]), int(expiry[:2])
    return (today.year, today.month) <= (year, month) <= (today.year + AHEAD_YEARS, today.month)
