"""What phrases sound like on the telephone, roughly. Pure."""

from __future__ import annotations

import re
import unicodedata

VOWELS = frozenset("aeiouy")
SOUNDS = (
    ("tsch", "x"), ("sch", "x"), ("gh", ""), ("wr", "r"), ("kn", "n"), ("ph", "f"), ("th", "t"), ("ck", "k"),
    ("qu", "kw"), ("ch", "x"), ("sh", "x"), ("c", "k"), ("q", "k"), ("v", "f"), ("z", "s"), ("d", "t"), ("b", "p"),
    ("g", "k"), ("h", ""), ("w", "f"),
)  # fmt: skip
"""Letters that are one sound, or that a telephone line makes alike: it cuts off what tells hard consonants from soft
ones."""


def sound(phrase: str) -> str:
    """What a phrase sounds like: two of the same sound are easily taken for each other.

    The first vowel, and the consonants in classes, each once in a row.
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", phrase) if letter.isalpha())
    for letters, class_ in SOUNDS:
        plain = plain.replace(letters, class_)
    first = next((letter for letter in plain if letter in VOWELS), "")
    consonants = "".join("" if letter in VOWELS else letter for letter in plain)
    return first + re.sub(r"(.)\1+", r"\1", consonants)
