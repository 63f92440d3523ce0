"""Inbound callers of a run: they come by chance, wait for the same agents, and talk or give up."""

from __future__ import annotations

from functools import partial

from calls.agents.events import CallGone, CallKind, CallWaiting, TalkBegan, TalkOver, WrapUpDone
from calls.ids import AgentId, CallId, QueueName
from dialer.simulation.as_campaign import QUEUE
from dialer.simulation.counting import Counting
from dialer.simulation.distributions import Exponential
from dialer.simulation.draws import draws_of
from dialer.simulation.scenario import HOUR_S, Scenario
from dialer.simulation.staff import LONGEST_S, Clock, Staff

STREAM = 90
PREFIX = "in-"


class Callers:
    """A Poisson stream whose rate follows the scenario; without ``inbound`` nobody calls."""

    def __init__(self, scenario: Scenario, seed: int, clock: Clock, staff: Staff, counting: Counting) -> None:
        self._later, self._now, self._staff, self._counting = clock.later, clock.now, staff, counting
        self._waiting: set[CallId] = set()
        self._count = 0
        inbound = scenario.inbound
        if inbound is None:
            return
        self._rates = inbound.calls_per_hour
        self._gap = draws_of(Exponential(1.0), (seed, STREAM))
        self._talk, self._patience, self._wrap_up = (
            draws_of(each, (seed, STREAM + 1 + index))
            for index, each in enumerate((inbound.talk, inbound.patience, scenario.wrap_up))
        )
        self._plan(0.0)

    @property
    def waiting(self) -> int:
        """Callers for whom no agent is on the way."""
        return len(self._waiting)

    def owns(self, call_id: CallId) -> bool:
        """True where it is an inbound call."""
        return call_id.startswith(PREFIX)

    def _plan(self, from_s: float) -> None:
        """Let the next caller come: so much of the rate's integral lies between two."""
        left, at_s = self._gap(), from_s
        for until_s, rate in self._rates.from_time(from_s):
            step = (until_s - at_s) * rate / HOUR_S
            if step >= left:
                self._later(at_s + left * HOUR_S / rate, self._comes)
                return
            left, at_s = left - step, until_s

    def _comes(self) -> None:
        now = self._now()
        self._count += 1
        call_id = CallId(f"{PREFIX}{self._count}")
        self._waiting.add(call_id)
        self._counting.inbound_came()
        self._plan(now)
        self._later(now + self._patience(), partial(self._gives_up, call_id))
        self._staff.tell(CallWaiting(call_id, QueueName(QUEUE), CallKind.INBOUND, max_wait_s=LONGEST_S))

    def _gives_up(self, call_id: CallId) -> None:
        if call_id in self._waiting:
            self._waiting.discard(call_id)
            self._counting.inbound_gone()
            self._staff.tell(CallGone(call_id))

    def meets(self, call_id: CallId, agent_id: AgentId) -> None:
        """An agent is there: they talk."""
        self._waiting.discard(call_id)
        self._counting.inbound_talks()
        self._later(self._now(), partial(self._talks, call_id, agent_id))

    def _talks(self, call_id: CallId, agent_id: AgentId) -> None:
        self._staff.tell(TalkBegan(call_id, agent_id))
        self._later(self._now() + self._talk(), partial(self._talked, call_id, agent_id))

    def _talked(self, call_id: CallId, agent_id: AgentId) -> None:
        self._staff.tell(TalkOver(call_id, agent_id))
        self._later(self._now() + self._wrap_up(), partial(self._staff.tell, WrapUpDone(agent_id)))
