"""How many days back a page looks, as its address says."""

from __future__ import annotations

from calls.errors import UserError


def days_of(days: str, usual: int, longest: int) -> int:
    """A number of days; ``usual`` where none is said.

    Raises:
        UserError: it is none, or beyond ``longest``, which has three digits at most.
    """
    if not days:
        return usual
    if not (days.isascii() and days.isdecimal() and len(days) <= 3 and 1 <= int(days) <= longest):
        raise UserError(f"days {days[:20]!r}: expected 1 to {longest}")
    return int(days)
