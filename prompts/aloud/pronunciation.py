"""The pronunciation list: words that are read otherwise than they are written, by language. Pure; no file.

A word is found whole, never inside another one. Written in lower case it is found however a text writes it; with a
capital letter only as it is written. Of two that begin at one place the longer one is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from prompts.aloud.language import Read

Words = Mapping[str, str]
"""How each word is read."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds the words of one language."""

    exact: Words
    loose: Words
    """By their lower case."""
    exact_pattern: re.Pattern[str] | None
    loose_pattern: re.Pattern[str] | None

    def __call__(self, text: str, at: int) -> Read | None:
        """The reading of the word that begins at this place; None where none does."""
        if at and _is_word(text[at - 1]) and _is_word(text[at]):
            return None
        one = self.exact_pattern.match(text, at) if self.exact_pattern else None
        other = self.loose_pattern.match(text, at) if self.loose_pattern else None
        if one is not None and (other is None or one.end() >= other.end()):
            return Read(self.exact[one[0]], one.end())
        return None if other is None else Read(self.loose[other[0].lower()], other.end())

    def listed(self, text: str) -> Words:
        """The words of ``text`` that are on the list, as they are written, in their order."""
        found: dict[str, str] = {}
        at = 0
        while at < len(text):
            read = self(text, at)
            if read is not None:
                found[text[at : read.end]] = read.words
            at = at + 1 if read is None else read.end
        return found


class Pronunciation:
    """The words of all languages."""

    def __init__(self, words: Mapping[str, Words]) -> None:
        """``words`` by language tag; those of ``de`` hold for ``de-AT`` too, whose own come first."""
        self._words = words
        self._finders: dict[str, Finder] = {}

    def of(self, tag: str) -> Finder:
        """What finds the words of a language."""
        if tag not in self._finders:
            known: dict[str, str] = {}
            for end in (place for place, sign in enumerate(f"{tag}-") if sign == "-"):
                known |= self._words.get(tag[:end], {})
            exact = {word: said for word, said in known.items() if word != word.lower()}
            loose = {word: said for word, said in known.items() if word not in exact}
            self._finders[tag] = Finder(exact, loose, _pattern(exact), _pattern(loose, re.IGNORECASE))
        return self._finders[tag]


def _pattern(words: Words, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str] | None:
    """The longest of ``words``; what ends in a letter or a digit is not followed by one."""
    known = sorted(words, key=len, reverse=True)
    ends = (re.escape(word) + (r"(?!\w)" if _is_word(word[-1]) else "") for word in known)
    return re.compile("|".join(ends), flags) if words else None


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


NONE = Pronunciation({})
"""No word is read otherwise."""
