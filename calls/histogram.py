"""A histogram of seconds that costs next to nothing to fill: for what happens hundreds of times a second."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

BOUNDS_S = (
    *(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075),
    *(0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 5.0),
)
"""Upper bounds in seconds: fine from 1 to 100 ms, where a caller begins to notice that a switch waits for us."""


class Histogram:
    """Counts of what took how long, and their sum. Used from one thread."""

    __slots__ = ("_counts", "sum_s")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def observe(self, took_s: float) -> None:
        """Something took ``took_s`` seconds."""
        self._counts[bisect_left(BOUNDS_S, took_s)] += 1
        self.sum_s += took_s

    def buckets(self) -> Iterator[tuple[float, int]]:
        """Each upper bound, infinity last, with how many took at most that long."""
        total = 0
        for bound, count in zip((*BOUNDS_S, float("inf")), self._counts, strict=True):
            total += count
            yield bound, total
