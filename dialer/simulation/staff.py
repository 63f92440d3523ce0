"""The agents of a run on the real floor: they come, take calls, have breaks and go, on a virtual clock."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from calls.agents.actions import Action, ConnectCall, DropLeg, ReachPerson, RingLeg, StateChanged
from calls.agents.events import FloorEvent, LegGone, LegUp, LogIn, LogOut, Pause, Unpause
from calls.agents.floor import Floor
from calls.agents.profiles import AgentProfile, LegMode, QueueProfile
from calls.agents.states import AgentState
from calls.ids import AgentId, LegId, QueueName
from dialer.events import FloorAgent
from dialer.simulation.as_campaign import QUEUE
from dialer.simulation.scenario import NOTICE_S, Scenario, Shift

LONGEST_S = 1e7
"""Wrap-ups and waits end when the run says so, never by the floor's own limits."""

QUEUES = frozenset({QueueName(QUEUE)})

AT_WORK = (AgentState.READY, AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)


@dataclass(frozen=True, slots=True)
class Clock:
    """The run's clock: the time, and what is to be done at another one."""

    later: Callable[[float, Callable[[], None]], None]
    now: Callable[[], float]


class Staff:
    """The floor and its agents. ``on_state``: an agent changed; ``on_call``: an agent is there for a call;
    ``on_floor``: the core is to be told of the floor."""

    def __init__(
        self,
        scenario: Scenario,
        clock: Clock,
        on_state: Callable[[StateChanged], None],
        on_call: Callable[[ConnectCall | ReachPerson], None],
        on_floor: Callable[[], None],
    ) -> None:
        self._clock, self._on_state, self._on_call, self._on_floor = clock, on_state, on_call, on_floor
        shifts = [shift for shift in scenario.shifts for _ in range(shift.agents)]
        names = [AgentId(f"agent{index}") for index in range(len(shifts))]
        legs = (LegId(f"leg{index}") for index in itertools.count())
        self._floor = Floor([_profile(name) for name in names], [_queue()], 0.0, lambda: next(legs))
        self._agents = {name: FloorAgent(name, QUEUES, AgentState.LOGGED_OUT, 0.0) for name in names}
        self._leaving: set[AgentId] = set()
        self._goes_at: dict[AgentId, float] = {}
        for name, shift in zip(names, shifts, strict=True):
            self._plan(name, shift)

    def _plan(self, name: AgentId, shift: Shift) -> None:
        later = self._clock.later
        later(shift.from_s, lambda: self.tell(LogIn(name)))
        for begin, end in shift.breaks:
            self._leave(name, begin, Pause(name, "break"), shift)
            later(end, partial(self._comes_back, name))
        if shift.until_s < float("inf"):
            self._leave(name, shift.until_s, LogOut(name), shift)

    def _leave(self, name: AgentId, at_s: float, event: Pause | LogOut, shift: Shift) -> None:
        later = self._clock.later
        if shift.announced:
            later(max(shift.from_s, at_s - NOTICE_S), lambda: self._announce(name, at_s))
        later(at_s, lambda: self._goes(name, event))

    def _announce(self, name: AgentId, at_s: float) -> None:
        self._goes_at[name] = at_s
        self._show(name)
        self._on_floor()

    def _goes(self, name: AgentId, event: Pause | LogOut) -> None:
        self._leaving.add(name)
        self._goes_at.pop(name, None)
        self._show(name)
        self.tell(event)

    def _comes_back(self, name: AgentId) -> None:
        self._leaving.discard(name)
        self._show(name)
        self.tell(Unpause(name))

    def tell(self, event: FloorEvent) -> None:
        """Let the floor know of ``event`` and do what it decides."""
        for action in self._floor.handle(event, self._clock.now()):
            self._perform(action)
        self._on_floor()

    def _perform(self, action: Action) -> None:
        match action:
            case StateChanged():
                self._show(action.agent_id, action)
                self._on_state(action)
            case ConnectCall() | ReachPerson():
                self._on_call(action)
            case RingLeg(agent_id, leg_id):
                self.tell(LegUp(agent_id, leg_id))
            case DropLeg(agent_id, leg_id):
                self.tell(LegGone(agent_id, leg_id))
            case _:
                raise AssertionError(f"nothing waits for so long: {action}")

    def _show(self, name: AgentId, to: StateChanged | None = None) -> None:
        was = self._agents[name]
        state, since, call = (was.state, was.since_s, was.call_id) if to is None else (to.state, to.since, to.call_id)
        free = state is AgentState.READY
        leaving, goes_at = name in self._leaving, self._goes_at.get(name)
        self._agents[name] = FloorAgent(
            name, QUEUES, state, since, free, call, was.skills, leaving, leaving_at_s=goes_at
        )

    def floor(self) -> tuple[FloorAgent, ...]:
        """As the core is told of it."""
        return tuple(self._agents.values())


def _profile(name: AgentId) -> AgentProfile:
    return AgentProfile(name, name, LegMode.NAILED_UP, False, QUEUES, LONGEST_S, wrap_up_max_s=LONGEST_S)


def _queue() -> QueueProfile:
    return QueueProfile(QueueName(QUEUE), 20.0, LONGEST_S)
