"""What a caller said, of what an engine heard: by the grammar, and by a second opinion without one.

An engine that is given a grammar hears one of its phrases in nearly anything, and is sure of itself: 1.0 on words
that were never said. So its confidence decides nothing. What is heard without the grammar does: where that has the
words too, the caller said them; where not, the caller is asked. Nothing is refused that way: a second opinion is
wrong more often than a grammar is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from difflib import SequenceMatcher
from enum import Enum, auto

from ivr.commands import Heard, NotUnderstood
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.meaning import meaning_of
from ivr.speech.recognizer import Final, Partial, Told, core_of
from ivr.speech.words.around import around_of

CONTENT_LETTERS = 4
"""Words of so many letters carry a phrase; of a phrase without any, all words do ("yes", "go on")."""

ALIKE = 0.7
"""Least likeness of two words, by the letters that they share in order, to be one: an engine without a grammar hears
"accounts" where "account" was said."""


def decide(
    expected: Expected,
    final: Final,
    today: date,
    *,
    barged_in: bool = False,
    among: Mapping[str, str] | None = None,
) -> Heard | NotUnderstood:
    """What the caller said. ``today`` is the caller's; ``barged_in``: the caller spoke while a prompt played;
    ``among`` as :func:`ivr.speech.meaning.meaning_of` has it.

    Raises:
        SpeechError: nothing like ``expected`` can be heard; see :func:`ivr.speech.grammar.grammar_of`.
    """
    value = meaning_of(expected, final.words, today, among) if final.words else None
    if value is None:
        return NotUnderstood(final.words or final.free or "", barged_in)
    is_lenient = expected.lenient and value not in expected.strict
    sure = (is_lenient and final.likely) or _agrees(expected, final, value, today, among)
    return Heard(value, final.words, sure, final.confidence, barged_in)


class Progress(Enum):
    """How far words, which may go on, answer what is asked."""

    OPEN = auto()
    """Not at all yet."""
    BEGUN = auto()
    """Not yet, and more of the same is to come: too few digits."""
    ANSWERED = auto()
    """They do, and more might change the answer."""
    MORE = auto()
    """They do, of a kind of which one says more after a pause: digits, numbers, days."""
    WHOLE = auto()
    """They do, and nothing that could follow changes it."""


def progress(expected: Expected, partial: Partial, today: date, among: Mapping[str, str]) -> Progress:
    """How far the words of ``partial`` have come, ``among`` the choices of ``expected``."""
    words = partial.words
    if not words or expected.kind is SpokenKind.FREE:
        return Progress.OPEN
    value = meaning_of(expected, words, today, among)
    match expected.kind:
        case SpokenKind.CHOICE if value is not None:
            core = core_of(words, among, around_of(expected.language)) or words
            more = f"{core} " if words.endswith(core) else None
            longer = (choice for text, choice in among.items() if more is not None and text.startswith(more))
            is_whole = all(choice == value for choice in longer) and _agrees(expected, partial, value, today, among)
            return Progress.WHOLE if is_whole else Progress.ANSWERED
        case SpokenKind.DIGITS | SpokenKind.SPELLED:
            if value is None:
                return Progress.BEGUN
            return Progress.WHOLE if len(value) == expected.most else Progress.MORE
        case _:
            return Progress.OPEN if value is None else Progress.MORE


def _agrees(expected: Expected, told: Told, value: str, today: date, among: Mapping[str, str] | None) -> bool:
    """True where the second opinion, if there is one, has what the first has."""
    if told.free is None or expected.kind is SpokenKind.FREE or told.free == told.words:
        return True
    if expected.kind is not SpokenKind.CHOICE:
        return meaning_of(expected, told.free, today) == value
    said = told.words if among is None else core_of(told.words, among, around_of(expected.language)) or told.words
    return _holds(told.free.split(), _content(said.split()))


def _content(words: list[str]) -> list[str]:
    return [word for word in words if len(word) >= CONTENT_LETTERS] or words


def _holds(heard: list[str], wanted: list[str]) -> bool:
    """True where all of ``wanted`` are in ``heard``, in that order."""
    left = iter(heard)
    return all(any(_alike(word, each) for each in left) for word in wanted)


def _alike(one: str, other: str) -> bool:
    return one == other or SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE
