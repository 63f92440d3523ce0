"""Predictive pacing: dials ahead of agents who will be free, as far as the budget of abandoned calls allows.

Each decision looks over the time a new dial may ring: who will be free by then, who will have answered before. One
more dial is made while the chance that its person finds nobody stays under a threshold; feedback over the outcomes
holds the threshold where the cap asks for it. It learns all it needs while it runs, starts without risk, and reads no
clock and no randomness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from dialer.pacing.budget import CREDIT_S, MOST_AIM, Account, Budget, Mode
from dialer.pacing.expected import Expected
from dialer.pacing.forecast import CHUNK, EXACT_COINS, MOST_AT_ONCE, exact_chances, normal_chances
from dialer.pacing.kept import Kept, part, whole
from dialer.pacing.learnt import Learnt
from dialer.pacing.model import (
    Abandoned,
    AgentLeft,
    Connected,
    Dialled,
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


DAY_S = 8 * 3600.0
WORKED = 0.97
"""Of the time that a team may expect to work, for a guess at the day's answers: the guard counts on those that are
still to come, so rather a few less."""

MODES = {
    Mode.STEERED: "",
    Mode.GUARDED: ": with what is under way one more might break it, so no risk is taken",
    Mode.NONE_RISKED: ": it allows too few to steer by, so none is risked",
}


AT_ONCE_S = 0.9
SHARE_AT_ONCE = 0.16
"""Of the agents: more dials than this are not added in one second, so that those that ring are of all ages."""


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
    mode: Mode = Mode.STEERED
    answers: float = 0.0
    """Persons who are expected to answer in the legal window."""


class Predictive:
    """See the module."""

    unheard: frozenset[type] = frozenset((Dialled, AgentLeft))
    """What it does nothing with: the snapshot shows who rings and who is there."""

    def __init__(
        self,
        abandonment_cap: float,
        connect_within_s: float,
        no_answer_s: float,
        most_aim: float = MOST_AIM,
        window_s: float | None = None,
    ) -> None:
        """``window_s``: over how long the law counts; None: nobody has said."""
        self._cap = abandonment_cap
        self._within_s = connect_within_s
        self._no_answer_s = no_answer_s
        self.learnt = Learnt(connect_within_s, no_answer_s)
        self._budget = Budget(abandonment_cap, most_aim, window_s)
        self._expected = Expected()
        self._agents = 0
        self._last = Decision()

    def observe(self, seen: Observation) -> None:
        """Learn from what happened."""
        match seen:
            case NoAnswer() | LiveAnswer() | MachineAnswer():
                self.learnt.dial_ended(seen)
            case Connected():
                self._budget.outcome(seen.waited_s > self._within_s, self._agents)
            case Abandoned():
                self._budget.outcome(True, self._agents)
            case TalkEnded():
                self.learnt.talk.ended(seen.talk_s)
            case WrapEnded():
                self.learnt.wrap.ended(seen.wrap_s)
            case Dialled() | AgentLeft():
                pass
            case _:
                assert_never(seen)

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        self.learnt.look(snapshot)
        busy = len(snapshot.talking_since_s) + len(snapshot.wrapping_since_s)
        self._agents = snapshot.ready + busy + snapshot.reserved
        self._expected.look(snapshot.at_s, busy, self._agents)
        self._budget.look(snapshot.at_s)
        self._last = self._decision(snapshot)
        return self._last.dials

    def _decision(self, seen: Snapshot) -> Decision:
        under_way = len(seen.ringing_since_s) + len(seen.detecting_since_s) + seen.waiting
        window = Account(seen.window_answers, seen.window_abandons)
        coming = self.learnt.rate.live * under_way
        day = self._answers_of_a_day()
        answers = max(day, seen.window_answers, self._budget.run.answers)
        mode, threshold = self._budget.threshold(window, answers, coming, day * CREDIT_S / DAY_S)
        spare = max(0, seen.ready - under_way - self._claimed(seen))
        risk = 0.0
        if self._agents <= 0:
            wanted, reason = 0, "no agent is at work"
        elif seen.inbound_waiting > 0:
            wanted, reason = 0, f"inbound calls wait: {seen.inbound_waiting}"
        elif self.learnt.rate.resolved < FIRST_DIALS:
            wanted, reason = spare, "one line for each free agent until the first dials have come to their end"
        elif down := self.learnt.down():
            wanted, reason = spare, f"{down}: the trunk may be down, so one line for each free agent"
        else:
            wanted, risk = self._look_ahead(seen, threshold)
            wanted = max(wanted, spare)
            reason = "the next dial would find nobody too often" if not wanted else "agents will be free in time"
        dials = max(0, min(wanted, seen.lines_free))
        if dials < wanted:
            reason = f"{wanted} wanted, and lines or calls per second leave {dials}"
        return Decision(dials, wanted, reason, self._agents, under_way, seen.ready, threshold, risk, mode, answers)

    def _answers_of_a_day(self) -> float:
        """Persons who will answer this team in a day: so many it can serve."""
        works = WORKED * self._expected.occupancy(self._agents, steered=True)
        return self._agents * DAY_S * works / self.learnt.handling_s

    def _claimed(self, seen: Snapshot) -> int:
        """Agents who will not be there for a person who answers half the ring time from now: those who have announced
        that they leave, and those whom inbound calls will take."""
        soon_s = self._no_answer_s / 2
        leaving = sum(at_s <= seen.at_s + soon_s for at_s in seen.leaving_at_s)
        return leaving + round(seen.inbound_rate_per_s * soon_s)

    def _look_ahead(self, seen: Snapshot, threshold: float) -> tuple[int, float]:
        """How many dials stay under the threshold, and the risk of the first that does not."""
        bound = self._at_once(seen)
        chances = self.chances(seen)(max(CHUNK, bound) if seen.lines_free >= CHUNK else max(1, seen.lines_free))
        over = chances > threshold
        first = int(over.argmax())
        if not over[first]:
            return min(len(chances), bound), float(chances[-1])
        return min(first, bound), float(chances[first])

    def _at_once(self, seen: Snapshot) -> int:
        """How many may be added now, however often it is asked in a second."""
        since_s = seen.at_s - AT_ONCE_S
        fresh = len([None for each in seen.ringing_since_s if each > since_s])
        return max(0, min(MOST_AT_ONCE, max(CHUNK, int(SHARE_AT_ONCE * self._agents)) - fresh))

    def chances(self, seen: Snapshot) -> Callable[[int], Floats]:
        """Of so many dials made now, for one more after 0, 1, 2, … of them: that its person finds nobody."""
        learnt = self.learnt
        detecting = len(seen.detecting_since_s)
        under_way = len(seen.ringing_since_s) + detecting + seen.waiting
        short = under_way - seen.ready + self._claimed(seen)
        coins = self._agents - seen.ready - seen.reserved + len(seen.ringing_since_s) + detecting
        if coins <= EXACT_COINS:
            rows = learnt.coins(seen)
            return lambda most: exact_chances(rows, short, learnt.new_dials(seen, max(most, CHUNK)), learnt.arrivals)
        moments = learnt.moments(seen)
        return lambda most: normal_chances(moments, short, learnt.new_dials(seen, max(most, CHUNK)), learnt.arrivals)

    def explain(self) -> Explanation:
        """Why the last decision was what it was: the forecast, the budget, the reason; see docs/pacing.md."""
        last, learnt, run = self._last, self.learnt, self._budget.run
        figures: dict[str, int | float | str] = {
            "wanted": last.wanted,
            "dials": last.dials,
            "agents": last.agents,
            "ready": last.ready,
            "under_way": last.under_way,
            "answer_rate": round(learnt.rate.live, 4),
            "handling_s": round(learnt.handling_s, 1),
            "risk": round(last.risk, 5),
            "threshold": round(last.threshold, 5),
            "budget": last.mode.value,
            "answers": run.answers,
            "abandons": run.abandons,
            "cap": self._cap,
            "expected_occupancy": round(self._occupancy(last), 3),
            "expected_answers": round(last.answers),
        }
        return Explanation(f"{last.reason}{self._words(last)}", figures)

    def _words(self, last: Decision) -> str:
        if last.agents <= 0:
            return ""
        run = self._budget.run
        share = f"{100 * self.learnt.rate.live:.1f}% of dials reach a person"
        forecast = f"{last.ready} of {last.agents} agents free, {last.under_way} calls under way, {share}"
        risk = f"risk of one more {100 * last.risk:.2f}%, allowed {100 * last.threshold:.2f}%"
        spent = f"{run.abandons} of {run.answers} abandoned, cap {100 * self._cap:g}%"
        working = f"agents may expect to work {100 * self._occupancy(last):.0f}% of their time"
        return f" ({forecast}; {risk}; {spent}{MODES[last.mode]}; {working})"

    def _occupancy(self, last: Decision) -> float:
        return self._expected.occupancy(last.agents, steered=last.mode is not Mode.NONE_RISKED)

    def state(self) -> dict[str, object]:
        """What was learnt, as JSON values: a policy that restores it decides as this one does from now on."""
        return {
            "learnt": self.learnt.state(),
            "budget": self._budget.state(),
            "expected": self._expected.state(),
            "agents": self._agents,
        }

    def restore(self, state: Kept, parts: int = 1) -> None:
        """Take over what :meth:`state` gave. ``parts``: so many policies go on from it side by side, and share what
        it had abandoned.

        Raises:
            ValueError: it is no such state.
        """
        self.learnt.restore(part(state, "learnt"))
        self._budget.restore(part(state, "budget"), parts)
        self._expected.restore(part(state, "expected"))
        self._agents = whole(state, "agents")
