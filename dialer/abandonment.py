"""Which share of the answered calls was abandoned, as a preset counts it. Pure.

What is counted is known only so far: who answered an abandoned call nobody heard, so without machine detection some
of them were machines. Ofcom lets that be estimated from the calls that agents handled, of which they know.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from dialer.presets import Denominator


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls in a preset's window."""

    people: int
    """Answered by a person as far as detection knows, the abandoned ones and those that left at once among them."""
    abandoned: int
    """Of them, abandoned."""
    handled: int
    """Of them, those that an agent talked in."""
    machines: int
    """Of the handled ones, those of which the agent said that a machine had answered."""


def counted(tally: Tally, denominator: Denominator) -> tuple[int, int]:
    """Calls that count as answered by a person, and as abandoned: whole calls, an estimate rounded up.

    ``UK_ESTIMATE``: est = D (1 - am / (am + live)) of est + live. Where no agent has handled a call yet, all of the
    abandoned count. Source: Ofcom, Revised statement of policy on persistent misuse (2010, 2015).
    """
    if denominator is Denominator.ANSWERED_BY_PERSON:
        return tally.people - tally.machines, tally.abandoned
    live = tally.handled - tally.machines
    estimate = ceil(tally.abandoned * live / tally.handled) if tally.handled else tally.abandoned
    return live + estimate, estimate
