"""What a caller may say at one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

LONGEST_S = 10.0
"""An utterance that goes on for longer is ended: it answers no question of a menu."""


class SpokenKind(Enum):
    """What sort of thing is said."""

    CHOICE = "choice"
    """One of the phrases, whole."""
    DIGITS = "digits"
    """Digits one by one, "double four" and "oh" among them; the value is as if they were keyed."""
    NUMBER = "number"
    """A whole number as one says it; the value is its digits."""
    DATE = "date"
    """A day; the value is an ISO date."""
    SPELLED = "spelled"
    """Letters and digits one by one; the value is a code in capital letters."""
    FREE = "free"
    """Anything; the value is the words."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected in one language.

    ``phrases`` gives for each phrase of a ``CHOICE`` the choice that it is for. ``least`` and ``most`` bound how many
    digits or letters a value has. ``longest_s`` is how long one utterance may be, in seconds. ``lenient``: what is
    likely is sure, as so few words are expected that others are hardly so; but for the choices that are ``strict``.
    """

    kind: SpokenKind
    language: str
    phrases: Mapping[str, str] = field(default_factory=dict)
    least: int = 1
    most: int = 40
    longest_s: float = LONGEST_S
    lenient: bool = False
    strict: frozenset[str] = frozenset()
