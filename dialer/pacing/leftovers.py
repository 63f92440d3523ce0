"""What a law that counts a day still holds of the stretches of work before.

A window that slides loses their answers from the oldest on. What stays of them for a while may hold more abandoned
calls than the cap allows of it, though the whole did not: at worst the last call alone, and it abandoned. So much the
stretch that goes on has to make up for.

The same becomes of its own last answers: a day later they stand alone until the next day has answers of its own. So
what comes after a calm beginning keeps to the cap by itself, and does not live on what the beginning left over.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from dialer.pacing.kept import Kept, numbers

SLICE_S = 300.0
"""Answers are held in slices of so long, each of which is lost as a whole, with its last answer."""

LATE_ALLOWS = 6.0
"""Last answers of which the cap allows fewer abandoned calls are not looked at (of 3%: fewer than 200 answers): one
abandoned call is more than the cap allows of the last thirty. To hold half as many costs a team of eight one to two
points of its time, and does not keep who go home at once from leaving phones that ring."""

SLICE_FIGURES = 5
"""Numbers of a slice in a saved state."""


@dataclass(slots=True)
class Slice:
    """Answers of a few minutes. ``excess``: the abandoned less what the cap allows of them; ``tail``: the same of
    those of its last answers that have the most of it, 0 at least."""

    ends_s: float
    answers: float = 0.0
    excess: float = 0.0
    tail: float = 0.0


class Leftovers:
    """Keeps the answers of ``window_s`` as slices; see the module. Times are seconds on the budget's own clock."""

    def __init__(self, cap: float, window_s: float) -> None:
        self._cap = cap
        self._window_s = window_s
        self._before: list[Slice] = []
        """Of stretches that have ended."""
        self._running: list[Slice] = []
        """Of the one that goes on."""
        self._late: float | None = None
        """See :attr:`late`; None: to be reckoned."""
        self.owed = 0.0
        """Abandoned calls that the stretch that goes on has to make up for: the most that any window to come holds of
        the stretches before, over the cap."""

    def answered(self, at_s: float, abandoned: bool) -> None:
        """A person met an agent in time, or nobody."""
        if not self._running or at_s >= self._running[-1].ends_s:
            self._running.append(Slice(at_s + SLICE_S))
        last, more = self._running[-1], abandoned - self._cap
        self._late = None
        last.answers += 1
        last.excess += more
        last.tail = max(0.0, last.tail + more)

    def stretch_ended(self) -> None:
        """What goes on from now is another one."""
        self._before += self._running
        self._running, self._late = [], None
        self._reckon()

    def look(self, at_s: float) -> None:
        """Time has passed."""
        if self._before and self._before[0].ends_s <= at_s - self._window_s:
            self._before = [each for each in self._before if each.ends_s > at_s - self._window_s]
            self._reckon()

    def _reckon(self) -> None:
        self.owed = newer = 0.0
        for each in reversed(self._before):
            self.owed = max(self.owed, newer + each.tail)
            newer += each.excess

    @property
    def late(self) -> float:
        """The abandoned calls, less what the cap allows of them, of those last answers of the stretch that goes on
        that have the most, and are enough to tell by; -inf: none are."""
        if self._late is None:
            self._late, newer, answers = -inf, 0.0, 0.0
            for each in reversed(self._running):
                if self._cap * answers >= LATE_ALLOWS:
                    self._late = max(self._late, newer + each.tail)
                answers += each.answers
                newer += each.excess
                if self._cap * answers >= LATE_ALLOWS:
                    self._late = max(self._late, newer)
        return self._late

    def state(self, at_s: float) -> list[float]:
        """What is held, as JSON values, five numbers a slice: 1 where it is of the stretch that goes on, in how many
        seconds it ends, and its figures."""
        return [
            figure
            for runs, held in ((0.0, self._before), (1.0, self._running))
            for each in held
            for figure in (runs, each.ends_s - at_s, each.answers, each.excess, each.tail)
        ]

    def restore(self, state: Kept, key: str, at_s: float, parts: int = 1) -> None:
        """Take over what :meth:`state` gave and ``state`` has as ``key``, or one of so many equal ``parts``.

        Raises:
            ValueError: it is no such state.
        """
        figures = numbers(state, key)
        if len(figures) % SLICE_FIGURES:
            raise ValueError(f"saved pacing state: {key}: expected {SLICE_FIGURES} numbers a slice")
        self._before, self._running, self._late = [], [], None
        for runs, ends_s, answers, excess, tail in zip(*[iter(figures)] * SLICE_FIGURES, strict=True):
            held = self._running if runs else self._before
            held.append(Slice(at_s + ends_s, answers / parts, excess / parts, tail / parts))
        self._reckon()
