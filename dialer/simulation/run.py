"""One run: a policy, a scenario, a virtual clock. The fast path, without the dialer's core.

The policy sees what the core would show it: ``LiveAnswer`` when a person was told from a machine, ``Abandoned`` at
the end of the message, answers of the window counted when the call is over. It decides once a second. The n-th dial
has the same fate under every policy (common random numbers), and so has the n-th talk.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Protocol, runtime_checkable

import numpy as np

from dialer.pacing.model import (
    Abandoned,
    Connected,
    Dialled,
    LiveAnswer,
    MachineAnswer,
    NoAnswer,
    Policy,
    Snapshot,
    TalkEnded,
    WrapEnded,
)
from dialer.simulation.distributions import Distribution, Times
from dialer.simulation.scenario import HOUR_S, Outage, Scenario

BLOCK = 4096
"""Random times are drawn this many at a time."""

REDRAWS = 50
"""Ring times past the dialer's own limit are drawn again; a distribution of nothing else is not waited for."""

BUSY = 17
"""Q.850: user busy."""
UNANSWERED = 19
"""Q.850: no answer from user."""


@dataclass(slots=True)
class Tally:
    """What was counted after the warm-up. Integrals are in agent-seconds."""

    dials: int = 0
    answers: int = 0
    machines: int = 0
    failures: int = 0
    connected: int = 0
    abandoned: int = 0
    talks_ended: int = 0
    logged_in_s: float = 0.0
    talking_s: float = 0.0
    wrapping_s: float = 0.0
    ringing_s: float = 0.0
    waited_s: float = 0.0
    waited: int = 0
    """Connected persons who waited at all."""
    left: dict[str, int] = field(default_factory=dict)
    """What was still under way at the end: ringing, detecting, waiting, talking, wrapping."""
    hours: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Answers and abandons by hour of the run."""

    @property
    def occupancy(self) -> float:
        """Talk and wrap-up over logged-in time."""
        return (self.talking_s + self.wrapping_s) / self.logged_in_s if self.logged_in_s else 0.0

    @property
    def abandonment(self) -> float:
        """Abandoned over live answers."""
        return self.abandoned / self.answers if self.answers else 0.0


class Draws:
    """Times from one distribution, one after the other."""

    def __init__(self, source: Callable[[int], Times]) -> None:
        self._next: Iterator[float] = iter(())
        self._source = source

    def __call__(self) -> float:
        """The next one."""
        for value in self._next:
            return value
        self._next = iter(self._source(BLOCK).tolist())
        return next(self._next)


def _draws(distribution: Distribution, seed: tuple[int, ...]) -> Draws:
    random = np.random.default_rng(seed)
    return Draws(lambda count: distribution.draw(random, count))


@runtime_checkable
class Seer(Protocol):
    """A policy that may look at what nobody can know: an upper bound, never for life."""

    def watch(self, world: Run) -> None:
        """From now on ``world`` is the run it is in."""


class Run:
    """Drives ``policy`` through ``scenario``; ``seed`` names the replication."""

    def __init__(self, scenario: Scenario, policy: Policy, seed: int) -> None:
        self.scenario = scenario
        self.policy = policy
        self.now = 0.0
        self.tally = Tally()
        self.ready = 0
        self.ringing: dict[int, float] = {}
        self.detecting: dict[int, float] = {}
        self._dialled_at: dict[int, float] = {}
        self.waiting: dict[int, float] = {}
        self.talking: dict[int, float] = {}
        self.wrapping: dict[int, float] = {}
        self.answers_at: dict[int, float] = {}
        """When a ringing dial will be answered by a person; inf: never. For oracles."""
        self.free_at: dict[int, float] = {}
        """When the agent of a talk will be free again. For oracles."""
        self._uniform = [Draws(np.random.default_rng((seed, stream)).random) for stream in range(3)]
        times = (scenario.ring, scenario.talk, scenario.wrap_up, scenario.patience)
        self._ring, self._talk, self._wrap, self._patience = (
            _draws(each, (seed, 3 + index)) for index, each in enumerate(times)
        )
        self._heap: list[tuple[float, int, Callable[[int], None], int]] = []
        self._calls = 0
        self._leaving = 0
        self._messages: dict[int, float] = {}
        self._window = [0, 0]
        self._seen_to = 0.0
        if isinstance(policy, Seer):
            policy.watch(self)
        for shift in scenario.shifts:
            for at_s, more in shift.changes():
                self._push(at_s, self._staff, more)

    def go(self) -> Tally:
        """Run to the end, once."""
        heap, pop, end = self._heap, heapq.heappop, self.scenario.duration_s
        second = 0.0
        while second < end:
            while heap and heap[0][0] <= second:
                at_s, _, what, which = pop(heap)
                self._pass(at_s)
                what(which)
            self._pass(second)
            self._decide()
            second += 1.0
        while heap and heap[0][0] <= end:
            at_s, _, what, which = pop(heap)
            self._pass(at_s)
            what(which)
        self._pass(end)
        self.tally.left = {
            "ringing": len(self.ringing), "detecting": len(self.detecting), "waiting": len(self.waiting),
            "talking": len(self.talking), "wrapping": len(self.wrapping),
        }  # fmt: skip
        return self.tally

    # --- time -------------------------------------------------------------------------------------------------

    def _push(self, at_s: float, what: Callable[[int], None], which: int) -> None:
        self._calls += 1
        heapq.heappush(self._heap, (at_s, self._calls, what, which))

    def _pass(self, now: float) -> None:
        """Let the clock come to ``now``; count the time that passed after the warm-up."""
        passed = now - max(self._seen_to, self.scenario.warm_up_s)
        if passed > 0:
            tally, talking, wrapping = self.tally, len(self.talking), len(self.wrapping)
            tally.talking_s += passed * talking
            tally.wrapping_s += passed * wrapping
            tally.logged_in_s += passed * (self.ready + talking + wrapping)
            tally.ringing_s += passed * len(self.ringing)
        self._seen_to = self.now = now

    def _counts(self) -> bool:
        return self.now >= self.scenario.warm_up_s

    # --- agents -----------------------------------------------------------------------------------------------

    def _staff(self, more: int) -> None:
        if more >= 0:
            stay = min(more, self._leaving)
            self._leaving -= stay
            for _ in range(more - stay):
                self._free()
            return
        gone = min(self.ready, -more)
        self.ready -= gone
        self._leaving += -more - gone

    def _free(self) -> None:
        """One more agent may take a call; one who was to leave leaves."""
        if self._leaving:
            self._leaving -= 1
        elif self.waiting:
            first = next(iter(self.waiting))
            self._connect(first, self.waiting.pop(first))
        else:
            self.ready += 1

    def _connect(self, call: int, since: float) -> None:
        now, waited = self.now, self.now - since
        self.talking[call] = now
        talk_s, wrap_s = self._talk(), self._wrap()
        self.free_at[call] = now + talk_s + wrap_s
        self._push(now + talk_s, self._talked, call)
        if self._counts():
            self.tally.connected += 1
            self.tally.waited_s += waited
            self.tally.waited += waited > 0
        self.policy.observe(Connected(at_s=now, waited_s=waited))

    def _talked(self, call: int) -> None:
        now, since = self.now, self.talking.pop(call)
        self._window[0] += 1
        self.wrapping[call] = now
        self._push(self.free_at[call], self._wrapped, call)
        self.tally.talks_ended += self._counts()
        self.policy.observe(TalkEnded(at_s=now, talk_s=now - since))

    def _wrapped(self, call: int) -> None:
        since = self.wrapping.pop(call)
        del self.free_at[call]
        if self.scenario.sees_wrap_up:
            self.policy.observe(WrapEnded(at_s=self.now, wrap_s=self.now - since))
        self._free()

    # --- calls ------------------------------------------------------------------------------------------------

    def _decide(self) -> None:
        scenario = self.scenario
        held = len(self.ringing) + len(self.detecting) + len(self.waiting) + len(self.talking)
        held += len(self._messages)
        lines = min(scenario.lines - held, scenario.calls_per_second)
        dials = self.policy.decide(self._snapshot(max(0, lines)))
        if not 0 <= dials <= max(0, lines):
            raise AssertionError(f"the policy dials {dials} with {lines} lines free")
        for _ in range(dials):
            self._dial()

    def _snapshot(self, lines: int) -> Snapshot:
        return Snapshot(
            at_s=self.now,
            ready=self.ready,
            waiting=len(self.waiting),
            ringing_since_s=tuple(self.ringing.values()),
            talking_since_s=tuple(self.talking.values()),
            wrapping_since_s=tuple(self.wrapping.values()) if self.scenario.sees_wrap_up else (),
            lines_free=lines,
            waiting_since_s=tuple(self.waiting.values()),
            detecting_since_s=tuple(self.detecting.values()),
            window_answers=self._window[0],
            window_abandons=self._window[1],
        )

    def _dial(self) -> None:
        self._calls += 1
        call, now, scenario = self._calls, self.now, self.scenario
        answered = self._uniform[0]() < scenario.answer_rate.at(now)
        machine = self._uniform[1]() < scenario.machine_share.at(now)
        busy = self._uniform[2]() < scenario.busy_share
        ring_s = self._ring_s()
        self.ringing[call] = now
        self.answers_at[call] = inf
        self.tally.dials += self._counts()
        outage = next((each for each in scenario.outages if each.from_s <= now < each.until_s), None)
        if outage is not None:
            self._push(now + self._silence_s(outage), self._refused, call)
        elif answered:
            if not machine:
                self.answers_at[call] = now + ring_s
            self._push(now + ring_s, self._picked_up, -call if machine else call)
        elif busy and not answered:
            self._push(now + scenario.busy_after_s, self._busy, call)
        else:
            self._push(now + scenario.no_answer_s, self._rang_out, call)
        self.policy.observe(Dialled(at_s=now))

    def _ring_s(self) -> float:
        """How long this one rings to its answer: a ring time that is not cut off by the dialer's patience."""
        for _ in range(REDRAWS):
            ring_s = self._ring()
            if ring_s <= self.scenario.no_answer_s:
                return ring_s
        return self.scenario.no_answer_s

    def _silence_s(self, outage: Outage) -> float:
        return self.scenario.no_answer_s if outage.fails_after_s is None else outage.fails_after_s

    def _failed(self, call: int, cause: int | None) -> None:
        since = self.ringing.pop(call)
        del self.answers_at[call]
        self.tally.failures += self._counts()
        self.policy.observe(NoAnswer(at_s=self.now, dialled_at_s=since, cause=cause))

    def _rang_out(self, call: int) -> None:
        self._failed(call, UNANSWERED)

    def _busy(self, call: int) -> None:
        self._failed(call, BUSY)

    def _refused(self, call: int) -> None:
        dialled_at = self.ringing[call]
        outage = next(each for each in self.scenario.outages if each.from_s <= dialled_at < each.until_s)
        self._failed(call, outage.cause)

    def _picked_up(self, signed: int) -> None:
        call = abs(signed)
        since = self.ringing.pop(call)
        del self.answers_at[call]
        if self.scenario.detection_s > 0:
            self.detecting[call] = self.now
            self._dialled_at[call] = since
            self._push(self.now + self.scenario.detection_s, self._detected, signed)
        else:
            self._told_apart(signed, since)

    def _detected(self, signed: int) -> None:
        del self.detecting[abs(signed)]
        self._told_apart(signed, self._dialled_at.pop(abs(signed)))

    def _told_apart(self, signed: int, since: float) -> None:
        now, call = self.now, abs(signed)
        if signed < 0:
            self.tally.machines += self._counts()
            self.policy.observe(MachineAnswer(at_s=now, dialled_at_s=since))
            return
        if self._counts():
            self.tally.answers += 1
            self._by_hour(1, 0)
        self.policy.observe(LiveAnswer(at_s=now, dialled_at_s=since))
        patience_s = self._patience()
        if self.ready:
            self.ready -= 1
            self._connect(call, now)
            return
        self.waiting[call] = now
        if patience_s == 0.0:
            self._give_up(call)
        elif patience_s < inf:
            self._push(now + patience_s, self._give_up, call)

    def _by_hour(self, answers: int, abandons: int) -> None:
        hour = int(self.now // HOUR_S)
        before = self.tally.hours.get(hour, (0, 0))
        self.tally.hours[hour] = (before[0] + answers, before[1] + abandons)

    def _give_up(self, call: int) -> None:
        since = self.waiting.pop(call, None)
        if since is None:
            return  # an agent was there in time
        self._messages[call] = since
        if self._counts():
            self.tally.abandoned += 1
            self._by_hour(0, 1)
        self._push(self.now + self.scenario.message_s, self._apologised, call)

    def _apologised(self, call: int) -> None:
        since = self._messages.pop(call)
        self._window[0] += 1
        self._window[1] += 1
        self.policy.observe(Abandoned(at_s=self.now, waited_s=self.now - since))
