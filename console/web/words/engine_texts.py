"""What the engine says, in the languages of the pages.

The engine and its commands speak English. ``words/LANGUAGE/said.toml`` has their texts by key, each with its places;
a text is found by its English one, and said again with what stood in the places. A place named in :data:`INNER` holds
a text itself, and no other place what texts are put together with: ``a; b``, ``a (b)`` and ``a: b``, of which each
part is said by itself.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping

from console.web.words.formats import Formats

INNER = ("what", "why", "more")
EACH = "each"
"""A place of several texts with commas between them."""

_BRACKETS = re.compile(r"(.+) \(([^()]*(?:\([^()]*\)[^()]*)*)\)", re.DOTALL)
ANYTHING, ONE = ".+?", r"(?:(?!; |: | \().)+?"
DEPTH = 5
"""Of texts in texts."""


class EngineTexts:
    """See the module."""

    def __init__(self, english: Mapping[str, str]) -> None:
        longest_first = sorted(english.items(), key=lambda each: (-len(literal(each[1])), each[0]))
        self._patterns = [(key, re.compile(_pattern(text), re.DOTALL)) for key, text in longest_first]

    def again(self, said: str, texts: Callable[[str], str], formats: Formats, depth: int = 0) -> str:
        """``said`` by ``texts`` (by key), with numbers by ``formats``; as it is where no text fits."""
        if depth > DEPTH or not said:
            return said
        for key, pattern in self._patterns:
            if found := pattern.fullmatch(said):
                values = {
                    name: self._place(name, value, texts, formats, depth + 1)
                    for name, value in found.groupdict().items()
                }
                return texts(key).format_map(values)
        return self._parts(said, texts, formats, depth + 1)

    def _place(self, name: str, value: str, texts: Callable[[str], str], formats: Formats, depth: int) -> str:
        if name == EACH:
            return ", ".join(self.again(each, texts, formats, depth) for each in value.split(", "))
        return self.again(value, texts, formats, depth) if name in INNER else formats.inside(value)

    def _parts(self, said: str, texts: Callable[[str], str], formats: Formats, depth: int) -> str:
        def again(part: str) -> str:
            return self.again(part, texts, formats, depth)

        if found := _BRACKETS.fullmatch(said):
            return f"{again(found[1])} ({again(found[2])})"
        if "; " in said:
            return f"{formats.gap}; ".join(again(part) for part in said.split("; "))
        before, colon, after = said.partition(": ")
        return f"{again(before)}{formats.gap}: {again(after)}" if colon else formats.inside(said)


def literal(text: str) -> str:
    """What of a text stands fast."""
    return "".join(before for before, *_ in string.Formatter().parse(text))


def _pattern(text: str) -> str:
    parts = []
    for before, name, _, _ in string.Formatter().parse(text):
        parts.append(re.escape(before))
        if name is not None:
            parts.append(f"(?P<{name}>{ANYTHING if name in INNER else ONE})")
    return "".join(parts)
