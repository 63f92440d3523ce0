"""Which attempt must be looked after next, though nothing is heard of it."""

from __future__ import annotations

import heapq
import itertools
from typing import Generic, Protocol, TypeVar


class Limited(Protocol):
    """Something with a time limit, which it moves at will."""

    limit_at: float


T = TypeVar("T", bound=Limited)


class Limits(Generic[T]):
    """The limits of all attempts, the earliest first; one that was moved since is passed over."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._count = itertools.count()

    def keep(self, each: T) -> None:
        """Its limit is another one now."""
        heapq.heappush(self._heap, (each.limit_at, next(self._count), each))

    def pop(self, now: float) -> T | None:
        """One whose limit has come; it is not given again until it is kept again. None: there is none."""
        at = self.next_at()
        return None if at is None or at > now else heapq.heappop(self._heap)[2]

    def next_at(self) -> float | None:
        """The earliest limit; None: there is none."""
        heap = self._heap
        while heap and heap[0][2].limit_at != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None
