"""When a dial is answered, if it is: histograms over the time it rings, and the chances that follow from them.

``STEPS`` steps cover the time a number is rung; a step is a second where that is 25 s.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.kept import Kept, numbers

STEPS = 25
Floats = NDArray[np.float64]

PRIOR_ANSWERS = 6.0
"""Pseudo-answers, spread over the middle of the ring time: people need some seconds, and few take the whole time."""

MEMORY = 3000.0
"""Histograms are halved at this weight."""


class RingTimes:
    """Learns how long persons take to answer, and how long what ends otherwise rings."""

    def __init__(self, no_answer_s: float) -> None:
        self.step_s = no_answer_s / STEPS
        middle = [0.2, 0.6] + [1.0] * (STEPS - 7) + [0.8, 0.6, 0.4, 0.2, 0.2]
        self._live = [PRIOR_ANSWERS * each / sum(middle) for each in middle]
        self._other = [0.2 / STEPS] * STEPS + [4.0]
        """The last step: rang out."""
        self._lives, self._others = _whole(self._live), _whole(self._other)
        """Their sums, to within one."""
        self._arrivals: tuple[Floats, Floats] | None = None
        """The share of live answers that comes in each step, and before it; None: to be worked out."""

    def live(self, rang_s: float) -> None:
        """A person answered after ``rang_s``."""
        self._arrivals = None
        self._live[min(max(int(rang_s / self.step_s), 0), STEPS - 1)] += 1
        self._lives += 1
        if self._lives >= MEMORY:
            self._live, self._lives = _remembered(self._live)

    def other(self, rang_s: float) -> None:
        """A dial ended after ``rang_s`` without a person."""
        self._other[min(max(int(rang_s / self.step_s), 0), STEPS)] += 1
        self._others += 1
        if self._others >= MEMORY:
            self._other, self._others = _remembered(self._other)

    def arrivals(self) -> Floats:
        """The share of live answers that comes in each step."""
        return self._shares()[0]

    def _shares(self) -> tuple[Floats, Floats]:
        if self._arrivals is None:
            live = np.array(self._live)
            live /= np.add.reduce(live)
            self._arrivals = live, _so_far(live)
        return self._arrivals

    def answered(self, live_share: float) -> Floats:
        """``[a, j]``: the chance that a dial that has rung ``a`` steps is answered by a person before the middle of
        the ``j``-th step from now; ``live_share``: persons per dial."""
        by_now, middles = self._by_now(live_share)
        others = _so_far(np.array(self._other[:STEPS])) * (1 - live_share) / sum(self._other)
        rings_still = np.maximum(1.0 - by_now - others, 1e-6)
        chances = middles.take(_LATER)
        chances -= by_now[:, None]
        chances /= rings_still[:, None]
        chances[STEPS] = 0.0
        return _within(chances)

    def answered_when_new(self, live_share: float) -> Floats:
        """The first row of :meth:`answered`: of a dial made now."""
        _, middles = self._by_now(live_share)
        return _within(middles[:STEPS])

    def _by_now(self, live_share: float) -> tuple[Floats, Floats]:
        """The share of dials that a person has answered by the beginning of each step and by its middle, twice as far
        as there are steps."""
        by_now = self._shares()[1] * live_share
        middles = np.empty(2 * STEPS)
        middles[STEPS:] = by_now[STEPS]
        middles[:STEPS] = (by_now[:-1] + by_now[1:]) / 2
        return by_now, middles

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values."""
        return {"live": list(self._live), "other": list(self._other)}

    def restore(self, state: Kept) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            ValueError: it is no such state.
        """
        self._arrivals = None
        self._live = numbers(state, "live", STEPS)
        self._other = numbers(state, "other", STEPS + 1)
        self._lives, self._others = _whole(self._live), _whole(self._other)


def _whole(histogram: list[float]) -> int:
    return ceil(sum(histogram))


def _remembered(histogram: list[float]) -> tuple[list[float], int]:
    """What is kept of it, and its sum rounded up."""
    kept = [each / 2 for each in histogram] if sum(histogram) > MEMORY else histogram
    return kept, _whole(kept)


def _so_far(shares: Floats) -> Floats:
    """The sums up to the beginning of each step, and of all."""
    sums = np.zeros(STEPS + 1)
    np.add.accumulate(shares, out=sums[1:])
    return sums


def _within(chances: Floats) -> Floats:
    np.maximum(chances, 0.0, out=chances)
    return np.minimum(chances, 1.0, out=chances)


_LATER = np.minimum(np.arange(STEPS + 1)[:, None] + np.arange(STEPS)[None, :], 2 * STEPS - 1)
