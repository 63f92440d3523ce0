"""The chance that one more dial finds nobody free when a person answers it.

At each step of the time it may ring: agents free by then (and within the seconds a person may be held) less
persons who answer before. Each agent and each dial is a coin of its own, so the sum is Poisson-binomial: exact where
the coins are few, by the normal distribution with its skewness where they are many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.ring import STEPS

Floats = NDArray[np.float64]

EXACT_COINS = 16
"""Up to this many agents and dials the sum is worked out exactly."""

CHUNK = 4
"""So many dials are looked at first: mostly there are no more."""

MOST_AT_ONCE = 64
"""More dials are never added in one decision; the next one is a second away."""


@dataclass(frozen=True, slots=True)
class NewDials:
    """Dials made now. ``chances[k, j]``: that the ``k``-th is answered before the middle of step ``j``."""

    chances: Floats
    answered: Floats
    variance: Floats
    third: Floats
    """Of those made before the ``k``-th: how many are answered by each step, and by how much the second and third
    moment of the sum differ for them."""

    @staticmethod
    def alike(chances: Floats, count: int) -> NewDials:
        """``count`` dials, each with these chances by step."""
        stays = 1.0 - chances
        spread = chances * stays
        before = _BEFORE[:count]
        third = spread * (1 - 2 * stays)
        return NewDials(chances[None, :].repeat(count, axis=0), before * chances, before * spread, before * third)

    @staticmethod
    def of(chances: Floats) -> NewDials:
        """Dials with these chances."""
        sums = np.zeros((3, *chances.shape))
        stays = 1.0 - chances
        spread = chances * stays
        for before, each in zip(sums, (chances, spread, spread * (1 - 2 * stays)), strict=True):
            np.add.accumulate(each[:-1], axis=0, out=before[1:])
        return NewDials(chances, *sums)

    def first(self, count: int) -> NewDials:
        """So many of them."""
        return NewDials(self.chances[:count], self.answered[:count], self.variance[:count], self.third[:count])


def exact_chances(coins: Floats, short: int, new: NewDials, arrivals: Floats) -> Floats:
    """For one more dial after 0, 1, 2, … made with it: the chance that its person finds nobody.

    ``coins[i, j]``: the chance that coin ``i`` shows an agent more by step ``j`` (an agent free, a dial that is not
    answered). ``short``: dials that ring and persons who wait, less the agents who are ready. ``new``: ``CHUNK``
    dials or more. ``arrivals``: the share of answers in each step. The sum of the coins by its characteristic
    function.
    """
    found = np.zeros(CHUNK)
    if short + CHUNK <= 0:
        return found
    turned = np.multiply.reduce(_TURNS * coins[:, None, :] + 1.0, axis=0)
    stays = _TURNS * (1.0 - new.chances[:CHUNK, None, :]) + 1.0
    for others in range(CHUNK):
        reach = short + others
        if reach >= 0:
            found[others] = (_UP_TO[min(reach, SUMS - 1)] @ (turned @ arrivals)).real
        turned = turned * stays[others]
    return np.clip(found, 0.0, 1.0)


def normal_chances(moments: Floats, short: int, new: NewDials, arrivals: Floats) -> Floats:
    """As :func:`exact_chances` for each of the new dials, by the moments of the sum of the coins.

    ``moments``: mean, variance and third central moment at each step, one after the other.
    """
    mean, variance, third = moments.reshape(3, STEPS)
    var = np.add(new.variance, variance + _LEAST_VARIANCE)
    sd = np.sqrt(var)
    at = np.add(new.answered, (short + 0.5) - mean)
    np.divide(at, sd, at)
    np.multiply(sd, var, sd)
    skew = np.add(new.third, third)
    np.divide(skew, sd, skew)
    square = np.multiply(at, at, var)
    bell = np.multiply(square, _MINUS_HALF, sd)
    np.exp(bell, bell)
    np.multiply(bell, _DENSITY, bell)
    np.multiply(skew, bell, skew)
    np.multiply(skew, np.subtract(_ONE, square, square), skew)
    np.multiply(skew, _SIXTH, skew)
    np.add(skew, normal_cdf(at, bell), skew)
    np.maximum(skew, _ZERO, out=skew)
    np.minimum(skew, _ONE, out=skew)
    found: Floats = skew @ arrivals
    return found


def normal_cdf(at: Floats, density: Floats) -> Floats:
    """The standard normal distribution function, to 1e-5; ``density``: its derivative there.

    Source: Abramowitz and Stegun 26.2.16.
    """
    t = np.abs(at)
    np.multiply(t, _P, t)
    np.add(t, _ONE, t)
    np.reciprocal(t, t)
    tail = np.multiply(t, _A3)
    np.subtract(tail, _A2, tail)
    np.multiply(tail, t, tail)
    np.add(tail, _A1, tail)
    np.multiply(tail, t, tail)
    np.multiply(tail, density, tail)
    middle = np.subtract(_HALF, tail, tail)
    np.copysign(middle, at, middle)  # the other half is its mirror
    np.add(middle, _HALF, middle)
    return middle


def _number(value: float) -> Floats:
    return np.array(value)


_ZERO, _ONE, _HALF, _MINUS_HALF, _SIXTH = map(_number, (0.0, 1.0, 0.5, -0.5, 1 / 6))
_P, _A1, _A2, _A3 = map(_number, (0.33267, 0.4361836, 0.1201676, 0.9372980))
_DENSITY, _LEAST_VARIANCE = _number(0.3989422804014327), _number(1e-4)
"""Numbers as numpy has them: it takes one in a third of the time that one of Python's takes it. The density is the
standard normal one at 0."""

_BEFORE = np.arange(MOST_AT_ONCE, dtype=np.float64)[:, None]

SUMS = EXACT_COINS + CHUNK + 1
"""A sum of coins is one of so many numbers."""

_ANGLES = 2j * np.pi * np.arange(SUMS // 2 + 1) / SUMS
_TURNS = np.exp(_ANGLES)[:, None] - 1.0
"""A coin with chance p turns the characteristic function at each angle by 1 + p times this. The other half of the
angles is the mirror of this one."""

_UP_TO = (
    np.cumsum(np.exp(-np.outer(np.arange(SUMS), _ANGLES)), axis=0)
    * np.where(np.arange(SUMS // 2 + 1) == 0, 1, 2)
    / SUMS
)
"""``[n]``: what gives the chance of ``n`` or less from the function's values (the inverse transform, summed up)."""
