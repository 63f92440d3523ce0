"""The share of dials that a person answers, learnt as dials come to their end; changes are found within minutes.

Strata differ by their weights (:mod:`dialer.pacing.strata`); what is learnt here is the share of a dial whose weight
is 1, so that another mix of strata is no change. A dial counts only when all dials of its second have come to their
end: answers are quicker than failures, so a dial that counted at once would make the share look high.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import inf, sqrt
from typing import NamedTuple

from dialer.pacing.kept import Kept, flag, listed, number, numbers, part, whole
from dialer.pacing.model import Stratum
from dialer.pacing.strata import Strata

PRIOR_LIVE, PRIOR_DIALS = 10.0, 20.0
"""A high share to begin with: a lower one costs a tenth of the first hour's answers."""

BLOCK = 16
"""Dials are kept in blocks of this many."""

MEMORY_BLOCKS = 96
PRIOR_UNTIL_BLOCKS = 32

WINDOWS = ((1, 6.0), (2, 5.0), (3, 4.6), (5, 4.2), (10, 4.0), (20, 4.0), (40, 4.0))
"""The last so many blocks are another share than those before them when they lie so many deviations apart: high
enough that chance does it less than about once a day at ten dials a second."""


MIX_DIALS = 64.0
"""The mix of strata is that of about so many dials."""

HIGHEST = 0.98


class Block(NamedTuple):
    """Some dials that came to their end: how many, persons among them, and the sum of the weights of their strata."""

    dials: float
    lives: float
    weights: float

    def and_(self, dials: float, lives: float, weights: float) -> Block:
        """With some more."""
        return Block(self.dials + dials, self.lives + lives, self.weights + weights)


NOTHING = Block(0.0, 0.0, 0.0)


