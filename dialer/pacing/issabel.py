"""Issabel's predictor: agents whose talk has lasted long are taken for soon free.

Source: the call centre module of Issabel (CampaignProcess, Predictor), by its behaviour.
"""

from __future__ import annotations

from collections import deque
from math import exp

from dialer.pacing.model import (
    Explanation,
    LiveAnswer,
    MachineAnswer,
    NoAnswer,
    Observation,
    Snapshot,
    TalkEnded,
)
from dialer.pacing.period import Period

BEAT_S = 5.0
SOON = 0.97
NEEDS_TALKS = 10
SEED_ANSWER_S = 8.0
ANSWERS_KEPT = 20
LEAST_SHARE = 0.2
SHARE_OF_S = 1800.0


class Issabel:
    """The predictor; with ``over_commit`` divided by the share of dials that were answered lately. ``soon``: a talk
    that has come to an end with this chance counts as a free agent."""

    def __init__(
        self,
        abandonment_cap: float,
        connect_within_s: float,
        no_answer_s: float,
        soon: float = SOON,
        over_commit: bool = True,
    ) -> None:
        self._soon_at, self._over_commit = soon, over_commit
        self._period = Period(BEAT_S)
        self._talks, self._talk_s = 0, 0.0
        self._answer_s: deque[float] = deque([SEED_ANSWER_S] * ANSWERS_KEPT, maxlen=ANSWERS_KEPT)
        self._results: deque[tuple[float, bool]] = deque()
        self._answered = 0
        self._last = Explanation("nothing was asked yet")

    def observe(self, seen: Observation) -> None:
        """Mean talk, mean time to the answer, share answered."""
        match seen:
            case TalkEnded():
                self._talks += 1
                self._talk_s += seen.talk_s
            case LiveAnswer() | MachineAnswer():
                self._answer_s.append(seen.at_s - seen.dialled_at_s)
                self._result(seen.at_s, True)
            case NoAnswer():
                self._result(seen.at_s, False)
            case _:
                pass

    def _result(self, at_s: float, answered: bool) -> None:
        self._results.append((at_s, answered))
        self._answered += answered
        while self._results[0][0] < at_s - SHARE_OF_S:
            self._answered -= self._results.popleft()[1]

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        soon = self._soon(snapshot)
        share = self._share()
        agents = snapshot.ready + len(snapshot.talking_since_s)
        if self._period.due(snapshot.at_s):
            under_way = snapshot.waiting + len(snapshot.ringing_since_s) + len(snapshot.detecting_since_s)
            wanted = snapshot.ready + soon - under_way
            self._period.begin(snapshot.at_s, round(wanted / share) if agents else 0)
        dials = self._period.left(snapshot)
        self._last = Explanation(
            f"free {snapshot.ready}, soon free {soon}, {100 * share:.0f}% answered",
            {"ready": snapshot.ready, "soon": soon, "share": share, "dials": dials},
        )
        return dials

    def _share(self) -> float:
        """What is dialled is divided by it."""
        if not (self._over_commit and self._results):
            return 1.0
        return max(LEAST_SHARE, self._answered / len(self._results))

    def _soon(self, seen: Snapshot) -> int:
        if self._talks < NEEDS_TALKS:
            return 0
        mean_s = max(self._talk_s / self._talks, 0.001)
        answer_s = sum(self._answer_s) / len(self._answer_s)
        return sum(
            1 - exp(-(seen.at_s - since + answer_s) / mean_s) >= self._soon_at for since in seen.talking_since_s
        )

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._last
