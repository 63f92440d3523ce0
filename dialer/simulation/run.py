"""One run: a policy, a scenario, a virtual clock. The fast path, without the dialer's core.

The policy sees what the core would show it: ``LiveAnswer`` when a person was told from a machine, ``Abandoned`` at
the end of the message, answers of the window counted when the call is over. It decides once a second. The n-th dial
has the same fate under every policy (common random numbers), and so has the n-th talk.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf
from typing import Protocol, runtime_checkable

from dialer.pacing.model import (
    Abandoned,
    AgentLeft,
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
from dialer.simulation.draws import draws_of
from dialer.simulation.fates import UNALLOCATED, End, Fate, Fates
from dialer.simulation.roll import Lead, Roll
from dialer.simulation.scenario import HOUR_S, NOTICE_S, Scenario
from dialer.simulation.tally import Tally


@runtime_checkable
class Seer(Protocol):
    """A policy that may look at what nobody can know: an upper bound, never for life."""

    def watch(self, world: Run) -> None:
        """From now on ``world`` is the run it is in."""


@dataclass(slots=True)
class Call:
    """A dial and what will become of it."""

    lead: Lead
    fate: Fate
    since: float
    stratum: str


class Run:
    """Drives ``policy`` through ``scenario``; ``seed`` names the replication.

    Raises:
        ValueError: the scenario has what only the dialer's core can show.
    """

    def __init__(self, scenario: Scenario, policy: Policy, seed: int) -> None:
        if scenario.needs_core:
            raise ValueError("several campaigns and inbound callers: expected a run through the core")
        self.scenario = scenario
        self.policy = policy
        self.now = 0.0
        self.tally = Tally()
        self.ringing: dict[int, float] = {}
        self.detecting: dict[int, float] = {}
        self.waiting: dict[int, float] = {}
        self.talking: dict[int, float] = {}
        self.wrapping: dict[int, float] = {}
        self.answers_at: dict[int, float] = {}
        """When a ringing dial will be answered by a person; inf: never. For oracles."""
        self.free_at: dict[int, float] = {}
        """When the agent of a talk will be free again. For oracles."""
        self._under_way: dict[int, Call] = {}
        self._strata: dict[int, tuple[float, str]] = {}
        """Since when each dial rings, and its stratum."""
        self._idle: deque[float] = deque()
        """Since when each free agent waits, the longest first."""
        self._fates, self._roll = Fates(scenario, seed), Roll(scenario)
        self._talk, self._wrap, self._patience = (
            draws_of(each, (seed, 4 + index))
            for index, each in enumerate((scenario.talk, scenario.wrap_up, scenario.patience))
        )
        self._heap: list[tuple[float, int, Callable[[int], None], int]] = []
        self._calls = 0
        self._leaving = 0
        self._announced = scenario.announced_s()
        self._messages: dict[int, float] = {}
        self._window = [0, 0]
        self._ended: deque[tuple[float, bool]] = deque()
        """When each call of the window was over, and whether nobody was there."""
        self._seen_to, self._warm_up_s = 0.0, scenario.warm_up_s
        if isinstance(policy, Seer):
            policy.watch(self)
        for shift in scenario.shifts:
            for at_s, more in shift.changes():
                self._push(at_s, self._staff, more)

    @property
    def ready(self) -> int:
        """Free agents."""
        return len(self._idle)

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
            if self._under_way or self._idle or not heap:
                self._decide()
                second += 1.0
            else:  # at night
                second = max(second + 1.0, ceil(heap[0][0]))
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
        since = self._seen_to
        passed = now - (since if since >= self._warm_up_s else self._warm_up_s)
        if passed > 0:
            tally, talking, wrapping = self.tally, len(self.talking), len(self.wrapping)
            busy = talking + wrapping
            there = len(self._idle) + busy
            tally.talking_s += passed * talking
            tally.wrapping_s += passed * wrapping
            tally.logged_in_s += passed * there
            tally.ringing_s += passed * len(self.ringing)
            hour = tally.hour(int(since // HOUR_S))
            hour.busy_s += passed * busy
            hour.logged_in_s += passed * there
        self._seen_to = self.now = now

    def _counts(self) -> bool:
        return self.now >= self._warm_up_s

    # --- agents -----------------------------------------------------------------------------------------------

    def _staff(self, more: int) -> None:
        if more >= 0:
            stay = min(more, self._leaving)
            self._leaving -= stay
            for _ in range(more - stay):
                self._free()
            return
        gone = min(len(self._idle), -more)
        for _ in range(gone):
            self._idle.pop()
            self.policy.observe(AgentLeft(at_s=self.now))
        self._leaving += -more - gone

    def _free(self) -> None:
        """One more agent may take a call; one who was to leave leaves."""
        if self._leaving:
            self._leaving -= 1
            self.policy.observe(AgentLeft(at_s=self.now))
        elif self.waiting:
            first = next(iter(self.waiting))
            self._connect(first, self.waiting.pop(first), self.now)
        else:
            self._idle.append(self.now)

    def _connect(self, call: int, since: float, idle_since: float) -> None:
        now, waited, told = self.now, self.now - since, self._under_way[call]
        self.talking[call] = now
        talk_s, wrap_s = self._talk(), self._wrap()
        if told.fate.end is End.MACHINE:
            talk_s = self.scenario.missed_talk_s
        self.free_at[call] = now + talk_s + wrap_s
        self._push(now + talk_s, self._talked, call)
        if self._counts():
            self.tally.connected += 1
            self.tally.waited_s += waited
            self.tally.waited += waited > 0
            self.tally.wait_ended(now - idle_since)
        self.policy.observe(Connected(at_s=now, attempt_id=str(call), stratum=told.stratum, waited_s=waited))

    def _talked(self, call: int) -> None:
        now, since, told = self.now, self.talking.pop(call), self._under_way[call]
        self._count_in_window(abandoned=False)
        self.wrapping[call] = now
        self._push(self.free_at[call], self._wrapped, call)
        self.tally.talks_ended += self._counts()
        self.policy.observe(TalkEnded(at_s=now, attempt_id=str(call), stratum=told.stratum, talk_s=now - since))

    def _wrapped(self, call: int) -> None:
        since = self.wrapping.pop(call)
        del self.free_at[call], self._under_way[call]
        if self.scenario.sees_wrap_up:
            self.policy.observe(WrapEnded(at_s=self.now, wrap_s=self.now - since))
        self._free()

    # --- calls ------------------------------------------------------------------------------------------------

    def _decide(self) -> None:
        scenario = self.scenario
        held = len(self.ringing) + len(self.detecting) + len(self.waiting) + len(self.talking)
        held += len(self._messages)
        lines = max(0, min(scenario.lines - held, scenario.calls_per_second))
        dials = self.policy.decide(self._snapshot(lines))
        if not 0 <= dials <= lines:
            raise AssertionError(f"the policy dials {dials} with {lines} lines free")
        for _ in range(dials):
            lead = self._roll.next(self.now)
            if lead is None:
                return
            self._dial(lead)

    def _count_in_window(self, *, abandoned: bool) -> None:
        self._window[0] += 1
        self._window[1] += abandoned
        self._ended.append((self.now, abandoned))

    def _snapshot(self, lines: int) -> Snapshot:
        while self._ended and self._ended[0][0] <= self.now - self.scenario.cap_window_s:
            self._window[0] -= 1
            self._window[1] -= self._ended.popleft()[1]
        return Snapshot(
            at_s=self.now,
            ready=len(self._idle),
            waiting=len(self.waiting),
            ringing_since_s=tuple(self.ringing.values()),
            talking_since_s=tuple(self.talking.values()),
            wrapping_since_s=tuple(self.wrapping.values()) if self.scenario.sees_wrap_up else (),
            lines_free=lines,
            ringing=tuple(self._strata.values()),
            waiting_since_s=tuple(self.waiting.values()),
            detecting_since_s=tuple(self.detecting.values()),
            leaving_at_s=self._leaving_soon() if self._announced else (),
            window_answers=self._window[0],
            window_abandons=self._window[1],
        )

    def _leaving_soon(self) -> tuple[float, ...]:
        first = bisect_right(self._announced, self.now)
        return self._announced[first : bisect_right(self._announced, self.now + NOTICE_S)]

    def _dial(self, lead: Lead) -> None:
        self._calls += 1
        call, now = self._calls, self.now
        fate = self._fates.next(lead, now)
        told = self._under_way[call] = Call(lead, fate, now, self._roll.stratum(lead, now))
        self.ringing[call] = now
        self._strata[call] = (now, told.stratum)
        self.answers_at[call] = now + fate.after_s if fate.end is End.PERSON and fate.person else inf
        self.tally.dials += self._counts()
        answered = fate.end in (End.PERSON, End.MACHINE)
        self._push(now + fate.after_s, self._picked_up if answered else self._failed, call)
        self.policy.observe(Dialled(at_s=now, attempt_id=str(call), stratum=told.stratum))

    def _failed(self, call: int) -> None:
        told = self._under_way.pop(call)
        del self.ringing[call], self._strata[call], self.answers_at[call]
        self.tally.failures += self._counts()
        if told.fate.cause != UNALLOCATED:
            self._roll.failed(told.lead, self.now)
        cause = told.fate.cause
        self.policy.observe(
            NoAnswer(at_s=self.now, attempt_id=str(call), stratum=told.stratum, cause=cause, dialled_at_s=told.since)
        )

    def _picked_up(self, call: int) -> None:
        del self.ringing[call], self._strata[call], self.answers_at[call]
        detection_s = self._under_way[call].fate.detection_s
        if detection_s > 0:
            self.detecting[call] = self.now
            self._push(self.now + detection_s, self._detected, call)
        else:
            self._told_apart(call)

    def _detected(self, call: int) -> None:
        del self.detecting[call]
        self._told_apart(call)

    def _told_apart(self, call: int) -> None:
        told, now = self._under_way[call], self.now
        if not told.fate.person:
            del self._under_way[call]
            if self._counts():
                self.tally.machines += 1
                self.tally.persons_missed += told.fate.end is End.PERSON
            self._roll.failed(told.lead, now)
            self.policy.observe(
                MachineAnswer(at_s=now, attempt_id=str(call), stratum=told.stratum, dialled_at_s=told.since)
            )
            return
        if self._counts():
            self.tally.answers += 1
            self.tally.machines_missed += told.fate.end is End.MACHINE
            self.tally.hour(int(now // HOUR_S)).answers += 1
        self.policy.observe(LiveAnswer(at_s=now, attempt_id=str(call), stratum=told.stratum, dialled_at_s=told.since))
        self._wants_agent(call)

    def _wants_agent(self, call: int) -> None:
        patience_s = self._patience()
        if self._idle:
            self._connect(call, self.now, self._idle.popleft())
            return
        self.waiting[call] = self.now
        if patience_s == 0.0:
            self._give_up(call)
        elif patience_s < inf:
            self._push(self.now + patience_s, self._give_up, call)

    def _give_up(self, call: int) -> None:
        since = self.waiting.pop(call, None)
        if since is None:
            return  # an agent was there in time
        self._messages[call] = since
        if self._counts():
            self.tally.abandoned += 1
            self.tally.hour(int(self.now // HOUR_S)).abandoned += 1
        self._push(self.now + self.scenario.message_s, self._apologised, call)

    def _apologised(self, call: int) -> None:
        since, told = self._messages.pop(call), self._under_way.pop(call)
        self._count_in_window(abandoned=True)
        waited_s = self.now - since
        self.policy.observe(Abandoned(at_s=self.now, attempt_id=str(call), stratum=told.stratum, waited_s=waited_s))
