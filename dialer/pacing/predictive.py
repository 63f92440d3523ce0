"""Predictive pacing: dials ahead of agents who will be free, as far as the budget of abandoned calls allows.

Each decision looks over the time a new dial may ring: who will be free by then, who will have answered before. One
more dial is made while the chance that its person finds nobody stays under a threshold; feedback over the outcomes
holds the threshold where the cap asks for it. It learns all it needs while it runs, starts without risk, and reads no
clock and no randomness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dialer.pacing.budget import Account, Budget
from dialer.pacing.forecast import CHUNK, EXACT_COINS, MOST_AT_ONCE, exact_chances, normal_chances
from dialer.pacing.kept import Kept, part
from dialer.pacing.learnt import Learnt
from dialer.pacing.model import (
    Abandoned,
    Connected,
    Explanation,
    LiveAnswer,
    MachineAnswer,
    NoAnswer,
    Observation,
    Snapshot,
    TalkEnded,
    WrapEnded,
)
from dialer.pacing.ring import Floats

FIRST_DIALS = 40
"""One line for each free agent until so many dials have come to their end."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The last decision, from which its explanation is made when somebody asks."""

    dials: int = 0
    wanted: int = 0
    reason: str = "nothing was asked yet"
    agents: int = 0
    under_way: int = 0
    ready: int = 0
    threshold: float = 0.0
    risk: float = 0.0
    """The chance that the next dial's person would find nobody."""


class Predictive:
    """See the module."""

    def __init__(self, abandonment_cap: float, connect_within_s: float, no_answer_s: float) -> None:
        self._cap = abandonment_cap
        self._within_s = connect_within_s
        self._learnt = Learnt(connect_within_s, no_answer_s)
        self._budget = Budget(abandonment_cap)
        self._agents = 0
        self._last = Decision()

    def observe(self, seen: Observation) -> None:
        """Learn from what happened."""
        match seen:
            case LiveAnswer() | MachineAnswer() | NoAnswer():
                self._learnt.dial_ended(seen)
            case Connected():
                self._budget.outcome(seen.waited_s > self._within_s, self._agents)
            case Abandoned():
                self._budget.outcome(True, self._agents)
            case TalkEnded():
                self._learnt.talk.ended(seen.talk_s)
            case WrapEnded():
                self._learnt.wrap.ended(seen.wrap_s)
            case _:
                pass

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        self._learnt.look(snapshot)
        busy = len(snapshot.talking_since_s) + len(snapshot.wrapping_since_s)
        self._agents = snapshot.ready + busy + snapshot.reserved
        self._last = self._decision(snapshot)
        return self._last.dials

    def _decision(self, seen: Snapshot) -> Decision:
        under_way = len(seen.ringing_since_s) + len(seen.detecting_since_s) + seen.waiting
        threshold = self._budget.threshold(Account(seen.window_answers, seen.window_abandons))
        spare = max(0, seen.ready - under_way)
        risk = 0.0
        if self._agents <= 0:
            wanted, reason = 0, "no agent is at work"
        elif seen.inbound_waiting > 0:
            wanted, reason = 0, f"inbound calls wait: {seen.inbound_waiting}"
        elif self._learnt.rate.resolved < FIRST_DIALS:
            wanted, reason = spare, "one line for each free agent until the first dials have come to their end"
        elif down := self._learnt.down():
            wanted, reason = spare, f"{down}: the trunk may be down, so one line for each free agent"
        else:
            wanted, risk = self._look_ahead(seen, threshold)
            reason = "the next dial would find nobody too often" if not wanted else "agents will be free in time"
        dials = max(0, min(wanted, seen.lines_free))
        if dials < wanted:
            reason = f"{wanted} wanted, and lines or calls per second leave {dials}"
        return Decision(dials, wanted, reason, self._agents, under_way, seen.ready, threshold, risk)

    def _look_ahead(self, seen: Snapshot, threshold: float) -> tuple[int, float]:
        """How many dials stay under the threshold, and the risk of the first that does not."""
        most = min(CHUNK, max(1, seen.lines_free))
        chances = self._chances(seen, most)
        over = np.flatnonzero(chances > threshold)
        if not len(over) and most == CHUNK:
            chances = self._chances(seen, MOST_AT_ONCE)
            over = np.flatnonzero(chances > threshold)
        if not len(over):
            return len(chances), float(chances[-1])
        return int(over[0]), float(chances[over[0]])

    def _chances(self, seen: Snapshot, most: int) -> Floats:
        """For one more dial after 0, 1, 2, … made with it: the chance that its person finds nobody."""
        learnt = self._learnt
        detecting = len(seen.detecting_since_s)
        under_way = len(seen.ringing_since_s) + detecting + seen.waiting
        short = under_way - seen.ready
        new = 1.0 - learnt.unanswered[0]
        coins = self._agents - seen.ready - seen.reserved + len(seen.ringing_since_s) + detecting
        if coins <= EXACT_COINS:
            return exact_chances(learnt.coins(seen), short, new, learnt.arrivals)
        return normal_chances(learnt.moments(seen), short, new, learnt.arrivals, most)

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return Explanation("")

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values."""
        return {"learnt": self._learnt.state(), "budget": self._budget.state()}

    def restore(self, state: Kept) -> None:
        """Take over what :meth:`state` gave.

        Raises:
            ValueError: it is no such state.
        """
        self._learnt.restore(part(state, "learnt"))
        self._budget.restore(part(state, "budget"))
