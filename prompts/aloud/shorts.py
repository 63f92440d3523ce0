"""Abbreviations: what they stand for depends on what stands beside them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import replace

from prompts.aloud.context import CAPITAL, ends_sentence, previous_word
from prompts.aloud.language import Before, Read, Short, Wording
from prompts.spoken.words import weekday

_NAME = re.compile(rf" ?{CAPITAL}")
_SPAN = re.compile(r" ?[-\u2013]| ?[0-9]|,? (?:to|bis|al|au|a|à) ")
_SPAN_TO = re.compile(r"\. ?(?:[-\u2013,&]|to|bis|al|au|a|à|and|und|y|et) ?\Z")
_LAST = re.compile(r"\. ?(?:[-\u2013&]|to|bis|al|au|a|à|and|und|y|et) ?\Z")
"""Before the last day of a span, whose stop may be that of the sentence too: Mon.-Fri. Closed."""

_AFTER_DAY = re.compile(r"\b(?:Mo|Di|Mi|Do|Sa|So)\.? ?(?:[-\u2013,&/]|bis|und|oder) ?\Z")
_NUMBER = re.compile(r" ?[0-9]")
_BACK = 12
"""How far before a place a day, or what joins two of them, is looked for."""


def short(wording: Wording, text: str, at: int) -> Read | None:
    """The words of the abbreviation that stands here."""
    found = _pattern(wording).match(text, at)
    if found is None:
        return None
    entry, end = _known(wording)[found[0]], found.end()
    words = _chosen(entry, text, at, end)
    if words is None:
        return None
    may_end = entry.ends and (words != entry.words or entry.otherwise is None)
    may_end = may_end or (words in _days(wording) and _LAST.search(text[max(0, at - _BACK) : at]) is not None)
    after = "." if may_end and ends_sentence(text, end) else " " if text[end : end + 1].isalnum() else ""
    return Read(words + after, end)


def _chosen(entry: Short, text: str, at: int, end: int) -> str | None:
    """The words that an abbreviation stands for here; None where it is none."""
    match entry.before:
        case Before.ANYTHING:
            return entry.words
        case Before.NUMBER:
            return entry.words if _NUMBER.match(text, end) else entry.otherwise
        case Before.SPAN:
            spans = _SPAN.match(text, end) or _SPAN_TO.search(text[max(0, at - _BACK) : at])
            return entry.words if spans else entry.otherwise
        case Before.PERSON if _AFTER_DAY.search(text, max(0, at - _BACK), at):
            return entry.otherwise
        case Before.NAME | Before.PERSON:
            follows = _NAME.match(text, end) is not None
            if entry.otherwise is not None and _after_name(text, at):
                return entry.otherwise
            return entry.words if follows else entry.otherwise


@functools.cache
def _days(wording: Wording) -> frozenset[str]:
    """The names of the days of a week."""
    return frozenset(weekday(wording.spoken.code, number) for number in range(7))


def _after_name(text: str, at: int) -> bool:
    """True where a capitalised word that does not begin a sentence stands before: Main St."""
    word = previous_word(text, at)
    if not word[:1].isupper() or word.casefold() in _TITLES or text[at - 2 : at - 1] == ",":
        return False
    begins = at - 1 - len(word)
    return re.search(r"(?:\A|[.!?:]\s*)\Z", text[:begins]) is None


_TITLES = frozenset({"professor", "doctor", "saint", "mister", "herr", "frau"})


@functools.cache
def _known(wording: Wording) -> Mapping[str, Short]:
    """The abbreviations as they are in the table, and as they are written where a sentence begins."""
    capitals = {
        _capital(name): replace(entry, words=_capital(entry.words))
        for name, entry in wording.shorts.items()
        if name[0].islower()
    }
    return {**capitals, **wording.shorts}


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


@functools.cache
def _pattern(wording: Wording) -> re.Pattern[str]:
    known = "|".join(re.escape(name) for name in sorted(_known(wording), key=len, reverse=True))
    return re.compile(rf"(?:{known})(?:(?<=\W)|(?!\w))")
