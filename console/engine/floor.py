"""Runs the pure floor of agents: hears what happens, has the switch do what the floor decides, keeps its clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import assert_never

from calls import log
from calls.agents.actions import Action, ConnectCall, DropLeg, ReachPerson, RingLeg, StateChanged, WaitExpired
from calls.agents.events import CallGone, CallWaiting, FloorEvent, LegGone, LegUp, Restored
from calls.agents.floor import Floor
from calls.agents.view import FloorView, Prospect
from calls.clock import Clock
from calls.errors import CommandRefused, SwitchError, SwitchRefused
from calls.ids import AgentId, CallId, LegId, QueueName
from calls.switch.port import Legs, RingAgent
from console.engine.alarm import Alarm
from console.engine.tasks import Tasks

Offer = ConnectCall | ReachPerson | WaitExpired


class FloorRunner:
    """The one owner of the :class:`Floor`.

    ``on_state`` is told each change of an agent's state, ``on_leg`` each leg (True: rung, False: gone), ``on_change``
    that anything may have changed.
    """

    def __init__(
        self,
        floor: Floor,
        switch: Legs,
        endpoints: dict[AgentId, str],
        clock: Clock,
        tasks: Tasks,
        on_state: Callable[[StateChanged], None],
        on_leg: Callable[[AgentId, LegId, bool], None],
        on_change: Callable[[], None],
    ) -> None:
        self._floor = floor
        self._switch = switch
        self._endpoints = endpoints
        self._clock = clock
        self._tasks = tasks
        self._on_state = on_state
        self._on_leg = on_leg
        self._on_change = on_change
        self._offers: dict[CallId, asyncio.Queue[Offer]] = {}
        self._legs: dict[LegId, AgentId] = {}
        self._alarm = Alarm(clock, self._tick)
        self._stopped = False

    def tell(self, event: FloorEvent) -> None:
        """Let the floor know of ``event`` and do what it decides; after :meth:`stop` nothing.

        Raises:
            UnknownName: the event names an agent or a queue that the settings do not have.
        """
        if self._stopped:
            return
        self._perform(self._floor.handle(event, self._clock.monotonic_s()))

    def view(self) -> FloorView:
        """The floor as it stands."""
        return self._floor.view()

    def announced(self) -> dict[AgentId, tuple[float, str]]:
        """The pauses that agents have announced: when each begins, and why."""
        return self._floor.announced()

    def queues_of(self, agent_id: AgentId) -> frozenset[QueueName]:
        """The queues that an agent serves."""
        return self._floor.queues_of(agent_id)

    def home_of(self, agent_id: AgentId) -> str:
        """The switch on which an agent is reached."""
        return self._floor.home_of(agent_id)

    def waits_for(self, agent_id: AgentId) -> tuple[CallId, ...]:
        """The calls without an agent that this one may take."""
        return self._floor.waits_for(agent_id)

    def restore(self, restored: Restored) -> None:
        """Take an agent over from our last run, with the leg and the talk that are still up."""
        if restored.leg_id is not None:
            self._legs[restored.leg_id] = restored.agent_id
        self.tell(restored)

    def prospect(self, call_id: CallId) -> Prospect | None:
        """How the wait of a call stands; None where an agent is reserved for it, or it waits no longer."""
        return self._floor.prospect(call_id, self._clock.monotonic_s())

    @contextmanager
    def waiting(self, call: CallWaiting) -> Iterator[asyncio.Queue[Offer]]:
        """Let ``call`` wait; within it, what the floor offers comes through the queue.

        Within the wait of a place of the same id, which ends then, the person of it has come.
        """
        offers: asyncio.Queue[Offer] = asyncio.Queue()
        self._offers[call.call_id] = offers
        try:
            self.tell(call)
            yield offers
        finally:
            if self._offers.get(call.call_id) is offers:
                del self._offers[call.call_id]
                self.tell(CallGone(call.call_id))

    def leg_answered(self, leg_id: LegId) -> bool:
        """The leg is up. False where it is no agent's."""
        agent_id = self._legs.get(leg_id)
        if agent_id is not None:
            self.tell(LegUp(agent_id, leg_id))
        return agent_id is not None

    def leg_rings(self, leg_id: LegId) -> bool:
        """Nothing is done for it. False where the leg is no agent's."""
        return leg_id in self._legs

    def leg_ended(self, leg_id: LegId, cause: int | None = None) -> bool:
        """The leg is gone. False where it is no agent's."""
        agent_id = self._legs.pop(leg_id, None)
        if agent_id is not None:
            self._on_leg(agent_id, leg_id, False)
            self.tell(LegGone(agent_id, leg_id))
        return agent_id is not None

    def agent_of(self, leg_id: LegId) -> AgentId | None:
        """Whose leg it is."""
        return self._legs.get(leg_id)

    def stop(self) -> None:
        """Decide no more: agents, legs and talks stay as they are, for the next run to find."""
        self._stopped = True
        self._alarm.cancel()

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case RingLeg():
                    self._ring(action)
                case DropLeg(_, leg_id):
                    self._tasks.start(self._drop(leg_id), f"drop {leg_id}")
                case ConnectCall(call_id) | ReachPerson(call_id) | WaitExpired(call_id):
                    if (offers := self._offers.get(call_id)) is not None:
                        offers.put_nowait(action)
                case StateChanged():
                    self._on_state(action)
                case _:
                    assert_never(action)
        self._alarm.set(self._floor.next_timer())
        self._on_change()

    def _tick(self) -> None:
        self._perform(self._floor.tick(self._clock.monotonic_s()))

    def _ring(self, action: RingLeg) -> None:
        self._legs[action.leg_id] = action.agent_id
        self._on_leg(action.agent_id, action.leg_id, True)
        self._tasks.start(self._originate(action), f"ring {action.agent_id}")

    async def _originate(self, action: RingLeg) -> None:
        request = RingAgent(
            leg_id=action.leg_id,
            endpoint=self._endpoints[action.agent_id],
            caller_id="",
            ring_timeout_s=action.ring_timeout_s,
            switch=self._floor.home_of(action.agent_id),
        )
        try:
            await self._switch.originate(request)
        except (SwitchRefused, CommandRefused) as problem:
            log.get().warning("agent not rung", agent=action.agent_id, problem=str(problem))
            self.leg_ended(action.leg_id)
        except SwitchError as problem:  # the phone may ring: the floor gives it its time, and ends the leg then
            log.get().warning("agent rung, perhaps", agent=action.agent_id, problem=str(problem))

    async def _drop(self, leg_id: LegId) -> None:
        try:
            await self._switch.hang_up(leg_id)
        except SwitchError as problem:
            log.get().warning("leg not ended", leg=leg_id, problem=str(problem))
