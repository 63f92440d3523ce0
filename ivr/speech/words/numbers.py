"""A whole number from the words that say it."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.speech.words.tongue import Numerals, in_plain, plain

MOST = 999_999_999


class NumberReader:
    """Reads the numbers of one language: millions, thousands, hundreds and the rest, each once and in this order."""

    def __init__(self, numerals: Numerals) -> None:
        self._glued = numerals.glued
        self._bare_thousand = numerals.bare_thousand
        self._joiner = plain(numerals.joiner)
        self._below_hundred = self._table(numerals.below_hundred)
        self._hundreds = self._table(numerals.hundreds)
        self._centuries = self._table(numerals.centuries)
        self._thousand = self._table(dict.fromkeys(numerals.thousand, 1000))
        self._million = self._table(dict.fromkeys(numerals.million, 1_000_000))
        self._zeros = {words for words, value in self._below_hundred.items() if value == 0}

    def read(self, words: str) -> int | None:
        """The number, 0 to :data:`MOST`; None where the words are no number, or more than one."""
        text = self._text(words)
        if text in self._zeros:
            return 0
        century = self._century(text)
        return self._whole(text) if century is None else century

    def below_hundred(self, words: str) -> int | None:
        """A number from 0 to 99."""
        return self._below_hundred.get(self._text(words))

    def _whole(self, text: str) -> int | None:
        millions, rest = self._scaled(text, self._million, bare=False)
        thousands, rest = self._scaled(rest, self._thousand, bare=self._bare_thousand)
        ones, rest = self._below_thousand(rest)
        value = millions * 1_000_000 + thousands * 1000 + ones
        return None if rest or not value else value

    def _scaled(self, text: str, scale: Mapping[str, int], *, bare: bool) -> tuple[int, str]:
        """How many of ``scale`` stand at the beginning of ``text``, and what follows; 0 and all of it: none do."""
        count, rest = self._below_thousand(text)
        if rest == text:
            count = 1 if bare else 0
        taken = self._take(rest, scale)
        return (0, text) if taken is None or not count else (count, self._after_joiner(taken[1]))

    def _below_thousand(self, text: str) -> tuple[int, str]:
        hundreds, rest = self._take(text, self._hundreds) or (0, text)
        after = self._after_joiner(rest) if hundreds else rest
        ones = self._take(after, self._below_hundred)
        if ones is None or ones[0] == 0:
            return hundreds, rest
        return hundreds + ones[0], ones[1]

    def _century(self, text: str) -> int | None:
        taken = self._take(text, self._centuries)
        if taken is None:
            return None
        after = self._after_joiner(taken[1])
        ones, rest = self._take(after, self._below_hundred) or (0, after)
        return None if rest or (after and not ones) else taken[0] + ones

    def _take(self, text: str, table: Mapping[str, int]) -> tuple[int, str] | None:
        """The value of the longest words of ``table`` that ``text`` begins with, and what follows them."""
        gap = "" if self._glued else " "
        best = max((words for words in table if text == words or text.startswith(words + gap)), key=len, default=None)
        return None if best is None else (table[best], text[len(best) :].lstrip())

    def _after_joiner(self, text: str) -> str:
        gap = "" if self._glued else " "
        return text.removeprefix(self._joiner + gap) or text

    def _text(self, words: str) -> str:
        return plain(words).replace(" ", "") if self._glued else plain(words)

    def _table(self, table: Mapping[str, int]) -> Mapping[str, int]:
        return {self._text(words): value for words, value in in_plain(table).items()}


def times_hundred(counts: Mapping[str, int], word: str) -> dict[str, int]:
    """Hundreds: each name of a count before ``word``."""
    return {name + word: 100 * count for name, count in counts.items()}
