"""How the share of answers differs between strata: by list, by hour, by number of the try, and by all three together.

A stratum is a text or a tuple: its parts (between ``", "``) are its levels of the first, second, third, … factor.
Each level has a weight, the share of its dials that a person answers over that of all dials, and so has each whole
stratum beside its levels. Both are drawn towards 1 as though some answers had been seen there already (the posterior
mean of a Poisson rate under a gamma prior), so that a stratum of which little is known is as its levels are, and a
level of which little is known is as all are. What all dials of a time share, such as the hour, says nothing of its
weight: one learns the less the more of the dials lately were its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from dialer.pacing.kept import Kept, listed, number, numbers, part
from dialer.pacing.model import Stratum

LEVEL_PRIOR, WHOLE_PRIOR = 8.0, 16.0
"""Pseudo-answers: levels differ more often than a stratum does from what its levels say."""

MEMORY = 150.0
"""A weight is of about so many expected answers: some minutes of a list that is dialled a lot."""

LATELY = 200.0
"""Dials."""

MOST_LEVELS = 200
"""Of a factor; the one that is known the least is let go."""

LEAST, MOST = 1 / 16, 16.0
"""A weight lies between these."""


@dataclass(slots=True)
class Seen:
    """Answers, and how many were expected of one whose weight is 1."""

    answers: float = 0.0
    expected: float = 0.0
    recent: float = 0.0
    """Its share of the dials lately, as it was at ``at``."""
    at: float = 0.0
    """So many dials had come to their end in all."""

    def weight(self, prior: float) -> float:
        """The posterior mean."""
        return (self.answers + prior) / (self.expected + prior)

    def told_by(self, dials: int, at: float) -> float:
        """How much its ``dials`` tell of it: the share of the dials lately that were not its own."""
        others = exp(-(at - dials - self.at) / LATELY)
        self.recent, self.at = 1.0 - (1.0 - self.recent * others) * exp(-dials / LATELY), at
        return 1.0 - self.recent

    def count(self, answers: float, expected: float, told: float) -> None:
        """Learn; what is old counts less and less."""
        self.answers += told * answers
        self.expected += told * expected
        if self.expected > MEMORY:
            self.answers /= 2
            self.expected /= 2


class Strata:
    """Learns the weights."""

    def __init__(self) -> None:
        self._factors: list[dict[str, Seen]] = []
        self._whole: dict[str, Seen] = {}
        self._dials = 0.0
        """So many have come to their end."""

    def weight(self, stratum: Stratum) -> float:
        """The share of its dials that a person answers, over that of all."""
        levels = _levels(stratum)
        return self._bounded(self._by_levels(levels) * self._beside(levels))

    def learn(self, stratum: Stratum, dials: int, live: int, share: float) -> None:
        """Dials that came to their end; ``share``: of those whose weight is 1."""
        levels = _levels(stratum)
        while len(self._factors) < len(levels):
            self._factors.append({})
        self._dials += dials
        known = [_entry(factor, level) for factor, level in zip(self._factors, levels, strict=False)]
        whole = _entry(self._whole, ", ".join(levels))
        told = [seen.told_by(dials, self._dials) for seen in (*known, whole)]
        if len(self._whole) < 2:
            return  # nothing to differ from
        by_levels, expected = self._by_levels(levels), dials * share
        for factor, seen, much in zip(self._factors, known, told, strict=False):
            if len(factor) > 1:
                seen.count(live, expected * by_levels / seen.weight(LEVEL_PRIOR), much)
        whole.count(live, expected * by_levels, told[-1])

    def range(self) -> tuple[float, float]:
        """The least and the greatest weight of those that are known."""
        weights = [self.weight(name) for name in self._whole] or [1.0]
        return min(weights), max(weights)

    def _by_levels(self, levels: Sequence[str]) -> float:
        weight = 1.0
        for factor, level in zip(self._factors, levels, strict=False):
            if len(factor) > 1 and level in factor:
                weight *= factor[level].weight(LEVEL_PRIOR)
        return weight

    def _beside(self, levels: Sequence[str]) -> float:
        """What the whole stratum is beside its levels; 1 where it is the only one, or has one factor."""
        seen = self._whole.get(", ".join(levels))
        return 1.0 if seen is None or len(self._whole) < 2 else seen.weight(WHOLE_PRIOR)

    @staticmethod
    def _bounded(weight: float) -> float:
        return min(max(weight, LEAST), MOST)

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values."""
        return {
            "factors": [_shown(factor) for factor in self._factors],
            "whole": _shown(self._whole),
            "dials": self._dials,
        }

    def restore(self, state: Kept) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            ValueError: it is no such state.
        """
        self._factors = [_read(part({"factors": each}, "factors")) for each in listed(state, "factors")]
        self._whole = _read(part(state, "whole"))
        self._dials = number(state, "dials")


def _levels(stratum: Stratum) -> tuple[str, ...]:
    return tuple(map(str, stratum)) if isinstance(stratum, tuple) else tuple(stratum.split(", "))


def _entry(known: dict[str, Seen], name: str) -> Seen:
    if name not in known and len(known) >= MOST_LEVELS:
        del known[min(known, key=lambda each: known[each].expected)]
    return known.setdefault(name, Seen())


def _shown(known: dict[str, Seen]) -> dict[str, object]:
    return {name: [seen.answers, seen.expected, seen.recent, seen.at] for name, seen in known.items()}


def _read(kept: Kept) -> dict[str, Seen]:
    return {name: Seen(*numbers(kept, name, 4)) for name in kept}
