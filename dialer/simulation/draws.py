"""Random times, drawn many at once and given one by one: the n-th is the same in every run of one seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat

import numpy as np

from dialer.simulation.distributions import Distribution, Times

BLOCK = 4096
"""Random times are drawn this many at a time."""

Draws = Callable[[], float]
"""Times from one source: each call gives the next one."""


def draws_of(distribution: Distribution, seed: tuple[int, ...]) -> Draws:
    """From ``distribution``."""
    random = np.random.default_rng(seed)
    return _one_by_one(lambda count: distribution.draw(random, count)).__next__


def uniform_draws(seed: tuple[int, ...]) -> Draws:
    """Numbers from 0 to 1."""
    return _one_by_one(np.random.default_rng(seed).random).__next__


def _one_by_one(source: Callable[[int], Times]) -> Iterator[float]:
    return chain.from_iterable(source(count).tolist() for count in repeat(BLOCK))
