"""The two clocks of a process, passed as a value so that tests and simulations bring their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is: the monotonic clock for durations and deadlines, the civil one for records and hours."""

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back. Only differences mean anything."""

    def now(self) -> datetime:
        """The aware UTC time."""


class SystemClock:
    """The machine's clocks."""

    def monotonic_s(self) -> float:
        """See :class:`Clock`."""
        return time.monotonic()

    def now(self) -> datetime:
        """See :class:`Clock`."""
        return datetime.now(UTC)
