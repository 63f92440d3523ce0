"""The predictive policy with a part of the future known: upper bounds, to say how much a better forecast could bring.

``TalkEndsKnown`` knows when each agent will be free. ``RingOutcomesKnown`` knows of each dial that rings whether and
when a person will answer; of a dial that is still to be made it knows nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dialer.pacing.forecast import CHUNK, EXACT_COINS, exact_chances, normal_chances
from dialer.pacing.learnt import Moments
from dialer.pacing.model import Snapshot
from dialer.pacing.predictive import Predictive
from dialer.pacing.ring import STEPS, Floats
from dialer.simulation.run import Run


class _Oracle(Predictive):
    """Takes its coins from the run it is in."""

    _world: Run | None = None

    def watch(self, world: Run) -> None:
        """From now on ``world`` is the run it is in."""
        self._world = world

    def agents(self, seen: Snapshot, world: Run) -> Floats:
        """See :meth:`dialer.pacing.learnt.Learnt.agents`."""
        return self.learnt.agents(seen)

    def dials(self, seen: Snapshot, world: Run) -> Floats:
        """See :meth:`dialer.pacing.learnt.Learnt.dials`."""
        return self.learnt.dials(seen)

    def chances(self, seen: Snapshot) -> Callable[[int], Floats]:
        """As of the policy itself, by what the oracle knows."""
        if self._world is None:
            raise AssertionError("an oracle outside a run")
        learnt = self.learnt
        coins = np.concatenate((self.agents(seen, self._world), self.dials(seen, self._world)))
        short = len(seen.ringing_since_s) + len(seen.detecting_since_s) + seen.waiting - seen.ready
        short += self._claimed(seen)
        if len(coins) <= EXACT_COINS:
            return lambda most: exact_chances(coins, short, learnt.new_dials(seen, max(most, CHUNK)), learnt.arrivals)
        moments = Moments.of(coins).table.sum(axis=0)
        return lambda most: normal_chances(moments, short, learnt.new_dials(seen, max(most, CHUNK)), learnt.arrivals)


class TalkEndsKnown(_Oracle):
    """Knows when each agent will be free."""

    def agents(self, seen: Snapshot, world: Run) -> Floats:
        """1 from the step on by which the agent is free."""
        free_at = np.array(list(world.free_at.values()))
        return (free_at[:, None] <= seen.at_s + self.learnt.horizons_s[None, :]).astype(np.float64)


class RingOutcomesKnown(_Oracle):
    """Knows who will answer of those whose phones ring."""

    def dials(self, seen: Snapshot, world: Run) -> Floats:
        """0 from the step on by which a person has answered."""
        answers_at = np.array(list(world.answers_at.values()))
        middles = seen.at_s + (np.arange(STEPS) + 0.5) * self.learnt.ring.step_s
        ringing = (answers_at[:, None] > middles[None, :]).astype(np.float64)
        return np.concatenate((ringing, self.learnt.dials(seen)[len(ringing) :]))
