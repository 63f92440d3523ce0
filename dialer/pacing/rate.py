"""The share of dials that a person answers, learnt as dials come to their end; changes are found within minutes.

A dial counts only when all dials of its second have come to their end: answers are quicker than failures, so a dial
that counted at once would make the share look high.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import sqrt

from dialer.pacing.kept import Kept, flag, number, numbers, rows, whole

PRIOR_LIVE, PRIOR_DIALS = 10.0, 20.0
"""A high share to begin with: a lower one costs a tenth of the first hour's answers."""

BLOCK = 16
"""Dials are kept in blocks of this many."""

MEMORY_BLOCKS = 96
PRIOR_UNTIL_BLOCKS = 32

WINDOWS = ((1, 6.0), (2, 5.0), (3, 4.6), (5, 4.2), (10, 4.0), (20, 4.0), (40, 4.0))
"""The last so many blocks are another share than those before them when they lie so many deviations apart: high
enough that chance does it less than about once a day at ten dials a second."""


class AnswerRate:
    """Learns ``live``: persons per dial."""

    def __init__(self) -> None:
        self._open: dict[int, list[int]] = {}
        """By the second of the dial: ended, answered by a person."""
        self._block = [0, 0]
        self._blocks: deque[tuple[int, int]] = deque(maxlen=MEMORY_BLOCKS)
        self._prior = True
        self.resolved = 0
        """Dials that counted so far."""
        self.changes = 0
        self.live = PRIOR_LIVE / PRIOR_DIALS

    def ended(self, dialled_at_s: float, live: bool) -> None:
        """A dial came to its end."""
        cohort = self._open.setdefault(int(dialled_at_s), [0, 0])
        cohort[0] += 1
        cohort[1] += live

    def settle(self, still_ringing_s: Iterable[float], longest_s: float, now: float, *, learn: bool) -> bool:
        """Count the seconds none of whose dials rings any more; True where that changed the share.

        ``learn`` False: what came to its end says nothing and is let go.
        """
        if not self._open:
            return False
        ringing = {int(since) for since in still_ringing_s}
        done = [second for second in self._open if second not in ringing or second < now - longest_s]
        for second in done:
            ended, live = self._open.pop(second)
            if learn:
                self.count(ended, live)
        return bool(done)

    def count(self, dials: int, live: int) -> None:
        """Learn from ``dials`` of which ``live`` were answered by persons."""
        self.resolved += dials
        self._block[0] += dials
        self._block[1] += live
        if self._block[0] >= BLOCK:
            self._blocks.append((self._block[0], self._block[1]))
            self._block = [0, 0]
            self._look_for_change()
            self._prior = self._prior and len(self._blocks) < PRIOR_UNTIL_BLOCKS
        dials_known = self._block[0] + sum(each[0] for each in self._blocks)
        lives_known = self._block[1] + sum(each[1] for each in self._blocks)
        if self._prior:
            dials_known, lives_known = dials_known + int(PRIOR_DIALS), lives_known + int(PRIOR_LIVE)
        self.live = (lives_known + 0.25) / (dials_known + 1.0)

    def _look_for_change(self) -> None:
        blocks = list(self._blocks)
        dials, lives = sum(each[0] for each in blocks), sum(each[1] for each in blocks)
        late_dials = late_lives = looked = 0
        for size, deviations in WINDOWS:
            if size * 2 > len(blocks):
                return
            for each in blocks[len(blocks) - size : len(blocks) - looked]:
                late_dials, late_lives = late_dials + each[0], late_lives + each[1]
            looked = size
            if _apart(late_dials, late_lives, dials - late_dials, lives - late_lives) > deviations:
                for _ in range(len(blocks) - size):
                    self._blocks.popleft()
                self._prior = False
                self.changes += 1
                return

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values."""
        return {
            "open": [[second, *cohort] for second, cohort in self._open.items()],
            "block": list(self._block),
            "blocks": [list(each) for each in self._blocks],
            "prior": self._prior,
            "resolved": self.resolved,
            "changes": self.changes,
            "live": self.live,
        }

    def restore(self, state: Kept) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            ValueError: it is no such state.
        """
        self._open = {second: [ended, live] for second, ended, live in rows(state, "open", 3)}
        self._block = [int(each) for each in numbers(state, "block", 2)]
        self._blocks = deque(((each[0], each[1]) for each in rows(state, "blocks", 2)), maxlen=MEMORY_BLOCKS)
        self._prior = flag(state, "prior")
        self.resolved, self.changes = whole(state, "resolved"), whole(state, "changes")
        self.live = number(state, "live")


def _apart(late: int, late_live: int, early: int, early_live: int) -> float:
    """How many standard deviations two shares lie apart."""
    share = (late_live + early_live + 0.5) / (late + early + 1)
    sd = sqrt(share * (1 - share) * (1 / late + 1 / early))
    return abs(late_live / late - early_live / early) / sd
