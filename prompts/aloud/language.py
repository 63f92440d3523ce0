"""What a language needs to have its texts read aloud: tables, and the few rules that are not in tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from prompts.spoken.language import Currency, Language, Noun


class Before(Enum):
    """What an abbreviation must stand before to be one."""

    ANYTHING = auto()
    NAME = auto()
    """A word with a capital letter."""
    PERSON = auto()
    """A word with a capital letter, unless days stand before: Hr. und Fr. Müller, but Mo. bis Fr."""
    NUMBER = auto()
    SPAN = auto()
    """What begins or ends a span of days or stands before a time: Sat.-Sun., la mer. is none."""


@dataclass(frozen=True, slots=True)
class Short:
    """An abbreviation and the words that it stands for."""

    words: str
    before: Before = Before.ANYTHING
    otherwise: str | None = None
    """Its words where it stands before something else; None: it is left as it is."""
    ends: bool = False
    """Its full stop may be that of the sentence too: etc."""


@dataclass(frozen=True, slots=True)
class Read:
    """What is read in place of ``text[at:end]``."""

    words: str
    end: int


Rule = Callable[["Wording", str, int], Read | None]
"""What begins at a place in a text; None where it is nothing that the rule knows."""


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """All that one language needs. The values themselves are said in the words of ``prompts/spoken``."""

    spoken: Language
    decimal: str
    """The sign before decimals."""
    groups: str
    """Signs that may stand between groups of three digits; inside a class of a regular expression."""
    shorts: Mapping[str, Short]
    signs: Mapping[str, str]
    """Signs that have a word wherever they stand: ``&``, ``%``, ``€``."""
    units: Mapping[str, Noun]
    """Units after a number, by their sign."""
    to: str
    """Between the ends of a range: 9-17."""
    per: str
    """Between an amount and what it is for: 14 cents/min."""
    digits_after: frozenset[str]
    """Words in lower case after which a number is said digit by digit: PIN, code."""
    years_after: frozenset[str]
    """Words in lower case after which four digits are a year; empty where years are said as any number."""
    year_words: Callable[[int], str]
    day_words: Callable[[date, str], str]
    """Day and month of a date; the word before it, in lower case, may say in which case they are."""
    rules: tuple[Rule, ...]
    """Times, dates in words and ordinals: they are tried before numbers."""
    letter_rules: tuple[Rule, ...] = ()
    """What begins with a letter and is no abbreviation: December 1."""
    phone: re.Pattern[str] | None = None
    """Telephone numbers as they are written at home, those with ``+`` or a leading 0 aside."""

    @property
    def currencies(self) -> Mapping[str, Currency]:
        """Units by ISO 4217 code."""
        return self.spoken.currencies
