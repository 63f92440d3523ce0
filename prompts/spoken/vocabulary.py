"""All the pieces that values of some kinds can ever need: they are rendered before anybody calls."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from datetime import date, time, timedelta
from types import MappingProxyType
from typing import assert_never

from prompts.spoken import amounts, characters, numbers
from prompts.spoken.kinds import Kind
from prompts.spoken.language import PAUSE, PREFIX, Form, Language
from prompts.spoken.languages import LANGUAGES, language_of
from prompts.spoken.values import YEARS

_DIGITS = tuple(f"{PREFIX}{digit}" for digit in range(10))
_GROUPS = (1, 10**3, 10**6, 10**9)
"""Hundreds times each of these go through every scale of every language."""


def vocabulary(
    language: str, kinds: Collection[Kind], currencies: Collection[str] | None = None
) -> Mapping[str, str]:
    """Key and text of every piece that values of ``kinds`` can need; the text of a pause is empty: it is silence.

    ``currencies`` are those that amounts of money may be of; None for all that are known.

    Raises:
        SpokenError: the language or a currency is not known.
    """
    known = language_of(language)
    codes = frozenset(known.currencies if currencies is None else currencies)
    for code in codes:
        amounts.currency_of(known, code)
    return _vocabulary(known.code, frozenset(kinds), codes)


@functools.cache
def _vocabulary(code: str, kinds: frozenset[Kind], currencies: frozenset[str]) -> Mapping[str, str]:
    language = LANGUAGES[code]
    texts = piece_texts(code)
    keys = dict.fromkeys(key for kind in sorted(kinds) for key in _keys(language, kind, currencies))
    return MappingProxyType({key: texts[key] for key in keys})


@functools.cache
def piece_texts(code: str) -> Mapping[str, str]:
    """Every piece of a language and its text."""
    language = LANGUAGES[code]
    return {
        **numbers.number_texts(language),
        **characters.character_texts(language),
        **amounts.amount_texts(language),
        **language.date_texts(),
        **language.time_texts(),
    }


def _keys(language: Language, kind: Kind, currencies: frozenset[str]) -> Iterator[str]:
    """What values of ``kind`` need, some of it more than once."""
    match kind:
        case Kind.NUMBER:
            yield from (numbers.MINUS, numbers.POINT, *_cardinals(language, Form.ALONE))
        case Kind.ORDINAL:
            for place in range(1, numbers.MAX_ORDINAL + 1):
                yield from numbers.ordinal_keys(language, place)
        case Kind.DIGITS:
            yield from (PAUSE, *_DIGITS)
        case Kind.SPELLED:
            yield from (PAUSE, *_DIGITS, *map(characters.sign_key, language.letters))
        case Kind.PHONE:
            pairs = range(10, 100) if language.phone_pairs else ()
            yield from (PAUSE, *_DIGITS, characters.sign_key("+"), *(f"{PREFIX}{pair}" for pair in pairs))
        case Kind.DATE:
            yield from _dates(language)
        case Kind.TIME:
            for minute in range(24 * 60):
                yield from language.time_keys(time(*divmod(minute, 60)))
        case Kind.MONEY:
            yield from _money(language, currencies)
        case Kind.DURATION:
            yield from amounts.unit_keys(language)
            for form in {noun.form for noun in language.units.values()}:
                yield from _cardinals(language, form, groups=(1,))
        case Kind.TEXT:
            pass
        case _:
            assert_never(kind)


def _cardinals(language: Language, form: Form, groups: Collection[int] = _GROUPS) -> Iterator[str]:
    for group in groups:
        for number in range(1_000):
            yield from numbers.cardinal_keys(language, number * group, form)


def _dates(language: Language) -> Iterator[str]:
    first = date(2024, 1, 1)
    for day in range(366):  # a leap year has every day and weekday
        yield from language.date_keys(language, first + timedelta(days=day))
    for year in YEARS:
        yield from language.date_keys(language, date(year, 1, 1))


def _money(language: Language, currencies: frozenset[str]) -> Iterator[str]:
    yield numbers.MINUS
    known = [language.currencies[code] for code in sorted(currencies)]
    for form in {each.major.form for each in known}:
        yield from _cardinals(language, form)
    for form in {each.minor.form for each in known if each.minor is not None}:
        yield from _cardinals(language, form, groups=(1,))
    for code in sorted(currencies):
        yield from amounts.currency_keys(language, code)
