"""What libraries know: numbers by num2words; names of days and months, plural rules and regions by babel."""

from __future__ import annotations

import functools

from babel import Locale, UnknownLocaleError
from num2words import num2words


@functools.cache
def cardinal(code: str, number: int) -> str:
    """``thirty-four``, ``vierunddreißig``: a number standing alone."""
    return str(num2words(number, lang=code))


@functools.cache
def ordinal(code: str, number: int) -> str:
    """``third``, ``dritte``: the masculine singular."""
    return str(num2words(number, lang=code, to="ordinal"))


def month(code: str, number: int) -> str:
    """The name of month 1 to 12, as within a date."""
    return str(_locale(code).months["format"]["wide"][number])


def weekday(code: str, number: int) -> str:
    """The name of day 0 (Monday) to 6, as within a date."""
    return str(_locale(code).days["format"]["wide"][number])


def plural(code: str, number: int) -> str:
    """The plural category of a count: ``one``, ``many``, ``other``. Source: CLDR, plural rules."""
    return _locale(code).plural_form(number)


def language_name(code: str) -> str:
    """``German``: for messages."""
    return str(_locale(code).english_name)


def has_day_first(tag: str) -> bool:
    """True where the region of a tag writes the day of a date first; False where it is not known. Source: CLDR."""
    locale = _region(tag)
    return locale is not None and str(locale.date_formats["short"].pattern).startswith("d")


def has_decimal_point(tag: str) -> bool:
    """True where the region of a tag writes a point before decimals; False where it is not known. Source: CLDR."""
    locale = _region(tag)
    return locale is not None and bool(locale.number_symbols["latn"]["decimal"] == ".")


def _region(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return None


@functools.cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)
