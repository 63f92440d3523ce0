"""Random times, drawn many at once and given one by one: the n-th is the same in every run of one seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dialer.simulation.distributions import Distribution, Times

BLOCK = 4096
"""Random times are drawn this many at a time."""


class Draws:
    """Times from one source, one after the other."""

    def __init__(self, source: Callable[[int], Times]) -> None:
        self._next: Iterator[float] = iter(())
        self._source = source

    def __call__(self) -> float:
        """The next one."""
        for value in self._next:
            return value
        self._next = iter(self._source(BLOCK).tolist())
        return next(self._next)


def draws_of(distribution: Distribution, seed: tuple[int, ...]) -> Draws:
    """From ``distribution``."""
    random = np.random.default_rng(seed)
    return Draws(lambda count: distribution.draw(random, count))


def uniform_draws(seed: tuple[int, ...]) -> Draws:
    """Numbers from 0 to 1."""
    return Draws(np.random.default_rng(seed).random)
