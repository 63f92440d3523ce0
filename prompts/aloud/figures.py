"""What begins with a digit: money, percent, units, fractions, ranges and numbers alone."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from prompts.aloud import saying
from prompts.aloud.context import ends_sentence, name_before, previous_word
from prompts.aloud.language import Read, Wording
from prompts.spoken.characters import MAX_DIGITS, MAX_PHONE
from prompts.spoken.language import Noun
from prompts.spoken.words import weekday

LONGEST_COUNT = 6
"""Digits without a sign between them that are still a number: what is longer is a reference, a card, a telephone."""

SHORT_CODE = 5
"""Digits that are said in one breath."""

FEWEST_OF_CODE = 3
"""Digits of a code that is said to be something: "your code is 4711", but "the code is 12 letters long"."""

_SYMBOLS = {
    "US$": "USD", "CA$": "CAD", "C$": "CAD", "AU$": "AUD", "A$": "AUD", "€": "EUR", "$": "USD", "£": "GBP",
    "¥": "JPY",
}  # fmt: skip
_FRACTIONS = {"1/2": "½", "1/4": "¼", "3/4": "¾"}
_AMOUNT_AND_LETTERS = re.compile(rf"(?:{'|'.join(map(re.escape, _SYMBOLS))})[0-9][0-9.,]*[^\W\d_]\w*")
"""Left as it stands: $20USD."""

_MINUS = "-\u2212"
_WHOLLY = r"(?!\w|[.,'\u2019][0-9])"
"""After an amount: what goes on in figures is written as another country writes, and what goes on in letters is no
amount that is known here."""

_POWERS = {"k": 10**3, "K": 10**3, "m": 10**6, "M": 10**6, "mn": 10**6, "bn": 10**9, "B": 10**9}
"""What stands close behind an amount and multiplies it: $5k, €3m."""

_RANGE = re.compile(r" ?[-\u2013] ?")
_RANGE_FROM = re.compile(r"(?:[0-9]|[0-9] ?[ap]\.?m\.?|[0-9] ?(?:h|%|€|Uhr))\Z")
_RANGE_TO = re.compile(r"[€$£]?[0-9]")


@functools.cache
def number_pattern(decimal: str, groups: str) -> str:
    """A number as it is written, in the groups ``whole`` and ``fraction``."""
    return (
        rf"(?P<whole>[0-9]{{1,3}}(?:[{groups}][0-9]{{3}})+(?![0-9])|[0-9]+)"
        rf"(?:{re.escape(decimal)}(?P<fraction>[0-9]{{1,6}})(?![0-9]))?"
    )


@functools.cache
def _compiled(decimal: str, groups: str, before: str, after: str) -> re.Pattern[str]:
    return re.compile(before + number_pattern(decimal, groups) + after)


def money(wording: Wording, text: str, at: int) -> Read | None:
    """``€20``, ``20,50 €``, ``USD 20``."""
    codes = "|".join(wording.currencies)
    names = "|".join(_currency_names(wording))
    symbols = "|".join(map(re.escape, _SYMBOLS))
    minus = rf"(?P<minus>[{_MINUS}])?"
    for before, after in (
        (
            rf"{minus}(?P<unit>{symbols}|(?:{codes})\b) ?",
            rf"(?:(?P<scale> (?:million|billion|thousand)\b)|(?P<power>{'|'.join(_POWERS)}))?",
        ),
        (minus, rf" ?(?P<unit>{symbols}|(?:{codes}|{names})(?!\w))"),
    ):
        found = _compiled(wording.decimal, wording.groups, before, after + _WHOLLY).match(text, at)
        if found is None or not _begins(text, at):
            continue
        code = _SYMBOLS.get(found["unit"]) or _currency_names(wording).get(found["unit"], found["unit"])
        if code not in wording.currencies:
            return None
        amount = _value(found) * (-1 if found["minus"] else 1)
        major = wording.currencies[code].major
        if scale := found.groupdict().get("scale"):
            return Read(f"{saying.number(wording.spoken, amount)}{scale} {major.other}", found.end())
        power = found.groupdict().get("power")
        if len(found["fraction"] or "") > 2 and not power:
            return None
        amount *= _POWERS[power] if power else 1
        if amount != round(amount, 2) or not saying.is_sayable(amount):
            return None
        if found["unit"] == major.one != major.other and found["fraction"] is None:
            return Read(saying.counted(wording.spoken, amount, _as_written(major, found["unit"])), found.end())
        return Read(saying.money(wording.spoken, amount, code), found.end())
    unknown = _AMOUNT_AND_LETTERS.match(text, at)
    return Read(unknown[0], unknown.end()) if unknown and _begins(text, at) else None


def fraction(wording: Wording, text: str, at: int) -> Read | None:
    """``1/2``."""
    found = re.compile(r"(1/2|1/4|3/4)(?![\w/])").match(text, at)
    if found is None or not _begins(text, at):
        return None
    return Read(wording.signs[_FRACTIONS[found[1]]], found.end())


def number(wording: Wording, text: str, at: int) -> Read | None:
    """A number, with the unit or the sign for percent after it where there is one."""
    pattern = rf"(?P<sign>[{_MINUS}+])?"
    found = _compiled(wording.decimal, wording.groups, pattern, "").match(text, at)
    if found is None or not _begins(text, at) or (found["sign"] and not _may_have_sign(text, at)):
        return None
    plus = f"{wording.spoken.letters['+']} " if found["sign"] == "+" else ""
    read = _number(wording, text, at, found)
    return read and Read(plus + read.words, read.end)


def _number(wording: Wording, text: str, at: int, found: re.Match[str]) -> Read | None:
    value = _value(found) * (-1 if found["sign"] and found["sign"] in _MINUS else 1)
    end = found.end()
    unit = unit_pattern(wording).match(text, end)
    if unit is not None:
        stop = "." if unit[1].endswith(".") and ends_sentence(text, unit.end()) else ""
        noun = _as_written(units(wording)[unit[1]], unit[1])
        return Read(saying.counted(wording.spoken, value, noun) + stop, unit.end())
    if re.compile(r"\w|[.,:/'\u2019][0-9]|['\u2019]\w").match(text, end):
        return None
    whole = found["whole"]
    plain = not found["sign"] and found["fraction"] is None and whole.isdigit()
    if plain and len(whole) > MAX_DIGITS:
        return None
    named = name_before(text, at, copula=len(whole) >= FEWEST_OF_CODE).casefold()
    if plain and (_counts_nothing(whole) or named in wording.digits_after):
        return Read(grouped_digits(wording, whole), end)
    if plain and _is_year(wording, text, at, value):
        return Read(wording.year_words(int(value)), end)
    return Read(saying.number(wording.spoken, value), end) if saying.is_sayable(value) else None


def range_sign(wording: Wording, text: str, at: int) -> Read | None:
    """The sign between two ends: 9-17, 9am-5pm, Mo.-Fr."""
    found = _RANGE.match(text, at)
    if found is None:
        return None
    figures = _RANGE_FROM.search(text, max(0, at - 8), at) and _RANGE_TO.match(text, found.end())
    days = text[at - 1 : at] == "." and _day_pattern(wording).match(text, found.end())
    return Read(f" {wording.to} ", found.end()) if figures or days else None


def _begins(text: str, at: int) -> bool:
    """True where a number may begin: not inside a word, nor after a point or a comma between digits."""
    return at == 0 or not re.compile(r"\w|(?<=[0-9])[.,:/]").match(text, at - 1)


def _may_have_sign(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] in " ("


def _counts_nothing(whole: str) -> bool:
    """True for a number that begins with 0, and for a long one that is not round."""
    return (whole.startswith("0") and len(whole) > 1) or (len(whole) > LONGEST_COUNT and whole[-5:] != "00000")


def _is_year(wording: Wording, text: str, at: int, value: Decimal) -> bool:
    return 1100 <= value <= 2099 and previous_word(text, at).casefold() in wording.years_after


def _value(found: re.Match[str]) -> Decimal:
    whole = re.sub(r"[^0-9]", "", found["whole"])
    return Decimal(f"{whole}.{found['fraction']}" if found["fraction"] else whole)


def grouped_digits(wording: Wording, text: str) -> str:
    """Digits that count nothing, in groups where there are many."""
    grouped = SHORT_CODE < len(text) <= MAX_PHONE
    return saying.phone(wording.spoken, text) if grouped else saying.digits(wording.spoken, text)


@functools.cache
def units(wording: Wording) -> Mapping[str, Noun]:
    """Units of measure and of time, and the small ones of money, by all their names."""
    nouns = [*wording.spoken.units.values(), *(each.minor for each in wording.currencies.values() if each.minor)]
    named = {name: noun for noun in nouns for name in (noun.one, noun.other) if name is not None}
    return {**named, **wording.units}


def _as_written(noun: Noun, name: str) -> Noun:
    """``noun`` in the singular alone where that is written: a 24 hour line."""
    return replace(noun, other=name, many=None) if name == noun.one else noun


@functools.cache
def unit_pattern(wording: Wording) -> re.Pattern[str]:
    known = "|".join(re.escape(name) for name in sorted(units(wording), key=len, reverse=True))
    return re.compile(rf"(?: ?(?!s\b)| (?=s\b))({known})(?!\w)")  # 30 s are seconds, the 1990s are none


@functools.cache
def _currency_names(wording: Wording) -> Mapping[str, str]:
    """Codes by the names of the great units."""
    majors = {code: currency.major for code, currency in wording.currencies.items()}
    return {name: code for code, noun in majors.items() for name in (noun.one, noun.other) if name is not None}


@functools.cache
def _day_pattern(wording: Wording) -> re.Pattern[str]:
    days = {weekday(wording.spoken.code, number) for number in range(7)}
    known = [re.escape(name) for name, short in wording.shorts.items() if days & {short.words, short.otherwise}]
    return re.compile("|".join(known))
