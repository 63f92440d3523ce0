"""What a recogniser would make of words that a caller of a walk or a test says."""

from __future__ import annotations

from datetime import date

from ivr.commands import Heard, NotUnderstood
from ivr.nodes.phrases import phrase
from ivr.speech.expected import Expected, SpokenKind


def heard(words: str, expected: Expected, today: date, *, sure: bool, barged_in: bool) -> Heard | NotUnderstood:
    """What comes of ``words``: the choice or the value, or that they are nothing that is ``expected``.

    What is a value already, such as digits or a date, is taken as it is written.
    """
    value = _value(" ".join(words.split()), expected, today)
    if value is None:
        return NotUnderstood(words, barged_in)
    return Heard(value, words, sure, barged_in=barged_in)


def _value(words: str, expected: Expected, today: date) -> str | None:
    match expected.kind:
        case SpokenKind.CHOICE:
            try:
                return expected.phrases.get(phrase(words))
            except ValueError:
                return None
        case SpokenKind.FREE:
            return words
        case SpokenKind.DIGITS | SpokenKind.NUMBER | SpokenKind.SPELLED | SpokenKind.DATE:
            return None
