"""The grammar of what is expected: phrases in the one form that no engine chokes on.

Every phrase passes :func:`phrase` before an engine sees it. vosk 0.3.45 ends or hangs its process on an empty grammar
and on ``<eps>``, drops words in capital letters without a word, and takes ``[unk]`` for itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace

from calls.errors import SpeechError
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.recognizer import Grammar
from ivr.speech.words import TONGUES, tongue_of, vocabulary
from ivr.speech.words.around import around_of

_INSIDE = "'-"
"""Signs that may stand in a word: ``o'clock``, ``rendez-vous``."""


def phrase(text: str) -> str:
    """``text`` in lower case, composed (NFC), with single spaces; its words have letters, apostrophes and hyphens.

    Raises:
        SpeechError: there is nothing in it, or something else.
    """
    words = unicodedata.normalize("NFC", text.lower()).replace("\u2019", "'").split()
    if not words:
        raise SpeechError(f"the phrase {text!r} has no words: expected what a caller may say")
    for word in words:
        for sign in word:
            if not (_is_letter(sign) or sign in _INSIDE):
                raise SpeechError(f"the phrase {text!r} holds {sign!r}: {_instead(sign)}")
        if word[0] == "-" or word[-1] == "-" or not any(_is_letter(sign) for sign in word):
            raise SpeechError(f"the phrase {text!r} holds {word!r}, which is no word: leave it out")
    return " ".join(words)


def grammar_of(expected: Expected) -> Grammar:
    """What an engine is to hear.

    Raises:
        SpeechError: a phrase is none (see :func:`phrase`) or stands for two choices, a choice has no phrases, or the
            kind is not understood in the language.
    """
    language, kind = expected.language, expected.kind
    match kind:
        case SpokenKind.CHOICE:
            found = frozenset(choices(expected))
            return Grammar(language, found, around=around_of(language) - found)
        case SpokenKind.FREE:
            return Grammar(language, frozenset())
        case SpokenKind.DIGITS | SpokenKind.NUMBER | SpokenKind.DATE | SpokenKind.SPELLED:
            if tongue_of(language) is None:
                known = ", ".join(sorted(TONGUES))
                raise SpeechError(
                    f"no {kind.value} is understood in {language}, only in {known}: name the phrases, or ask for keys"
                )
            return Grammar(language, frozenset(map(phrase, vocabulary(kind, language))), repeated=True)


def choices(expected: Expected) -> dict[str, str]:
    """The choice that each phrase stands for, the phrases as engines have them.

    Raises:
        SpeechError: as :func:`grammar_of`.
    """
    found: dict[str, str] = {}
    for text, choice in expected.phrases.items():
        if found.setdefault(phrase(text), choice) != choice:
            raise SpeechError(f"the phrase {text!r} stands for {found[phrase(text)]} and for {choice}: keep one")
    if not found:
        raise SpeechError("a choice without phrases: name at least one that a caller may say")
    return found


def words_of(grammar: Grammar) -> frozenset[str]:
    """The single words of its phrases."""
    return frozenset(word for each in grammar.phrases for word in each.split(" "))


def known_of(grammar: Grammar, unknown: Callable[[Iterable[str]], frozenset[str]]) -> Grammar:
    """``grammar`` for a recogniser whose dictionary may lack words, which ``unknown`` finds.

    Of words that repeat, those are left out that it lacks: the tables of digits, numbers, days and codes name every
    way to say a thing, and no model has them all; so is what may stand around a phrase. A phrase is never left out.

    Raises:
        SpeechError: it lacks a word of a phrase, or all words.
    """
    lost = unknown(word for each in grammar.around for word in each.split(" "))
    if lost:
        kept = (each for each in grammar.around if lost.isdisjoint(each.split(" ")))
        grammar = replace(grammar, around=frozenset(kept))
    missing = unknown(words_of(grammar))
    if not missing:
        return grammar
    if not grammar.repeated:
        raise SpeechError(
            f"the model of {grammar.language} does not know {', '.join(sorted(missing))}:"
            " say it in other words, or take a model that knows them"
        )
    if missing >= grammar.phrases:
        raise SpeechError(
            f"the model of {grammar.language} knows none of the words that are expected: is it another's?"
        )
    return replace(grammar, phrases=grammar.phrases - missing)


def _is_letter(sign: str) -> bool:
    """Whether it is a letter, or a mark that belongs to the letter before it (Hindi's vowels)."""
    return unicodedata.category(sign)[0] in "LM"


def _instead(sign: str) -> str:
    if sign.isnumeric():
        return "write numbers as words"
    if sign in "<>[]":
        return "brackets are the engines' own"
    return "write only letters, apostrophes and hyphens"
