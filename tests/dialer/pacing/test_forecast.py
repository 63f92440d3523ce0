"""The forecast: the exact sum against enumeration, the normal one against the exact one."""

from __future__ import annotations

from itertools import product
from math import erf, exp, pi, prod, sqrt

import numpy as np
import pytest

from dialer.pacing.forecast import CHUNK, NewDials, exact_chances, normal_cdf, normal_chances
from dialer.pacing.learnt import Moments
from dialer.pacing.ring import STEPS, Floats

ARRIVALS: Floats = np.full(STEPS, 1.0 / STEPS)


def coins(count: int, seed: int) -> Floats:
    return np.random.default_rng(seed).uniform(0.05, 0.95, (count, STEPS))


def enumerated(chances: list[float], at_most: int) -> float:
    """P(sum <= at_most) over all ways the coins may fall."""
    ways = product((0, 1), repeat=len(chances))
    return sum(
        prod(chance if up else 1 - chance for chance, up in zip(chances, way, strict=True))
        for way in ways
        if sum(way) <= at_most
    )


@pytest.mark.parametrize("short", [-5, -1, 0, 2])
def test_the_exact_sum_is_the_enumeration(short: int) -> None:
    tossed, new = coins(4, 1), np.linspace(0.02, 0.3, CHUNK * STEPS).reshape(CHUNK, STEPS)
    found = exact_chances(tossed, short, NewDials.of(new), ARRIVALS)
    for others in range(CHUNK):
        expected = 0.0
        for step in range(STEPS):
            chances = [*tossed[:, step].tolist(), *(1 - new[:others, step]).tolist()]
            expected += enumerated(chances, short + others) / STEPS
        assert found[others] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("short", [2, 5, 8])
def test_the_normal_sum_is_near_the_exact_one(short: int) -> None:
    tossed, new = coins(16, 2), np.linspace(0.02, 0.3, CHUNK * STEPS).reshape(CHUNK, STEPS)
    moments = Moments.of(tossed).table.sum(axis=0)
    near = normal_chances(moments, short, NewDials.of(new), ARRIVALS)
    assert near == pytest.approx(exact_chances(tossed, short, NewDials.of(new), ARRIVALS), abs=4e-3)


def test_dials_alike_are_dials_of_the_same_chances() -> None:
    chances = np.linspace(0.0, 0.3, STEPS)
    alike, each = NewDials.alike(chances, 6), NewDials.of(np.tile(chances, (6, 1)))
    for one, other in ((alike.answered, each.answered), (alike.variance, each.variance), (alike.third, each.third)):
        assert one == pytest.approx(other, abs=1e-12)
    assert np.array_equal(alike.chances, each.chances)


def test_the_risk_grows_with_every_dial() -> None:
    found = exact_chances(coins(6, 3), 2, NewDials.of(np.full((CHUNK, STEPS), 0.2)), ARRIVALS)
    assert np.all(np.diff(found) >= 0)


def test_nobody_is_at_risk_while_more_agents_are_free_than_lines_are_out() -> None:
    found = exact_chances(np.zeros((0, STEPS)), -2, NewDials.of(np.full((CHUNK, STEPS), 0.2)), ARRIVALS)
    assert found[0] == found[1] == 0.0
    assert found[2] > 0.0


@pytest.mark.parametrize("at", [-4.0, -1.0, 0.0, 0.3, 2.5])
def test_the_normal_distribution_function(at: float) -> None:
    density = np.array([exp(-at * at / 2) / sqrt(2 * pi)])
    assert normal_cdf(np.array([at]), density)[0] == pytest.approx((1 + erf(at / sqrt(2))) / 2, abs=2e-5)