class AnswerRate:
    """Learns ``share``: persons per dial of weight 1."""

    def __init__(self) -> None:
        self.strata = Strata()
        self._mix = 1.0
        """The mean weight of what was dialled lately."""
        self._open: dict[int, dict[Stratum, list[int]]] = {}
        """By the second of the dial, and stratum: ended, answered by a person."""
        self._from_s = -inf
        """Dials made before this do not count."""
        self._block = NOTHING
        self._blocks: deque[Block] = deque(maxlen=MEMORY_BLOCKS)
        self._known = NOTHING
        """The sum of the blocks."""
        self._prior = True
        self.resolved = 0
        """Dials that counted so far."""
        self.changes = 0
        self.share = PRIOR_LIVE / PRIOR_DIALS

    @property
    def live(self) -> float:
        """Persons per dial, as the strata are mixed now."""
        return min(self.share * self._mix, HIGHEST)

    def live_of(self, weight: float) -> float:
        """Persons per dial of strata with this weight."""
        return min(self.share * weight, HIGHEST)

    def forget_before(self, at_s: float) -> None:
        """Dials made before ``at_s`` say nothing, those too that end later: the trunk was down."""
        self._from_s = at_s
        self._open = {second: cohort for second, cohort in self._open.items() if second >= int(at_s)}

    def ended(self, dialled_at_s: float, live: bool, stratum: Stratum = "") -> None:
        """A dial came to its end."""
        if dialled_at_s < self._from_s:
            return
        second = int(dialled_at_s)
        cohort = self._open.get(second)
        if cohort is None:
            cohort = self._open[second] = {}
        counted = cohort.get(stratum)
        if counted is None:
            cohort[stratum] = [1, int(live)]
        else:
            counted[0] += 1
            counted[1] += live

    def settle(self, still_ringing_s: Iterable[float], longest_s: float, now: float, *, learn: bool) -> bool:
        """Count the seconds none of whose dials rings any more; True where that changed the share.

        ``learn`` False: what came to its end says nothing and is let go.
        """
        if not self._open:
            return False
        ringing = set(map(int, set(still_ringing_s)))  # many are of one moment
        done = [second for second in self._open if second not in ringing or second < now - longest_s]
        for second in done:
            cohort = self._open.pop(second)
            for stratum, (ended, live) in cohort.items() if learn else ():
                self.count(ended, live, stratum)
        return bool(done)

    def count(self, dials: int, live: int, stratum: Stratum = "") -> None:
        """Learn from ``dials`` of which ``live`` were answered by persons."""
        weight = self.strata.weight(stratum)
        self._mix += (weight - self._mix) * min(1.0, dials / MIX_DIALS)
        self.strata.learn(stratum, dials, live, self.share)
        self.resolved += dials
        self._block = self._block.and_(dials, live, dials * weight)
        if self._block.dials >= BLOCK:
            self._blocks.append(self._block)
            self._block = NOTHING
            self._known = _summed(self._blocks)
            self._look_for_change()
            self._prior = self._prior and len(self._blocks) < PRIOR_UNTIL_BLOCKS
        lives, weights = self._known.lives + self._block.lives, self._known.weights + self._block.weights
        if self._prior:
            lives, weights = lives + PRIOR_LIVE, weights + PRIOR_DIALS
        self.share = (lives + 0.25) / (weights + 1.0)

    def _look_for_change(self) -> None:
        count, looked = len(self._blocks), 0
        dials, lives, weights = NOTHING
        for size, deviations in WINDOWS:
            if size * 2 > count:
                return
            while looked < size:
                looked += 1
                block = self._blocks[-looked]
                dials, lives, weights = dials + block[0], lives + block[1], weights + block[2]
            late, early = Block(dials, lives, weights), self._known.and_(-dials, -lives, -weights)
            if _apart(late, early) > deviations:
                for _ in range(count - size):
                    self._blocks.popleft()
                self._known = _summed(self._blocks)
                self._prior = False
                self.changes += 1
                return

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values."""
        return {
            "strata": self.strata.state(),
            "mix": self._mix,
            "open": [
                [second, stratum if isinstance(stratum, str) else list(stratum), *counted]
                for second, cohort in self._open.items()
                for stratum, counted in cohort.items()
            ],
            "block": _shown(self._block),
            "blocks": [_shown(each) for each in self._blocks],
            "prior": self._prior,
            "resolved": self.resolved,
            "changes": self.changes,
            "share": self.share,
        }

    def restore(self, state: Kept) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            ValueError: it is no such state.
        """
        self._from_s = -inf  # of another run's clock
        self.strata.restore(part(state, "strata"))
        self._mix = number(state, "mix")
        self._open = {}
        for row in listed(state, "open"):
            second, stratum, ended, live = _open_row(row)
            self._open.setdefault(second, {})[stratum] = [ended, live]
        self._block = Block(*numbers(state, "block", 3))
        self._blocks = deque(
            (Block(*numbers({"blocks": each}, "blocks", 3)) for each in listed(state, "blocks")), maxlen=MEMORY_BLOCKS
        )
        self._known = _summed(self._blocks)
        self._prior = flag(state, "prior")
        self.resolved, self.changes = whole(state, "resolved"), whole(state, "changes")
        self.share = number(state, "share")


def _summed(blocks: Iterable[Block]) -> Block:
    return Block(*map(sum, zip(*blocks, strict=True))) if blocks else NOTHING


def _shown(block: Block) -> list[float]:
    return [block.dials, block.lives, block.weights]


def _open_row(row: object) -> tuple[int, Stratum, int, int]:
    match row:
        case [int(second), str(stratum), int(ended), int(live)]:
            return second, stratum, ended, live
        case [int(second), list(levels), int(ended), int(live)]:
            return second, tuple(levels), ended, live
        case _:
            raise ValueError(f"saved pacing state: open: expected [second, stratum, ended, live], found {row!r:.60}")


def _apart(late: Block, early: Block) -> float:
    """How many standard deviations two shares lie apart, each of dials whose weight is 1."""
    share = (late.lives + early.lives + 0.5) / (late.dials + early.dials + 1)
    difference = late.lives / late.weights - early.lives / early.weights
    sd = sqrt(share * (1 - share) * (late.dials / late.weights**2 + early.dials / early.weights**2))
    return abs(difference) / sd
