"""What stands beside a place in a text."""

from __future__ import annotations

import re

CAPITAL = r"[^\W\d_a-z\u00df-\u00ff]"
"""A capital letter: of the letters with accents those of Latin-1 are told apart."""

_ENDS = re.compile(rf"\s*\Z|\s+{CAPITAL}")
_PREVIOUS = re.compile(r"([^\W\d_]+)[ ,]{1,3}\Z")
_LONGEST = 40


def previous_word(text: str, at: int) -> str:
    """The word before a place, as it is written; empty where there is none or a sentence ended between."""
    found = _PREVIOUS.search(text[max(0, at - _LONGEST) : at])
    return found[1] if found else ""


def ends_sentence(text: str, at: int) -> bool:
    """True where a stop before ``at`` may end a sentence: the text ends there, or a capital follows."""
    return _ENDS.match(text, at) is not None
