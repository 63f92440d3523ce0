"""A breaker: after some failures in a row nothing is tried for a while, since trying costs callers their time."""

from __future__ import annotations


class Breaker:
    """Counts failures in a row. ``now`` is of any clock that never goes back, in seconds."""

    def __init__(self, *, failures: int = 3, hold_s: float = 30.0) -> None:
        self._most = failures
        self._hold_s = hold_s
        self._failures = 0
        self._held_until = float("-inf")

    def allows(self, now: float) -> bool:
        """True where trying is not held off."""
        return now >= self._held_until

    def failed(self, now: float) -> None:
        """One more failure. The first one after a time of holding off begins another."""
        self._failures += 1
        if self._failures >= self._most:
            self._held_until = now + self._hold_s

    def succeeded(self) -> None:
        """The failures in a row are over."""
        self._failures = 0
