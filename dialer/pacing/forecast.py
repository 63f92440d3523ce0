"""The chance that one more dial finds nobody free when a person answers it.

At each step of the time it may ring: agents free by then (and within the seconds a person may be held) less
persons who answer before. Each agent and each dial is a coin of its own, so the sum is Poisson-binomial: exact where
the coins are few, by the normal distribution with its skewness where they are many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.ring import STEPS

Floats = NDArray[np.float64]

DENSITY = 0.3989422804014327
"""The standard normal density at 0."""

EXACT_COINS = 16
"""Up to this many agents and dials the sum is worked out exactly."""

CHUNK = 4
"""So many dials are looked at first: mostly there are no more."""

MOST_AT_ONCE = 64
"""More dials are never added in one decision; the next one is a second away."""


def exact_chances(coins: Floats, short: int, new: Floats, arrivals: Floats) -> Floats:
    """For one more dial after 0, 1, 2, … made with it: the chance that its person finds nobody.

    ``coins[i, j]``: the chance that coin ``i`` shows an agent more by step ``j`` (an agent free, a dial that is not
    answered). ``short``: dials that ring and persons who wait, less the agents who are ready. ``new``: the chance
    that a dial made now is answered before the middle of each step. ``arrivals``: when it is, if it is.
    """
    found = np.zeros(CHUNK)
    most = short + CHUNK
    if most <= 0:
        return found
    sums = np.zeros((most, STEPS))
    sums[0] = 1.0
    for up in coins:
        sums = _toss(sums, up)
    stays = 1.0 - new
    for others in range(CHUNK):
        reach = short + others
        if reach >= 0:
            found[others] = sums[: reach + 1].sum(axis=0) @ arrivals
        sums = _toss(sums, stays)
    return found


def normal_chances(moments: Floats, short: int, new: Floats, arrivals: Floats, most: int) -> Floats:
    """As :func:`exact_chances` for up to ``most`` dials, by the moments of the sum of the coins.

    ``moments``: mean, variance and third central moment at each step, one after the other.
    """
    mean, variance, third = moments.reshape(3, STEPS)
    others = _OTHERS[:most]
    stays = 1.0 - new
    spread = new * stays
    var = variance + others * spread + 1e-4
    sd = np.sqrt(var)
    at = (short + 0.5 - mean + others * new) / sd
    square = at * at
    bell = np.exp(-0.5 * square) * DENSITY
    skew = (third + others * (spread * (1 - 2 * stays))) / (var * sd)
    below = normal_cdf(at, bell) + skew * (1 - square) * bell * (1 / 6)
    found: Floats = np.minimum(np.maximum(below, 0.0), 1.0) @ arrivals
    return found


def normal_cdf(at: Floats, density: Floats) -> Floats:
    """The standard normal distribution function, to 1e-5; ``density``: its derivative there.

    Source: Abramowitz and Stegun 26.2.16.
    """
    t = 1.0 / (1.0 + 0.33267 * np.abs(at))
    tail = density * t * (0.4361836 + t * (-0.1201676 + t * 0.9372980))
    return np.where(at < 0, tail, 1.0 - tail)


def _toss(sums: Floats, up: Floats) -> Floats:
    """The distribution of the sum with one more coin; what goes over the top is not kept."""
    after = sums * (1.0 - up)
    after[1:] += sums[:-1] * up
    return after


_OTHERS = np.arange(MOST_AT_ONCE, dtype=np.float64)[:, None]
