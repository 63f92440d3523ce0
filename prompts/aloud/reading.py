"""From a text as it is written to the text as it is read: what begins at each place is looked for in turn.

Nothing is guessed that a reader would have to guess: what no rule knows stays as it is, for the engine to read. Roman
numerals are such a thing.
"""

from __future__ import annotations

import re
from functools import cache

from prompts.aloud import figures, moments, shorts, signs
from prompts.aloud.english import DAY_FIRST_WORDING, ENGLISH_WORDING
from prompts.aloud.french import FRENCH_WORDING
from prompts.aloud.german import GERMAN_WORDING, SWISS_WORDING
from prompts.aloud.language import Read, Rule, Wording
from prompts.aloud.pronunciation import NONE, Pronunciation
from prompts.aloud.spanish import POINT_WORDING, SPANISH_WORDING
from prompts.spoken.words import has_day_first, has_decimal_point

_LANGUAGES = {"de": GERMAN_WORDING, "en": ENGLISH_WORDING, "es": SPANISH_WORDING, "fr": FRENCH_WORDING}
_DAY_FIRST = {"en": DAY_FIRST_WORDING}
_POINT = {"es": POINT_WORDING, "de": SWISS_WORDING}
"""Of regions that write the day first, and decimals after a point, where the language alone does not."""

_WORD = re.compile(r"[^\W\d_]")
_FIGURE = re.compile(r"[0-9(+\-\u2212€$£¥]")
_UNREAD = re.compile(r"[0-9][\w.,:/'\u2019-]*[\w]|[0-9]|\w+|.", re.DOTALL)
_LEFT = re.compile(r"\S*[0-9%@&§€$£¥°=#*_<>^~|\\]\S*")
_GAP = re.compile(r"[ ]{2,}")

_FIGURES: tuple[Rule, ...] = (figures.money, moments.iso_date)
_AFTER: tuple[Rule, ...] = (figures.fraction, signs.phone, figures.range_sign, figures.number)


def read_aloud(text: str, tag: str, pronunciation: Pronunciation = NONE) -> str:
    """``text`` in the words in which a reader of the language ``tag`` says it; in a language that is not known here
    only what ``pronunciation`` says of it is changed."""
    wording = _wording(tag)
    said = pronunciation.of(tag)
    parts: list[str] = []
    at = 0
    while at < len(text):
        found = said(text, at) or (wording and _read(wording, text, at))
        if found:
            stops = found.words.endswith(".") and text[found.end : found.end + 1] == "."
            parts.append(found.words[:-1] if stops else found.words)
            at = found.end
        else:
            unread = _UNREAD.match(text, at)
            assert unread is not None
            parts.append(unread[0])
            at = unread.end()
    return _GAP.sub(" ", "".join(parts))


def left_unread(words: str, tag: str) -> tuple[str, ...]:
    """What of ``words``, a text that was read, no rule knew: figures and signs that each engine reads in its own way.
    Empty for a language that is not known here."""
    if _wording(tag) is None:
        return ()
    return tuple(found.strip(".,;:!?()") or found for found in _LEFT.findall(words))


@cache
def _wording(tag: str) -> Wording | None:
    """How the region of ``tag`` writes, else its language."""
    language = tag.partition("-")[0]
    found = _LANGUAGES.get(language)
    if has_day_first(tag):
        found = _DAY_FIRST.get(language, found)
    return _POINT.get(language, found) if has_decimal_point(tag) else found


def _read(wording: Wording, text: str, at: int) -> Read | None:
    sign = text[at]
    if _FIGURE.match(sign):
        rules: tuple[Rule, ...] = (*_FIGURES, *wording.rules, *_AFTER, signs.key, signs.sign)
    elif _WORD.match(sign):
        rules = (signs.address, *wording.letter_rules, shorts.short, figures.money, signs.sign)
    else:
        rules = (figures.range_sign, signs.per, signs.alternatives, signs.code, signs.key, signs.sign)
    return next((found for rule in rules if (found := rule(wording, text, at)) is not None), None)
