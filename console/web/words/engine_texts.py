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
from dataclasses import dataclass

from console.web.words.formats import Formats

INNER = ("what", "why", "more")
EACH = "each"
"""A place of several texts with commas between them."""

_BRACKETS = re.compile(r"(.+) \(([^()]*(?:\([^()]*\)[^()]*)*)\)", re.DOTALL)
ANYTHING, ONE = ".+?", r"(?:(?!; |: | \().)+?"
DEPTH = 5
"""Of texts in texts."""

LONGEST = 1_000
"""Signs of a text that is said again, within some 50 ms: ours are shorter, and a look takes the square of it."""

PEOPLE = ("agent", "who", "supervisor", "to")
"""Places of people's ids."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How it is said: ``texts`` by key, ``formats`` of numbers and days, ``names`` of people by their ids."""

    texts: Callable[[str], str]
    formats: Formats
    names: Mapping[str, str]


class EngineTexts:
    """See the module."""

    def __init__(self, english: Mapping[str, str]) -> None:
        longest_first = sorted(english.items(), key=lambda each: (-len(literal(each[1])), each[0]))
        self._patterns = [(key, re.compile(_pattern(text), re.DOTALL)) for key, text in longest_first]

    def again(self, said: str, speech: Speech, depth: int = 0) -> str:
        """``said`` in another language; as it is where no text fits."""
        if depth > DEPTH or not said or len(said) > LONGEST:
            return said
        for key, pattern in self._patterns:
            if found := pattern.fullmatch(said):
                places = found.groupdict().items()
                values = {name: self._place(name, value, speech, depth + 1) for name, value in places}
                return speech.texts(key).format_map(values)
        return self._parts(said, speech, depth + 1)

    def _place(self, name: str, value: str, speech: Speech, depth: int) -> str:
        if name == EACH:
            return ", ".join(self.again(each, speech, depth) for each in value.split(", "))
        if name in PEOPLE:
            return speech.names.get(value, value)
        return self.again(value, speech, depth) if name in INNER else speech.formats.inside(value)

    def _parts(self, said: str, speech: Speech, depth: int) -> str:
        def again(part: str) -> str:
            return self.again(part, speech, depth)

        gap = speech.formats.gap
        if found := _BRACKETS.fullmatch(said):
            return f"{again(found[1])} ({again(found[2])})"
        if "; " in said:
            return f"{gap}; ".join(again(part) for part in said.split("; "))
        before, colon, after = said.partition(": ")
        return f"{again(before)}{gap}: {again(after)}" if colon else speech.formats.inside(said)


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
