"""How fast a queue is served, and so about how long one who waits will wait. Pure: counts and the time in.

While somebody waits, every agent who may take the call is busy, so what a queue is served with then says how long
one agent has for one call, the work after the talk and what agents do for other queues with it. The wait of a caller
with ``ahead`` others before is what ``ahead + 1`` such calls take with the agents who serve now. Nothing is known of
a queue in which nobody had to wait lately: then nothing is said.

Callers who hang up make room for those behind them: the wait of a queue that people leave is shorter than said.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

SPAN_S = 900.0
"""What was longer ago says little of now: staffing and calls change by the quarter of an hour."""

BUCKET_S = 30.0
"""How finely the past is forgotten."""

ENOUGH = 5
"""Calls that must have been taken before anything is said: the mean of so many is mostly within half of the truth."""


@dataclass(slots=True)
class _Bucket:
    """``agent_s``: seconds of agents while somebody waited; ``taken``: the calls that they took then."""

    since: float
    agent_s: float = 0.0
    taken: int = 0


@dataclass(slots=True)
class Throughput:
    """Of one queue. All times are in seconds of the floor's clock."""

    saturated: bool = False
    """Somebody waits and no agent is there for them."""
    _agents: int = 0
    _at: float = 0.0
    _buckets: deque[_Bucket] = field(default_factory=deque)

    def observe(self, waiting: int, agents: int, now: float) -> None:
        """``waiting`` callers without an agent, and ``agents`` who serve, from ``now`` on."""
        self._count_to(now)
        self.saturated, self._agents, self._at = waiting > 0, agents, now

    def taken(self, now: float) -> None:
        """An agent takes a call, one that had to wait where the queue is saturated."""
        if self.saturated:
            self._count_to(now)
            self._bucket(now).taken += 1

    def given_back(self, now: float) -> None:
        """The agent who was to take a call did not."""
        bucket = self._bucket(now)
        bucket.taken = max(0, bucket.taken - 1)

    def wait_s(self, ahead: int, agents: int, now: float) -> float | None:
        """About how long one waits with ``ahead`` others before and ``agents`` who serve; None: not known."""
        self._count_to(now)
        self._forget(now)
        taken = sum(bucket.taken for bucket in self._buckets)
        if taken < ENOUGH or not agents:
            return None
        # One more than were taken: the mean of T / (N + 1) is that of one call's time, the mean of T / N is above it.
        return (ahead + 1) * sum(bucket.agent_s for bucket in self._buckets) / (taken + 1) / agents

    def _count_to(self, now: float) -> None:
        if self.saturated:
            self._bucket(now).agent_s += self._agents * max(0.0, now - self._at)
            self._at = now

    def _bucket(self, now: float) -> _Bucket:
        if not self._buckets or now - self._buckets[-1].since >= BUCKET_S:
            self._forget(now)
            self._buckets.append(_Bucket(now))
        return self._buckets[-1]

    def _forget(self, now: float) -> None:
        while self._buckets and now - self._buckets[0].since > SPAN_S:
            self._buckets.popleft()
