"""Pauses that agents have announced: kept in the store, so that another start of the engine forgets none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from calls.agents.events import Pause
from calls.agents.states import AgentState
from calls.clock import Clock
from calls.errors import UserError
from calls.ids import AgentId
from calls.records import announced_pauses as kept
from calls.records.announced_pauses import Coming
from calls.records.writer import Writer
from console.engine.floor import FloorRunner
from console.engine.tasks import Tasks


class AnnouncedPauses:
    """Of one engine's agents."""

    def __init__(self, floor: FloorRunner, writer: Writer, tasks: Tasks, clock: Clock) -> None:
        self._floor = floor
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._left: dict[AgentId, Coming] = {}
        """Of a run before this one."""
        self._settled: set[AgentId] = set()
        """The agents whose switch is settled: of the others nothing is known yet."""
        self._kept: dict[AgentId, tuple[float, str]] = {}
        """What stands in the store by this run: when, on the engine's clock, and why."""

    async def load(self) -> None:
        """Take over what the store has.

        Raises:
            RecordError: it cannot be read.
        """
        self._left = await self._writer.run_alone(kept.announced)

    def settle(self, agents: Iterable[AgentId], taken_over: Iterable[AgentId]) -> None:
        """The switch of these agents is settled: who is ``taken_over`` and had announced a pause still has. One that
        was to begin meanwhile begins now."""
        for agent_id in taken_over:
            if (coming := self._left.get(agent_id)) is not None:
                in_s = (coming[0] - self._clock.now()) / timedelta(seconds=1)
                self._floor.tell(Pause(agent_id, coming[1], self._clock.monotonic_s() + in_s))
        self._settled |= set(agents)
        self.look()

    def check(self, agent_id: AgentId) -> None:
        """Let who takes calls announce a pause.

        Raises:
            UserError: the agent is paused or logged out, or will be.
        """
        for agent in self._floor.view().agents:
            if agent.agent_id == agent_id and agent.wanted is not AgentState.READY:
                raise UserError(f"agent {agent_id} takes no calls that a pause could end: {agent.wanted.value}")

    def look(self) -> None:
        """Write down what has changed on the floor."""
        announced = self._floor.announced()
        if not (announced or self._kept or self._left):
            return
        for agent_id in self._settled & (announced.keys() | self._kept.keys() | self._left.keys()):
            self._keep(agent_id, announced.get(agent_id))

    def _keep(self, agent_id: AgentId, now: tuple[float, str] | None) -> None:
        left = self._left.pop(agent_id, None)
        if now == self._kept.get(agent_id) and left is None:
            return
        coming = None
        if now is None:
            self._kept.pop(agent_id, None)
        else:
            self._kept[agent_id] = now
            begins_at = self._clock.now() + timedelta(seconds=now[0] - self._clock.monotonic_s())
            coming = (begins_at, now[1])
        self._tasks.start(self._write(agent_id, coming), f"announced pause of {agent_id}")

    async def _write(self, agent_id: AgentId, coming: Coming | None) -> None:
        await self._writer.run(lambda connection: kept.keep(connection, agent_id, coming))
