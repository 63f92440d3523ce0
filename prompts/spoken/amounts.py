"""What is counted in two units or more: money, and how long something takes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import ROUND_HALF_EVEN, Decimal

from prompts.spoken import words
from prompts.spoken.kinds import SpokenError
from prompts.spoken.language import PREFIX, Currency, Language, Noun
from prompts.spoken.numbers import MINUS, cardinal_keys

UNITS_S = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
"""Seconds in each unit of a duration, from the longest down."""

MAX_DAYS = 999
"""The longest duration: beyond it a date is said."""

_AND = "-and"


def money_keys(language: Language, amount: Decimal, code: str) -> Iterator[str]:
    """An amount, rounded half to even to the minor unit; a part that is zero is left out.

    Raises:
        SpokenError: a currency that is not known here.
    """
    currency = currency_of(language, code)
    name = code.lower()
    in_smallest = int(abs(amount).scaleb(2 if currency.minor else 0).to_integral_value(ROUND_HALF_EVEN))
    if amount < 0 and in_smallest:
        yield MINUS
    if currency.minor is None:
        yield from _counted(language, in_smallest, name, currency.major)
        return
    major, minor = divmod(in_smallest, 100)
    if major or not minor:
        yield from _counted(language, major, name, currency.major, _AND if minor else "")
    if minor:
        yield from _counted(language, minor, f"{name}.minor", currency.minor)


def duration_keys(language: Language, seconds: int) -> Iterator[str]:
    """Days, hours, minutes and seconds; what is zero is left out.

    Raises:
        SpokenError: negative, or longer than :data:`MAX_DAYS`.
    """
    if not 0 <= seconds < (MAX_DAYS + 1) * UNITS_S["day"]:
        raise SpokenError(f"{seconds} s is not a duration between 0 and {MAX_DAYS} days")
    counts: list[tuple[str, int]] = []
    for unit, length in UNITS_S.items():
        count, seconds = divmod(seconds, length)
        if count:
            counts.append((unit, count))
    counts = counts or [("second", 0)]
    for place, (unit, count) in enumerate(counts):
        joint = _AND if place == len(counts) - 2 else ""
        yield from _counted(language, count, unit, language.units[unit], joint)


def currency_of(language: Language, code: str) -> Currency:
    """The units of the currency with this ISO 4217 code.

    Raises:
        SpokenError: it is not known here.
    """
    found = language.currencies.get(code)
    if found is None:
        known = ", ".join(language.currencies)
        raise SpokenError(f"{code!r} is not a currency that is spoken in {language.code!r}; expected one of {known}")
    return found


def amount_texts(language: Language) -> dict[str, str]:
    """Every unit of :func:`money_keys` and :func:`duration_keys`; the numbers are in numbers.py."""
    texts: dict[str, str] = {}
    for code in language.currencies:
        texts |= _currency_texts(language, code)
    return texts | _unit_texts(language)


def currency_keys(language: Language, code: str) -> Collection[str]:
    """The pieces that name the units of one currency."""
    return _currency_texts(language, code).keys()


def unit_keys(language: Language) -> Collection[str]:
    """The pieces that name the units of a duration."""
    return _unit_texts(language).keys()


def _currency_texts(language: Language, code: str) -> dict[str, str]:
    currency, name = language.currencies[code], code.lower()
    if currency.minor is None:
        return _texts(name, currency.major, None)
    return _texts(name, currency.major, language.money_joint) | _texts(f"{name}.minor", currency.minor, None)


def _unit_texts(language: Language) -> dict[str, str]:
    texts: dict[str, str] = {}
    for unit, noun in language.units.items():
        texts |= _texts(unit, noun, None if unit == "second" else language.joint)
    return texts


def _counted(language: Language, count: int, name: str, noun: Noun, joint: str = "") -> Iterator[str]:
    yield from cardinal_keys(language, count, noun.form)
    category = words.plural(language.code, count)
    if category not in _categories(noun):
        category = "other"
    yield f"{PREFIX}{name}.{category}{joint}"


def _texts(name: str, noun: Noun, joint: str | None) -> dict[str, str]:
    texts = {f"{PREFIX}{name}.{category}": text for category, text in _categories(noun).items()}
    return texts if joint is None else texts | {key + _AND: f"{text} {joint}" for key, text in texts.items()}


def _categories(noun: Noun) -> dict[str, str]:
    known = {"one": noun.one, "many": noun.many, "other": noun.other}
    return {category: text for category, text in known.items() if text is not None}
