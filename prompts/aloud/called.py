"""Short numbers that are called: 112, 911. They are said digit by digit, as those who answer them are named."""

from __future__ import annotations

import re

from prompts.aloud.context import CAPITAL
from prompts.aloud.figures import grouped_digits, unit_pattern
from prompts.aloud.language import Read, Rule, Wording

_BACK = 30
"""How far before a number the word is looked for that says that it is called."""


def called(numbers: str, words: str, joints: str, after: str = "") -> Rule:
    """A rule for ``numbers`` after one of ``words``, or after another such number and one of ``joints``, where they
    count nothing. ``after``: what else may not follow."""
    figures = re.compile(rf"(?:{numbers})(?!\w|[.,:/-][0-9]){after}")
    before = re.compile(rf"\b(?:{words}) (?:(?:{numbers}),? (?:{joints}) )?\Z", re.IGNORECASE)

    def rule(wording: Wording, text: str, at: int) -> Read | None:
        found = figures.match(text, at)
        if found is None or not before.search(text, max(0, at - _BACK), at):
            return None
        if unit_pattern(wording).match(text, found.end()):
            return None
        return Read(grouped_digits(wording, found[0]), found.end())

    return rule


NO_NOUN = rf"(?! {CAPITAL})"
"""In German a word with a capital letter is what a number before it counts: die 112 Kunden."""
