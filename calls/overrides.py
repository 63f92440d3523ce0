"""Overrides of opening hours: what a supervisor sets by hand goes before the clock, for every flow that names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OverrideState(StrEnum):
    """What the hours are, whatever the clock says."""

    OPEN = "open"
    CLOSED = "closed"
    EMERGENCY = "emergency"
    """Something has happened: flows with a way for it go there at once."""


@dataclass(frozen=True, slots=True)
class Override:
    """One override. ``until``: it holds before that instant (aware); None: until it is cleared."""

    state: OverrideState
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """True where it is in force at the instant ``at``."""
        return self.until is None or at < self.until
