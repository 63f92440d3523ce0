"""One run: a policy, a scenario, a virtual clock. The fast path, without the dialer's core.

The policy sees what the core would show it: ``LiveAnswer`` when a person was told from a machine, ``Abandoned`` at
the end of the message, answers of the window counted when the call is over. It decides once a second. The n-th dial
has the same fate under every policy (common random numbers), and so has the n-th talk.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from math import inf
from typing import Protocol, runtime_checkable

from dialer.pacing.model import (
    Abandoned,
    AgentLeft,
    Connected,
    Dialled,
    HardOfHearing,
    LiveAnswer,
    MachineAnswer,
    NoAnswer,
    Policy,
    Snapshot,
    TalkEnded,
    WrapEnded,
)
from dialer.simulation.agenda import Agenda
from dialer.simulation.draws import draws_of
from dialer.simulation.fates import UNALLOCATED, End, Fate, Fates
from dialer.simulation.presence import Inside, Presence
from dialer.simulation.roll import Lead, Roll
from dialer.simulation.scenario import HOUR_S, NOTICE_S, Scenario
from dialer.simulation.tally import Tally


@runtime_checkable
class Seer(Protocol):
    """A policy that may look at what nobody can know: an upper bound, never for life."""

    def watch(self, world: Run) -> None:
        """From now on ``world`` is the run it is in."""


class Call:
    """A dial and what will become of it."""

    __slots__ = ("attempt_id", "fate", "lead", "number", "since", "stratum")

    def __init__(self, number: int, lead: Lead, fate: Fate, since: float, stratum: str) -> None:
        self.number = number
        self.attempt_id = str(number)
        self.lead = lead
        self.fate = fate
        self.since = since
        self.stratum = stratum


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
        self._observe = policy.observe
        self._tells_dials = not (isinstance(policy, HardOfHearing) and Dialled in policy.unheard)
        self.now = 0.0
        self.tally = Tally()
        self.ringing: dict[int, float] = {}
        self.detecting: dict[int, float] = {}
        self.waiting: dict[int, float] = {}
        self.talking: dict[int, float] = {}
        self.wrapping: dict[int, float] = {}
        self.free_at: dict[int, float] = {}
        """When the agent of a talk will be free again. For oracles."""
        self._under_way: dict[int, Call] = {}
        self._strata: dict[int, tuple[float, str]] = {}
        """Since when each dial rings, and its stratum."""
        self._ringing_alike = (-1.0, "")
        """Of the dial that was made last: those of a second share it."""
        self._idle: deque[float] = deque()
        """Since when each free agent waits, the longest first."""
        self._fates, self._roll = Fates(scenario, seed), Roll(scenario)
        self._talk, self._wrap, self._patience = (
            draws_of(each, (seed, 4 + index))
            for index, each in enumerate((scenario.talk, scenario.wrap_up, scenario.patience))
        )
        self._agenda = Agenda()
        self._numbers = 0
        self._leaving = 0
        self._announced = scenario.announced_s()
        self._messages: dict[int, float] = {}
        self._window = [0, 0]
        self._ended: deque[tuple[float, bool]] = deque()
        """When each call of the window was over, and whether nobody was there."""
        self._presence = Presence(self.tally, scenario.warm_up_s)
        self._counts = scenario.warm_up_s <= 0
        """Whether the warm-up is over."""
        if isinstance(policy, Seer):
            policy.watch(self)
        for shift in scenario.shifts:
            for at_s, more in shift.changes():
                self._agenda.push(at_s, self._staff, more)

    @property
    def ready(self) -> int:
        """Free agents."""
        return len(self._idle)

    @property
    def answers_at(self) -> dict[int, float]:
        """When each ringing dial will be answered by a person; inf: never. For oracles."""
        calls = [self._under_way[number] for number in self.ringing]
        return {call.number: call.since + call.fate.after_s if call.fate.reaches else inf for call in calls}

    def go(self) -> Tally:
        """Run to the end, once."""
        agenda, end = self._agenda, self.scenario.duration_s
        second = 0
        while second < end:
            self._play(second, second)
            self._pass(float(second))
            if self._under_way or self._idle or (following := agenda.next_second) is None:
                self._decide()
                second += 1
            else:  # at night
                second = max(second + 1, following)
        self._play(second, end)
        self._pass(end)
        self._presence.book(end, self._inside())
        self.tally.left = {
            "ringing": len(self.ringing), "detecting": len(self.detecting), "waiting": len(self.waiting),
            "talking": len(self.talking), "wrapping": len(self.wrapping),
        }  # fmt: skip
        return self.tally

    # --- time -------------------------------------------------------------------------------------------------

    def _play(self, second: int, until_s: float) -> None:
        """Let happen what is due in the second that ends then, up to ``until_s``."""
        presence = self._presence
        for at_s, _, what, which in self._agenda.due(second):
            if at_s > until_s:
                return
            self.now = at_s
            if at_s >= presence.next_s:
                self._pass(at_s)
            what(which)

    def _pass(self, now: float) -> None:
        """Let the clock come to ``now``."""
        self.now = now
        presence = self._presence
        while presence.next_s <= now:
            presence.book(presence.next_s, self._inside())
        self._counts = now >= self.scenario.warm_up_s

    def _inside(self) -> Inside:
        busy = len(self.talking) + len(self.wrapping)
        return Inside(len(self.talking), len(self.wrapping), len(self.ringing), len(self._idle) + busy)

    # --- agents -----------------------------------------------------------------------------------------------

    def _staff(self, more: int) -> None:
        if more >= 0:
            stay = min(more, self._leaving)
            self._leaving -= stay
            for _ in range(more - stay):
                self._presence.there_s -= self.now
                self._free()
            return
        gone = min(len(self._idle), -more)
        for _ in range(gone):
            self._idle.pop()
            self._leaves()
        self._leaving += -more - gone

    def _leaves(self) -> None:
        self._presence.there_s += self.now
        self._observe(AgentLeft(at_s=self.now))

    def _free(self) -> None:
        """One more agent may take a call; one who was to leave leaves."""
        if self._leaving:
            self._leaving -= 1
            self._leaves()
        elif self.waiting:
            first = next(iter(self.waiting))
            self._connect(self._under_way[first], self.waiting.pop(first), self.now)
        else:
            self._idle.append(self.now)

    def _connect(self, call: Call, since: float, idle_since: float) -> None:
        now, number = self.now, call.number
        waited = now - since
        self.talking[number] = now
        self._presence.talking_s -= now
        talk_s, wrap_s = self._talk(), self._wrap()
        if call.fate.end is End.MACHINE:
            talk_s = self.scenario.missed_talk_s
        self.free_at[number] = now + talk_s + wrap_s
        self._agenda.push(now + talk_s, self._talked, call)
        if self._counts:
            tally = self.tally
            tally.connected += 1
            tally.waited_s += waited
            tally.waited += waited > 0
            tally.wait_ended(now - idle_since)
        self._observe(Connected(at_s=now, attempt_id=call.attempt_id, stratum=call.stratum, waited_s=waited))

    def _talked(self, call: Call) -> None:
        now, number, presence = self.now, call.number, self._presence
        since = self.talking.pop(number)
        self._count_in_window(abandoned=False)
        self.wrapping[number] = now
        presence.talking_s += now
        presence.wrapping_s -= now
        self._agenda.push(self.free_at[number], self._wrapped, call)
        self.tally.talks_ended += self._counts
        self._observe(TalkEnded(at_s=now, attempt_id=call.attempt_id, stratum=call.stratum, talk_s=now - since))

    def _wrapped(self, call: Call) -> None:
        now, number = self.now, call.number
        since = self.wrapping.pop(number)
        self._presence.wrapping_s += now
        del self.free_at[number], self._under_way[number]
        if self.scenario.sees_wrap_up:
            self._observe(WrapEnded(at_s=now, wrap_s=now - since))
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
        self._numbers = number = self._numbers + 1
        now, stratum = self.now, self._roll.stratum(lead, self.now)
        fate = self._fates.next(lead, now)
        call = self._under_way[number] = Call(number, lead, fate, now, stratum)
        self.ringing[number] = now
        same = self._ringing_alike
        if same[0] != now or same[1] is not stratum:
            same = self._ringing_alike = (now, stratum)
        self._strata[number] = same
        self._presence.ringing_s -= now
        self.tally.dials += self._counts
        self._agenda.push(now + fate.after_s, self._picked_up if fate.answered else self._failed, call)
        if self._tells_dials:
            self._observe(Dialled(at_s=now, attempt_id=call.attempt_id, stratum=stratum))

    def _failed(self, call: Call) -> None:
        now, number, cause = self.now, call.number, call.fate.cause
        del self._under_way[number], self.ringing[number], self._strata[number]
        self._presence.ringing_s += now
        self.tally.failures += self._counts
        if cause != UNALLOCATED:
            self._roll.failed(call.lead, now)
        self._observe(
            NoAnswer(at_s=now, attempt_id=call.attempt_id, stratum=call.stratum, cause=cause, dialled_at_s=call.since)
        )

    def _picked_up(self, call: Call) -> None:
        now, number, detection_s = self.now, call.number, call.fate.detection_s
        del self.ringing[number], self._strata[number]
        self._presence.ringing_s += now
        if detection_s > 0:
            self.detecting[number] = now
            self._agenda.push(now + detection_s, self._detected, call)
        else:
            self._told_apart(call)

    def _detected(self, call: Call) -> None:
        del self.detecting[call.number]
        self._told_apart(call)

    def _told_apart(self, call: Call) -> None:
        now, stratum, tally = self.now, call.stratum, self.tally
        if not call.fate.person:
            del self._under_way[call.number]
            if self._counts:
                tally.machines += 1
                tally.persons_missed += call.fate.end is End.PERSON
            self._roll.failed(call.lead, now)
            self._observe(
                MachineAnswer(at_s=now, attempt_id=call.attempt_id, stratum=stratum, dialled_at_s=call.since)
            )
            return
        if self._counts:
            tally.answers += 1
            tally.machines_missed += call.fate.end is End.MACHINE
            tally.hour(int(now // HOUR_S)).answers += 1
        self._observe(LiveAnswer(at_s=now, attempt_id=call.attempt_id, stratum=stratum, dialled_at_s=call.since))
        self._wants_agent(call)

    def _wants_agent(self, call: Call) -> None:
        patience_s = self._patience()
        if self._idle:
            self._connect(call, self.now, self._idle.popleft())
            return
        self.waiting[call.number] = self.now
        if patience_s == 0.0:
            self._give_up(call)
        elif patience_s < inf:
            self._agenda.push(self.now + patience_s, self._give_up, call)

    def _give_up(self, call: Call) -> None:
        since = self.waiting.pop(call.number, None)
        if since is None:
            return  # an agent was there in time
        self._messages[call.number] = since
        if self._counts:
            self.tally.abandoned += 1
            self.tally.hour(int(self.now // HOUR_S)).abandoned += 1
        self._agenda.push(self.now + self.scenario.message_s, self._apologised, call)

    def _apologised(self, call: Call) -> None:
        now, number = self.now, call.number
        waited_s = now - self._messages.pop(number)
        del self._under_way[number]
        self._count_in_window(abandoned=True)
        self._observe(Abandoned(at_s=now, attempt_id=call.attempt_id, stratum=call.stratum, waited_s=waited_s))
