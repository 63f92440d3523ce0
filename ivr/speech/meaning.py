"""What the words that were heard mean, where something is expected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.grammar import choices
from ivr.speech.recognizer import core_of
from ivr.speech.words import value_of
from ivr.speech.words.around import around_of


def meaning_of(expected: Expected, words: str, today: date, among: Mapping[str, str] | None = None) -> str | None:
    """The choice, digits, number, date, code or words that ``words`` stand for; None where they are not expected.

    ``today`` is the caller's; days without a year are counted from it. Digits and codes have as many signs as are
    expected. A choice may have its manners around it ("billing, please"). ``among`` are the choices of ``expected``,
    where they are known already: it takes long to put ten thousand phrases into the engines' form.

    Raises:
        SpeechError: as :func:`ivr.speech.grammar.grammar_of`.
    """
    if expected.kind is SpokenKind.CHOICE:
        phrases = choices(expected) if among is None else among
        core = core_of(words, phrases, around_of(expected.language))
        return None if core is None else phrases[core]
    value = value_of(expected.kind, expected.language, words, today)
    if value is not None and expected.kind in (SpokenKind.DIGITS, SpokenKind.SPELLED):
        return value if expected.least <= len(value) <= expected.most else None
    return value
