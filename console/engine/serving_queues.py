"""Which queues agents serve: as the settings say, until a supervisor moves them or an agent leaves some. Kept in the
store, so that another start changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from calls import log
from calls.agents.events import Serves
from calls.clock import Clock
from calls.errors import UserError
from calls.ids import AgentId, QueueName
from calls.records import agent_queues as kept
from calls.records.writer import Writer
from calls.settings import Settings
from console.engine.floor import FloorRunner
from console.operations import Done


class ServingQueues:
    """The one who moves agents between queues."""

    def __init__(self, settings: Settings, floor: FloorRunner, writer: Writer, clock: Clock) -> None:
        self._own = {AgentId(each.id): frozenset(QueueName(name) for name in each.queues) for each in settings.agents}
        self._queues = frozenset(QueueName(each.name) for each in settings.queues)
        self._floor = floor
        self._writer = writer
        self._clock = clock
        self._ordered: dict[AgentId, frozenset[QueueName]] = {}
        """What supervisors gave, where it is not what the settings say."""

    async def load(self) -> None:
        """Take over what the store has; agents and queues that the settings no longer have are left out.

        Raises:
            RecordError: it cannot be read.
        """
        ordered = await self._writer.run_alone(kept.ordered_queues)
        self._ordered = {agent: queues & self._queues for agent, queues in ordered.items() if agent in self._own}
        for agent_id, queues in (await self._writer.run_alone(kept.agent_queues)).items():
            if agent_id in self._own:
                self._floor.tell(Serves(agent_id, queues & self._queues))

    async def move(self, agent_id: AgentId, names: Iterable[str], who: str) -> Done:
        """Have an agent serve these queues and no others.

        Raises:
            UserError: there is no such agent or queue.
            RecordError: the store refuses; nothing has changed.
        """
        own, queues = self._own_of(agent_id), frozenset(QueueName(name) for name in names)
        if unknown := sorted(queues - self._queues):
            raise UserError(
                f"no queue {', '.join(unknown)} in the settings: there are {', '.join(sorted(self._queues))}"
            )
        await self._keep(agent_id, queues, None if queues == own else queues, who)
        if queues == own:
            self._ordered.pop(agent_id, None)
        else:
            self._ordered[agent_id] = queues
        return self._serve(agent_id, queues, who)

    async def choose(self, agent_id: AgentId, names: Iterable[str], who: str) -> Done:
        """What an agent may do for itself: leave queues that a supervisor, or else the settings, gave it, and come
        back to them.

        Raises:
            UserError: one of them is not the agent's. Else as :meth:`move`.
        """
        queues = frozenset(QueueName(name) for name in names)
        ordered = self._ordered.get(agent_id)
        may = self._own_of(agent_id) if ordered is None else ordered
        if foreign := sorted(queues - may):
            raise UserError(f"agent {agent_id} does not serve {', '.join(foreign)}: a supervisor can change that")
        await self._keep(agent_id, queues, ordered, who)
        return self._serve(agent_id, queues, who)

    async def _keep(
        self, agent_id: AgentId, queues: frozenset[QueueName], ordered: frozenset[QueueName] | None, who: str
    ) -> None:
        now = self._clock.now()
        if ordered is None and queues == self._own_of(agent_id):
            await self._writer.run(lambda db: kept.clear_agent_queues(db, agent_id, who, now))
        else:
            await self._writer.run(lambda db: kept.set_agent_queues(db, agent_id, queues, ordered, who, now))

    def _serve(self, agent_id: AgentId, queues: frozenset[QueueName], who: str) -> Done:
        self._floor.tell(Serves(agent_id, queues))
        log.get().info("agent moved", agent=agent_id, queues=sorted(queues), who=who)
        return Done(said=f"agent {agent_id} serves {', '.join(sorted(queues)) or 'no queue'}")

    def _own_of(self, agent_id: AgentId) -> frozenset[QueueName]:
        if (own := self._own.get(agent_id)) is None:
            raise UserError(f"no agent {agent_id!r} in the settings")
        return own
