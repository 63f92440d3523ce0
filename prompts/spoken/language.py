"""What a language is to this package: tables of texts, and the few rules that are not in tables.

A key of a piece says what it is, not how it sounds: ``spoken.34``, ``spoken.21-f``, ``spoken.eur.other``. Recordings
of the pieces have like names in all languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import Enum

PREFIX = "spoken."
"""What the key of every piece begins with."""

PAUSE = PREFIX + "pause"
"""The piece between two groups of digits: silence."""

LETTERS = {letter: f"{letter.upper()}." for letter in "abcdefghijklmnopqrstuvwxyz"}
"""Letters where an engine knows their names: a capital with a full stop is no word."""

SILENCE = ""
"""The text of a piece that is silence."""


class Form(Enum):
    """Which form a number ending in one (or, in Spanish, in hundreds) has; its value ends the key."""

    ALONE = ""
    """Counts nothing: eins, uno, un."""
    MASCULINE = "-m"
    """Before a masculine noun, in German a neuter one too: ein, un."""
    FEMININE = "-f"
    """Before a feminine noun: eine, una, une."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A power of ten with a name of its own, counted by the number before it."""

    value: int
    name: str
    """Ends the key: ``thousand``."""
    other: str
    """Its text after a number: ``thousand``, ``Millionen``."""
    one: str | None = None
    """The text that says one of it whole: ``eine Million``, ``mil``; None where one is counted like two."""
    form: Form | None = None
    """The form of the number before it; None where it agrees with what is counted: doscientas mil libras."""


@dataclass(frozen=True, slots=True)
class Noun:
    """What is counted: a unit of money or of time. Its texts are by the plural category of CLDR."""

    other: str
    one: str | None = None
    """None where it is the same."""
    many: str | None = None
    """After whole millions in Spanish and French: ``d'euros``."""
    form: Form = Form.MASCULINE


@dataclass(frozen=True, slots=True)
class Currency:
    """The two units of a currency; ``minor`` is a hundredth."""

    major: Noun
    minor: Noun | None = None


@dataclass(frozen=True, slots=True)
class Language:
    """All that is said in one language, the names that babel and num2words know aside."""

    code: str
    """What babel and num2words call it."""
    forms: Mapping[Form, Mapping[int, str]]
    """Texts below 1,000 that differ from the number standing alone."""
    before: Mapping[int, str]
    """Hundreds that sound otherwise before a rest: ``ciento``."""
    scales: Sequence[Scale]
    """From the greatest down."""
    point: str
    minus: str
    joint: str
    """Between the last two units of a duration and the two of money: ``and``. It is spoken in one piece with the unit
    before it: alone it would be stressed."""
    money_joint: str
    ordinals: Mapping[int, str]
    """Where num2words has another or a wrong one."""
    ordinals_after: Mapping[int, str]
    """Below 100, where they are others after hundreds: ``unième``."""
    ordinal_hundreds: bool
    """True where hundreds before a rest are ordinal too: ``centésimo primero``."""
    date_keys: Callable[[Language, date], Iterator[str]]
    date_texts: Callable[[], Mapping[str, str]]
    time_keys: Callable[[time], Iterator[str]]
    time_texts: Callable[[], Mapping[str, str]]
    currencies: Mapping[str, Currency]
    units: Mapping[str, Noun]
    """day, hour, minute, second"""
    letters: Mapping[str, str]
    """Letters and signs by their lower case; an accented letter that lacks is said without its accent (é as e)."""
    phone_pairs: bool
    """True where two digits of a telephone number are said as one number."""
