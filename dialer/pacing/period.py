"""A batch of dials decided once in a period: for policies that work at a beat of their own."""

from __future__ import annotations

from dialer.pacing.model import Snapshot

BATCH_S = 0.9
"""A batch goes out within this, or not at all: whoever asks again meanwhile is told what is left of it."""


class Period:
    """Says when the next batch is due, and what is left of the last one."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next_s: float | None = None
        self._began_s = 0.0
        self._batch = 0

    def due(self, at_s: float) -> bool:
        """True once in each period."""
        if self._next_s is not None and at_s < self._next_s:
            return False
        late = self._next_s is None or at_s - self._next_s >= self._every_s
        self._next_s = (at_s if late or self._next_s is None else self._next_s) + self._every_s
        return True

    def begin(self, at_s: float, batch: int) -> None:
        """The batch of the period that has just begun."""
        self._began_s, self._batch = at_s, max(0, batch)

    def left(self, seen: Snapshot) -> int:
        """What of the batch is not dialled yet, within the lines that are free."""
        if seen.at_s - self._began_s >= BATCH_S:
            return 0
        dialled = sum(since >= self._began_s for since in seen.ringing_since_s)
        return max(0, min(self._batch - dialled, seen.lines_free))
