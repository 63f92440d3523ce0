"""Agent-seconds of a run, by hour: how long agents talked, wrapped up and were there, and numbers rang.

Whoever enters a phase takes its moment off the phase's sum and adds the moment of leaving: two additions a phase,
however many others are in it. What is still in a phase at the end of an hour is added then.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from dialer.simulation.scenario import HOUR_S
from dialer.simulation.tally import Tally


@dataclass(slots=True)
class Inside:
    """How many are in each phase."""

    talking: int
    wrapping: int
    ringing: int
    there: int


class Presence:
    """The sums; ``next_s``: when they are to be booked next, the end of the warm-up or of an hour."""

    def __init__(self, tally: Tally, warm_up_s: float) -> None:
        self.talking_s = self.wrapping_s = self.ringing_s = self.there_s = 0.0
        """The moments of leaving less those of entering, of this hour."""
        self._tally = tally
        self._warm_up_s = warm_up_s
        self._hour = 0
        self._booked_s = 0.0
        self.next_s = min(HOUR_S, warm_up_s if warm_up_s > 0 else inf)

    def book(self, now: float, inside: Inside) -> None:
        """Count what was until ``now``, no later than ``next_s``."""
        if now <= self._booked_s:
            return
        self._booked_s = now
        talking_s = self.talking_s + now * inside.talking
        wrapping_s = self.wrapping_s + now * inside.wrapping
        there_s = self.there_s + now * inside.there
        if now > self._warm_up_s:
            self._tally.talking_s += talking_s
            self._tally.wrapping_s += wrapping_s
            self._tally.ringing_s += self.ringing_s + now * inside.ringing
            self._tally.logged_in_s += there_s
            hour = self._tally.hour(self._hour)
            hour.busy_s += talking_s + wrapping_s
            hour.logged_in_s += there_s
        self.talking_s, self.wrapping_s = -now * inside.talking, -now * inside.wrapping
        self.ringing_s, self.there_s = -now * inside.ringing, -now * inside.there
        self._hour = int(now // HOUR_S)
        hour_ends = (self._hour + 1) * HOUR_S
        self.next_s = min(hour_ends, self._warm_up_s) if self._warm_up_s > now else hour_ends
