"""Why a campaign dialled what it dialled, or nothing: its decisions of the last while, by their reasons.

A decision is taken each second or at each event, and most say what the one before said. What is kept of them is how
often each reason held, how many dials came of it, and the last words and figures of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_KINDS = 4
"""Reasons of one look that are told apart; what else is decided in it counts as :data:`OTHERS`."""

OTHERS = "other reasons"

_BRACKETS = re.compile(r" ?\([^()]*\)")
_FIGURES = re.compile(r"(?<![\w-])\d[\d.,:]*(?!\w)")


def kind_of(reason: str) -> str:
    """The reason without what differs from one second to the next: what stands in brackets, and its figures."""
    return _FIGURES.sub("#", _BRACKETS.sub("", reason))


@dataclass(slots=True)
class Reason:
    """Decisions with one kind of reason: between ``first_s`` and ``last_s`` on the dialer's clock. ``reason`` and
    ``figures`` are those of the last one, or of the last one that dialled."""

    kind: str
    first_s: float
    last_s: float
    decisions: int = 0
    dials: int = 0
    reason: str = ""
    figures: Mapping[str, int | float | str] = field(default_factory=dict)


class Reasons:
    """Those of one campaign since they were last taken."""

    def __init__(self) -> None:
        self._found: dict[str, Reason] = {}
        self._last = ("", "")
        """The last reason and its kind: mostly the next one is the same."""

    def note(self, at_s: float, dials: int, reason: str, figures: Mapping[str, int | float | str]) -> None:
        """Something was decided."""
        if reason != self._last[0]:
            self._last = reason, kind_of(reason)
        kind = self._last[1]
        if kind not in self._found and len(self._found) >= MOST_KINDS:
            kind = OTHERS
        found = self._found.setdefault(kind, Reason(kind, at_s, at_s))
        found.last_s = at_s
        found.decisions += 1
        if dials or not found.dials:
            found.reason, found.figures = reason, figures
        found.dials += dials

    def take(self) -> tuple[Reason, ...]:
        """What was decided since the last time, in the order of first use."""
        found = tuple(self._found.values())
        self._found = {}
        return found
