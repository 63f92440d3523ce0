"""What a language has to say digits, numbers, days and letters with. Tables only; the reading is beside them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Numerals:
    """The words of whole numbers.

    ``hundreds`` are 100 to 900; ``centuries`` hundreds of more than nine (twelve hundred), which stand without a
    thousand. ``glued``: numbers are written as one word (German). ``joiner`` may stand between two parts and
    changes nothing. ``bare_thousand``: a thousand stands without its one (French ``mille``).
    """

    below_hundred: Mapping[str, int]
    hundreds: Mapping[str, int]
    centuries: Mapping[str, int]
    thousand: frozenset[str]
    million: frozenset[str]
    joiner: str
    glued: bool = False
    bare_thousand: bool = True


@dataclass(frozen=True, slots=True)
class Calendar:
    """The words of days.

    ``days`` are the places in a month, 1 to 31; ``months`` by their number, in German a place too; ``weekdays`` by
    their number, Monday 0; ``near`` the days that are so many from today. ``coming`` and ``past`` stand beside a
    weekday; ``filler`` stands anywhere and changes nothing. ``pairs``: a year is said in two halves too (nineteen
    eighty four).
    """

    days: Mapping[str, int]
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    near: Mapping[str, int]
    coming: frozenset[str]
    past: frozenset[str]
    filler: frozenset[str]
    pairs: bool = False


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language. ``times`` are the words that repeat the digit or letter after them (double); ``letters`` give a
    capital letter each, and may be of two words."""

    digits: Mapping[str, str]
    times: Mapping[str, int]
    letters: Mapping[str, str]
    numerals: Numerals
    calendar: Calendar


def plain(words: str) -> str:
    """``words`` as they are compared: lower case, hyphens as spaces, single spaces."""
    return " ".join(unicodedata.normalize("NFC", words.lower()).replace("-", " ").split())


def alphabet(*lines: str) -> dict[str, str]:
    """Names of letters from lines that have one each from A to Z."""
    return {
        name: letter
        for line in lines
        for name, letter in zip(line.split(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=True)
    }


def numbered(names: str, first: int) -> dict[str, int]:
    """``names``, with spaces between, numbered from ``first``."""
    return {name: place for place, name in enumerate(names.split(), first)}


def in_plain(table: Mapping[str, int]) -> dict[str, int]:
    """``table`` with its words as they are compared.

    Raises:
        ValueError: two words of it that mean different things would be compared as one.
    """
    found: dict[str, int] = {}
    for words, value in table.items():
        if found.setdefault(plain(words), value) != value:
            raise ValueError(f"{words!r} means {found[plain(words)]} and {value}")
    return found


def words_of(*tables: Iterable[str]) -> frozenset[str]:
    """The single words of the keys of ``tables``, as a model's dictionary has them."""
    return frozenset(word for table in tables for phrase in table for word in phrase.replace("-", " ").split())


NATO = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo"
    " sierra tango uniform victor whiskey x-ray yankee zulu"
)
"""Source: ICAO Annex 10, volume II, 5.2.1.3, as it is pronounced in every language."""
