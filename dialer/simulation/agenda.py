"""What is to come in a run, in the order of time: by whole seconds, each of which is sorted once it is there.

A run looks at the clock once a second anyway, and holds hundreds of calls: to sort some tens of them at a time costs
a good part less than one heap of all.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterator
from math import ceil
from typing import TypeVar

T = TypeVar("T")

Entry = tuple[float, int, Callable[..., None], object]
"""When, which in order of those of the same moment, what is to be done, and with what."""


class Agenda:
    """See the module. Times are seconds of the run."""

    def __init__(self) -> None:
        self._later: defaultdict[int, list[Entry]] = defaultdict(list)
        """By the whole second at which the time is there at the latest."""
        self._here: list[Entry] = []
        self._second = -1
        """The one that was played last, or is."""
        self._plays = False
        self._count = 0

    def push(self, at_s: float, what: Callable[[T], None], which: T) -> None:
        """``what`` is to be done with ``which`` at a time that has not passed; of one moment, the first first."""
        self._count += 1
        second = ceil(at_s)
        if second <= self._second:
            if self._plays:
                insort(self._here, (at_s, self._count, what, which))
                return
            second = self._second + 1
        self._later[second].append((at_s, self._count, what, which))

    def due(self, second: int) -> Iterator[Entry]:
        """What is due from the second before to this one, in order; what is pushed meanwhile may come in between."""
        self._second, self._here, self._plays = second, self._later.pop(second, []), True
        self._here.sort()
        yield from self._here
        self._plays = False

    @property
    def next_second(self) -> int | None:
        """The first one in which something is due; None: nothing is."""
        return min(self._later, default=None)
