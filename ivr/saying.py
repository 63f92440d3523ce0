"""What a recogniser would make of words that a caller of a walk or a test says."""

from __future__ import annotations

from datetime import date

from calls.errors import SpeechError
from ivr.commands import Heard, NotUnderstood
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.grammar import phrase
from ivr.speech.meaning import meaning_of


def heard(words: str, expected: Expected, today: date, *, sure: bool, barged_in: bool) -> Heard | NotUnderstood:
    """What comes of ``words``: the choice or the value, or that they are nothing that is ``expected``.

    Digits, a number, a code or a date may be written as such too: ``4711`` for "four seven one one".
    """
    value = _value(words, expected, today)
    if value is None:
        return NotUnderstood(words, barged_in)
    return Heard(value, words, sure, barged_in=barged_in)


def _value(words: str, expected: Expected, today: date) -> str | None:
    if expected.kind is SpokenKind.FREE:
        return words
    try:
        return meaning_of(expected, phrase(words), today)
    except SpeechError:
        return _written("".join(words.split()), expected)


def _written(text: str, expected: Expected) -> str | None:
    """The value that is written so; None where it is none."""
    match expected.kind:
        case SpokenKind.DIGITS if expected.least <= len(text) <= expected.most:
            return text if text.isascii() and text.isdecimal() else None
        case SpokenKind.SPELLED if expected.least <= len(text) <= expected.most:
            return text.upper() if text.isascii() and text.isalnum() else None
        case SpokenKind.NUMBER:
            return str(int(text)) if text.isascii() and text.isdecimal() else None
        case SpokenKind.DATE:
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                return None
        case _:
            return None
