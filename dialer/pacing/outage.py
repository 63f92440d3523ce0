"""A trunk that reaches nobody, told from people who do not answer.

By the cause where one is given: a failure of the network says nothing of people. By silence where none is: after so
many dials without any sign of a far end that chance would hardly do it. While it lasts the share of answers is not
learnt, so there is no burst of dials when the trunk is back.
"""

from __future__ import annotations

from math import log

from dialer.pacing.kept import Kept, whole

NETWORK = frozenset({27, 34, 38, 41, 42, 47, 58, 63, 102, 127})
"""Q.850 causes of a trunk or a network: destination out of order, no circuit, network out of order, temporary
failure, congestion, resource, bearer or service not available, timer expired, interworking."""

FAR_END = frozenset({1, 17, 21, 22, 28})
"""Causes that only a working trunk brings: unallocated, busy, rejected, number changed, invalid number."""

CHANCE = 1e-4
"""Silence this unlikely is taken for an outage."""

MOST_SHARE = 0.9
LEAST_SILENT = 4
_LOG_CHANCE = log(CHANCE)
"""Fewer are no outage even where nine of ten dials are answered."""

FAILED_IN_A_ROW = 5
"""Dials that the network refused, nothing else between: the trunk is down."""


class Outage:
    """Whether the trunk seems to be down."""

    def __init__(self) -> None:
        self._silent = 0
        self._refused = 0

    def reached(self) -> None:
        """A far end was heard."""
        self._silent = self._refused = 0

    def failed(self, cause: int | None) -> bool:
        """A dial came to nothing; True where that says something of people."""
        if cause in NETWORK:
            self._refused += 1
            return False
        if cause in FAR_END:
            self.reached()
            return True
        self._silent += 1
        self._refused = 0
        return True

    @property
    def suspected(self) -> bool:
        """False, as mostly: it cannot be down."""
        return self._silent >= LEAST_SILENT or self._refused >= FAILED_IN_A_ROW

    def reason(self, answered_share: float) -> str:
        """Why the trunk is taken to be down; "" where it is not. ``answered_share``: answers of any kind per dial."""
        if self._refused >= FAILED_IN_A_ROW:
            return f"the network refused the last {self._refused} dials"
        answered = min(max(answered_share, 0.001), MOST_SHARE)
        if self._silent >= LEAST_SILENT and self._silent >= _LOG_CHANCE / log(1.0 - answered):
            return f"none of the last {self._silent} dials was answered"
        return ""

    def state(self) -> dict[str, object]:
        """What was seen, as JSON values."""
        return {"silent": self._silent, "refused": self._refused}

    def restore(self, state: Kept) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            ValueError: it is no such state.
        """
        self._silent, self._refused = whole(state, "silent"), whole(state, "refused")
