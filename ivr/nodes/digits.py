"""What is asked of keyed digits: how many, of what pattern, with which check digit. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

MOST = 40
"""Digits of one entry: an IBAN's are 34 at most, and nobody keys more."""

LENGTHS = re.compile(r"([1-9][0-9]?)(?:-([1-9][0-9]?))?\Z")
PART = re.compile(r"(?:[0-9]|\[(?:[0-9](?:-[0-9])?)+\])(?:\{[0-9]{1,2}(?:,[0-9]{1,2})?\}|\?)?")
"""One part of a pattern: a digit or a set of them, as it is, perhaps, or several times. There are no groups and no
endless repeats, so that no pattern takes long to hold against an entry."""
MOST_PARTS = 20
MOST_RANGES = 3
"""Parts that may match in several ways: each multiplies the work, and 40 digits to the third are soon tried."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many digits an entry has."""

    least: int
    most: int

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"{self.least}-{self.most}"


def lengths(value: object) -> Lengths:
    """The lengths of ``6`` or ``"4-10"``.

    Raises:
        ValueError: it is neither, or more than 40.
    """
    match = LENGTHS.match(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if match is not None:
        least, most = int(match[1]), int(match[2] or match[1])
        if least <= most <= MOST:
            return Lengths(least, most)
    raise ValueError(f'expected a number of digits such as 6, or a range such as "4-10", of at most {MOST}')


def pattern(value: object) -> str:
    """``value`` where it is a pattern, such as ``[1-9][0-9]{5}``.

    Raises:
        ValueError: it is none, or takes too long to hold against an entry.
    """
    if not isinstance(value, str) or not value:
        raise ValueError("expected a pattern of digits, such as [1-9][0-9]{5}")
    at, parts, ranges = 0, 0, 0
    while at < len(value):
        part = PART.match(value, at)
        if part is None:
            raise ValueError(
                f"expected a pattern of digits and sets such as [1-9], each perhaps with ? or {{2}} or {{2,4}},"
                f" not {value[at : at + 10]!r}"
            )
        at, parts = part.end(), parts + 1
        ranges += part[0].endswith("?") or "," in part[0]
    if parts > MOST_PARTS or ranges > MOST_RANGES:
        raise ValueError(f"expected at most {MOST_PARTS} parts, of which {MOST_RANGES} with ? or a range")
    try:
        re.compile(value)
    except re.error as problem:
        raise ValueError(f"is no pattern: {problem}") from problem
    return value


def luhn(digits: str) -> bool:
    """True where the last digit is the check digit of those before it. Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def mod97(digits: str) -> bool:
    """True where the number leaves 1 when divided by 97. Source: ISO/IEC 7064, MOD 97-10."""
    return int(digits) % 97 == 1


class CheckDigit(StrEnum):
    """How an entry proves that no digit is wrong."""

    NONE = "none"
    LUHN = "luhn"
    MOD97 = "mod97"


CHECKS: dict[CheckDigit, Callable[[str], bool]] = {
    CheckDigit.NONE: lambda digits: True,
    CheckDigit.LUHN: luhn,
    CheckDigit.MOD97: mod97,
}
