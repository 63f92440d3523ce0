"""The chance that one more dial finds nobody free when a person answers it.

At each step of the time it may ring: agents free by then (and within the seconds a person may be held) less persons
who answer before. Each agent and each dial is a coin of its own, so the sum is Poisson-binomial: exact where the coins
are few, by the normal distribution with its skewness where they are many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.ring import STEPS

Floats = NDArray[np.float64]

EXACT_COINS = 26
"""Up to this many agents and dials the sum is worked out exactly."""

CHUNK = 8
"""So many dials are tried in one go."""

MOST_AT_ONCE = 4 * CHUNK
"""More dials are never added in one decision; the next one is a second away."""


class Forecast:
    """``coins[i, j]``: the chance that coin ``i`` shows an agent more by step ``j`` (an agent free, a dial that is
    not answered); ``short``: dials that ring and persons who wait, less the agents who are ready."""

    def __init__(self, coins: Floats, short: int, new: Floats, arrivals: Floats) -> None:
        self._coins = coins
        self._short = short
        self._new = new
        """The chance that a dial made now is answered before the middle of each step."""
        self._arrivals = arrivals

    def chances(self) -> Floats:
        """For one more dial after 0, 1, 2, … others that are made now: the chance that its person finds nobody."""
        if len(self._coins) <= EXACT_COINS:
            return self._exact()
        return self._normal()

    def _exact(self) -> Floats:
        most = self._short + CHUNK
        if most <= 0:
            return np.zeros(CHUNK)
        sums = np.zeros((most, STEPS))
        sums[0] = 1.0
        for up in self._coins:
            sums = _toss(sums, up)
        found = np.zeros(CHUNK)
        stays = 1.0 - self._new
        for others in range(CHUNK):
            reach = self._short + others
            if reach >= 0:
                found[others] = self._arrivals @ sums[: reach + 1].sum(axis=0)
            sums = _toss(sums, stays)
        return found

    def _normal(self) -> Floats:
        coins = self._coins
        spread = coins * (1 - coins)
        return normal_chances(
            coins.sum(axis=0), spread.sum(axis=0), (spread * (1 - 2 * coins)).sum(axis=0), self._short, self._new,
            self._arrivals,
        )  # fmt: skip


def normal_chances(
    mean: Floats, variance: Floats, third: Floats, short: int, new: Floats, arrivals: Floats
) -> Floats:
    """As :meth:`Forecast.chances`, from the moments of the sum of the coins at each step."""
    others = np.arange(MOST_AT_ONCE, dtype=np.float64)[:, None]
    stays = 1.0 - new
    spread = new * stays
    middle = mean + others * stays
    var = np.maximum(variance + others * spread, 1e-4)
    sd = np.sqrt(var)
    skew = (third + others * spread * (1 - 2 * stays)) / (var * sd)
    at = (short + others + 0.5 - middle) / sd
    below = normal_cdf(at) + skew * (1 - at * at) * np.exp(-at * at / 2) * (1 / (6 * 2.5066282746310002))
    return np.clip(below, 0.0, 1.0) @ arrivals


def normal_cdf(at: Floats) -> Floats:
    """The standard normal distribution function, to 7.5e-8. Source: Abramowitz and Stegun 26.2.17."""
    size = np.abs(at)
    t = 1.0 / (1.0 + 0.2316419 * size)
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = poly * np.exp(-size * size / 2) * 0.3989422804014327
    return np.where(at < 0, tail, 1.0 - tail)


def _toss(sums: Floats, up: Floats) -> Floats:
    """The distribution of the sum with one more coin; what goes over the top is not kept."""
    after = sums * (1.0 - up)
    after[1:] += sums[:-1] * up
    return after
