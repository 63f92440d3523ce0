"""A value that is costly to make, made once in a while for everybody who asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Asked by any number of threads at any time; what it gives is at most ``every_s`` old."""

    def __init__(self, make: Callable[[], T], every_s: float, monotonic_s: Callable[[], float]) -> None:
        self._make = make
        self._every_s = every_s
        self._monotonic_s = monotonic_s
        self._made: tuple[float, T] | None = None
        self._lock = threading.Lock()

    def get(self) -> T:
        """The value. Who comes while it is being made waits for it; where making it fails, the next one tries."""
        with self._lock:
            now_s = self._monotonic_s()
            if self._made is None or now_s - self._made[0] >= self._every_s:
                self._made = (now_s, self._make())
            return self._made[1]
