"""Erlang-B in an open loop: a Poisson stream of dials so thin that the loss formula gives the cap.

It learns the share of live answers and the handling time, and looks at nothing else. Source: Erlang 1917.
"""

from __future__ import annotations

import math
from random import Random

from dialer.pacing.model import (
    Explanation,
    LiveAnswer,
    MachineAnswer,
    NoAnswer,
    Observation,
    Snapshot,
    TalkEnded,
    WrapEnded,
)

PRIOR_ANSWERS, PRIOR_DIALS = 10.0, 20.0
PRIOR_HANDLING_S, PRIOR_TALKS = 120.0, 5.0
LEAST_LOAD = 1e-9


class ErlangB:
    """Dials as a Poisson process of the rate at which ``erlang_b(agents, load)`` is the cap; ``blocked``: this share
    in its place."""

    def __init__(
        self,
        abandonment_cap: float,
        connect_within_s: float,
        no_answer_s: float,
        blocked: float | None = None,
    ) -> None:
        self._blocked = abandonment_cap if blocked is None else blocked
        self._random = Random(1917)
        self._live, self._dials = PRIOR_ANSWERS, PRIOR_DIALS
        self._talk_s, self._talks = PRIOR_HANDLING_S * PRIOR_TALKS, PRIOR_TALKS
        self._wrap_s, self._wraps = 0.0, 0.0
        self._loads: dict[int, float] = {}
        self._before_s: float | None = None
        self._last = Explanation("nothing was asked yet")

    def observe(self, seen: Observation) -> None:
        """Share of live answers, handling time."""
        match seen:
            case LiveAnswer():
                self._live += 1
                self._dials += 1
            case MachineAnswer() | NoAnswer():
                self._dials += 1
            case TalkEnded():
                self._talk_s += seen.talk_s
                self._talks += 1
            case WrapEnded():
                self._wrap_s += seen.wrap_s
                self._wraps += 1
            case _:
                pass

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        passed_s = snapshot.at_s - (self._before_s if self._before_s is not None else snapshot.at_s - 1.0)
        self._before_s = snapshot.at_s
        agents = snapshot.ready + len(snapshot.talking_since_s) + len(snapshot.wrapping_since_s)
        handling_s = self._talk_s / self._talks + (self._wrap_s / self._wraps if self._wraps else 0.0)
        rate = self._load(agents) / handling_s / (self._live / self._dials)
        dials = min(self._poisson(rate * passed_s), snapshot.lines_free)
        self._last = Explanation(
            f"{rate:.3f} dials a second carry what {agents} agents may be offered",
            {"agents": agents, "rate_per_s": rate, "handling_s": handling_s, "dials": dials},
        )
        return dials

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._last

    def _load(self, agents: int) -> float:
        if agents not in self._loads:
            self._loads[agents] = load_at(agents, self._blocked)
        return self._loads[agents]

    def _poisson(self, mean: float) -> int:
        """By multiplication, in parts small enough for it (Knuth)."""
        count = 0
        while mean > 0:
            part = min(mean, 30.0)
            mean -= part
            bound, product = math.exp(-part), self._random.random()
            while product > bound:
                count += 1
                product *= self._random.random()
        return count


def load_at(agents: int, blocked: float) -> float:
    """The load in erlangs that ``agents`` lose the share ``blocked`` of; 0 for nobody."""
    if agents <= 0 or blocked <= 0:
        return 0.0
    low, high = LEAST_LOAD, 2.0 * agents / max(1 - blocked, 0.01) + 1.0
    for _ in range(60):
        load = (low + high) / 2
        lost = 1.0
        for busy in range(1, agents + 1):
            lost = load * lost / (busy + load * lost)
        low, high = (load, high) if lost < blocked else (low, load)
    return low
