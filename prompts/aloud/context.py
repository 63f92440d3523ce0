"""What stands beside a place in a text."""

from __future__ import annotations

import re

CAPITAL = r"[^\W\d_a-z\u00df-\u00ff]"
"""A capital letter: of the letters with accents those of Latin-1 are told apart."""

_ENDS = re.compile(rf"\s*\Z|\s+{CAPITAL}")
_PREVIOUS = re.compile(r"([^\W\d_]+)[ ,]{1,3}\Z")
_NAMED = re.compile(r"([^\W\d_]+)(?:[ ,]{1,3}|\s?:\s{0,2})\Z")
_SAID_TO_BE = re.compile(r"([^\W\d_]+) (?:is|ist|lautet|es|est)(?:\s?:)?\s{1,2}(?:le )?\Z")
_LONGEST = 40


def previous_word(text: str, at: int) -> str:
    """The word before a place, as it is written; empty where there is none or a sentence ended between."""
    found = _PREVIOUS.search(text[max(0, at - _LONGEST) : at])
    return found[1] if found else ""


def name_before(text: str, at: int, copula: bool) -> str:
    """The word that names the number at a place: PIN 4711, PIN: 4711, and with ``copula`` the PIN is 4711."""
    before = text[max(0, at - _LONGEST) : at]
    found = (_SAID_TO_BE.search(before) if copula else None) or _NAMED.search(before)
    return found[1] if found else ""


def ends_sentence(text: str, at: int) -> bool:
    """True where a stop before ``at`` may end a sentence: the text ends there, or a capital follows."""
    return _ENDS.match(text, at) is not None
