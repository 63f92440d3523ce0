"""What a leg's end says of its trunk."""

from __future__ import annotations

from calls.causes import Outcome, outcome_of


def is_congestion(cause: int | None) -> bool:
    """Whether a leg that was never heard ended since its trunk's carrier had no room. ``cause``: Q.850."""
    return outcome_of(cause, answered=False, timed_out=False, never_existed=False) is Outcome.CONGESTION
