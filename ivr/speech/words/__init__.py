"""Digits, numbers, days and codes: the words of a language that say them, and the value of what was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

from ivr.speech.expected import SpokenKind
from ivr.speech.words.dates import DateReader
from ivr.speech.words.english import ENGLISH
from ivr.speech.words.french import FRENCH
from ivr.speech.words.german import GERMAN
from ivr.speech.words.numbers import NumberReader
from ivr.speech.words.spanish import SPANISH
from ivr.speech.words.tongue import Tongue, plain, words_of

TONGUES: Mapping[str, Tongue] = {"en": ENGLISH, "de": GERMAN, "es": SPANISH, "fr": FRENCH}
"""By the language without its region."""


def tongue_of(language: str) -> Tongue | None:
    """The tables of ``language``, whatever its region; None: there are none."""
    return TONGUES.get(_code(language))


def _code(language: str) -> str:
    return language.partition("-")[0]


def vocabulary(kind: SpokenKind, language: str) -> frozenset[str]:
    """Every word that can say something of ``kind``.

    None for a choice and for free speech, and where the language has no tables.
    """
    tongue = tongue_of(language)
    if tongue is None:
        return frozenset()
    numerals, calendar = tongue.numerals, tongue.calendar
    joiner = [numerals.joiner] if numerals.joiner else []
    numbers = (numerals.below_hundred, numerals.hundreds, numerals.thousand, numerals.million, joiner)
    match kind:
        case SpokenKind.DIGITS:
            return words_of(tongue.digits, tongue.times)
        case SpokenKind.NUMBER:
            return words_of(*numbers)
        case SpokenKind.SPELLED:
            return words_of(tongue.digits, tongue.times, tongue.letters)
        case SpokenKind.DATE:
            return words_of(
                *(*numbers, tongue.digits),
                *(calendar.days, calendar.months, calendar.weekdays, calendar.near),
                *(calendar.coming, calendar.past, calendar.filler),
            )
        case SpokenKind.CHOICE | SpokenKind.FREE:
            return frozenset()


def value_of(kind: SpokenKind, language: str, words: str, today: date) -> str | None:
    """What ``words`` say; None where they say nothing of ``kind``, or the language has no tables.

    Digits as they would be keyed, a number's digits, an ISO date, a code in capital letters; for free speech the
    words. A choice is none of this: see :mod:`ivr.speech.meaning`.
    """
    tongue, code = tongue_of(language), _code(language)
    if kind is SpokenKind.FREE:
        return words or None
    if tongue is None or not words.strip():
        return None
    match kind:
        case SpokenKind.DIGITS:
            return _spelled(words, tongue.digits, tongue.times)
        case SpokenKind.SPELLED:
            return _spelled(words, {**tongue.digits, **tongue.letters}, tongue.times)
        case SpokenKind.NUMBER:
            return _number(words, tongue, _numbers(code))
        case SpokenKind.DATE:
            found = _dates(code).read(words, today)
            return None if found is None else found.isoformat()
        case SpokenKind.CHOICE:
            return None


def _spelled(words: str, signs: Mapping[str, str], times: Mapping[str, int]) -> str | None:
    """The signs that the words name one by one, those after a word of ``times`` so many times."""
    known = {plain(name): sign for name, sign in signs.items()}
    tokens = plain(words).split()
    found: list[str] = []
    count, at = 1, 0
    while at < len(tokens):
        pair, one = " ".join(tokens[at : at + 2]), tokens[at]
        if pair != one and pair in known:
            sign, taken = known[pair], 2
        elif one in known:
            sign, taken = known[one], 1
        elif one in times and count == 1:
            count, at = times[one], at + 1
            continue
        else:
            return None
        found.append(sign * count)
        count, at = 1, at + taken
    return "".join(found) if count == 1 else None


def _number(words: str, tongue: Tongue, reader: NumberReader) -> str | None:
    """As it is said, or its digits one by one."""
    value = reader.read(words)
    if value is None:
        digits = _spelled(words, tongue.digits, tongue.times)
        value = int(digits) if digits is not None and len(digits) > 1 else None
    return None if value is None else str(value)


@cache
def _numbers(code: str) -> NumberReader:
    return NumberReader(TONGUES[code].numerals)


@cache
def _dates(code: str) -> DateReader:
    return DateReader(TONGUES[code], _numbers(code))
