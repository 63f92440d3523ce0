"""Values in the words of ``prompts/spoken``: a text that is read says a price as a composed prompt says it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from prompts.spoken import PAUSE, characters, numbers, words
from prompts.spoken.amounts import money_keys
from prompts.spoken.language import Form, Language, Noun
from prompts.spoken.numbers import cardinal_keys, number_keys
from prompts.spoken.vocabulary import piece_texts


def said(language: Language, keys: Iterable[str]) -> str:
    """The texts of pieces, one after the other; a pause is a comma."""
    texts = piece_texts(language.code)
    return " ".join("," if key == PAUSE else texts[key] for key in keys).replace(" ,", ",")


def number(language: Language, value: Decimal) -> str:
    """A number that counts nothing."""
    whole = said(language, number_keys(language, value))
    if language.code != "de" or value != value.to_integral_value():
        return whole
    return words.cardinal(language.code, int(value))  # one word: its parts are stressed otherwise


def counted(language: Language, value: Decimal, noun: Noun) -> str:
    """A number and what it counts, in the form that the number asks for."""
    if value != value.to_integral_value():
        return f"{number(language, value)} {noun.other}"
    sign = f"{language.minus} " if value < 0 else ""
    count = abs(int(value))
    form = noun.form if noun.form is not Form.ALONE else Form.MASCULINE
    name = {"one": noun.one, "many": noun.many}.get(words.plural(language.code, count))
    return f"{sign}{said(language, cardinal_keys(language, count, form))} {name or noun.other}"


def money(language: Language, amount: Decimal, code: str) -> str:
    """An amount of a currency that the language knows."""
    return said(language, money_keys(language, amount, code))


def digits(language: Language, text: str) -> str:
    """Each digit by itself; what stands between two groups is a pause."""
    return said(language, characters.digits_keys(re.sub(r"[^0-9]+", " ", text)))


def phone(language: Language, text: str) -> str:
    """A telephone number in groups."""
    return said(language, characters.phone_keys(language, text))


def date_parts(language: Language, day: date) -> list[tuple[str, str]]:
    """The pieces of a date without its weekday: the key's own part, and the text."""
    texts = piece_texts(language.code)
    keys = [key for key in language.date_keys(language, day) if "weekday-" not in key]
    return [(key.removeprefix("spoken."), texts[key]) for key in keys]


def is_sayable(value: Decimal) -> bool:
    """True where a number has a common name."""
    return abs(value) <= numbers.MAX
