"""Whose turn it is among switches that are equally good for a call: each takes calls by its weight. Pure."""

from __future__ import annotations

from collections.abc import Mapping

BEHIND = 10.0
"""A switch that took none for a while, being down or without agents, is at most so many calls of a switch of weight 1
behind: what it missed is not made up for."""


class Turns:
    """How many calls each switch has had, by its weight."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        """A switch without a weight has 1."""
        self._weights = weights
        self._at: dict[str, float] = {}

    def step(self, switch: str) -> float:
        """By how much one call puts it back."""
        return 1.0 / self._weights.get(switch, 1)

    def at(self, switch: str) -> float:
        """The lower, the sooner is its turn."""
        furthest = max(self._at.values(), default=0.0)
        return max(self._at.get(switch, 0.0), furthest - BEHIND)

    def take(self, switch: str) -> None:
        """It has had one more."""
        self._at[switch] = self.at(switch) + self.step(switch)
