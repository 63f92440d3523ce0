"""The agents who take dialled calls, and which campaign each of them works for."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping

from calls.agents.states import AgentState
from calls.ids import AgentId, CampaignId, QueueName
from dialer import pacing
from dialer.campaign import Campaign
from dialer.events import AgentsChanged, FloorAgent

INBOUND_S = 300.0
"""Inbound calls that agents took are counted over this time, for how many are to be expected."""

AT_WORK = (AgentState.READY, AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)
BUSY = (AgentState.TALKING, AgentState.WRAP_UP)

CampaignOf = Callable[[str], CampaignId | None]
Told = tuple[CampaignId, pacing.Observation]


def may_serve(agent: FloorAgent, campaign: Campaign) -> bool:
    """True where the campaign's calls may go to the agent: by queue and by skills."""
    skills = campaign.file.skills
    if campaign.queue not in agent.queues:
        return False
    return not skills or all(agent.skills.get(each, 0) >= skills[each] for each in skills)


class Workforce:
    """What the floor told last."""

    def __init__(self) -> None:
        self.agents: dict[AgentId, FloorAgent] = {}
        self.inbound: Mapping[QueueName, int] = {}
        """Inbound callers who wait, by queue."""
        self.works_for: dict[AgentId, CampaignId] = {}
        """Whose call each of them had last. Who talks to an inbound caller counts for that campaign still."""
        self._taken: deque[tuple[float, AgentId]] = deque()

    def changed(self, event: AgentsChanged, campaign_of: CampaignOf, now: float) -> list[Told]:
        """Take over the floor as it is; what the campaigns' policies are to hear of it. ``campaign_of``:
        whose call it is, None of an inbound one."""
        before, self.agents = self.agents, {agent.agent_id: agent for agent in event.agents}
        self.inbound = event.inbound
        for agent in event.agents:
            if agent.call_id is None or agent.state not in BUSY:
                continue
            if (campaign_id := campaign_of(agent.call_id)) is not None:
                self.works_for[agent.agent_id] = campaign_id
            elif agent.state is AgentState.TALKING and not _same_call(before.get(agent.agent_id), agent):
                self._taken.append((now, agent.agent_id))
        return [each for was in before.values() for each in self._told(was, self.agents.get(was.agent_id), now)]

    def _told(self, was: FloorAgent, agent: FloorAgent | None, now: float) -> Iterator[Told]:
        campaign_id = self.works_for.get(was.agent_id)
        if campaign_id is None:
            return
        if was.state is AgentState.WRAP_UP and (agent is None or agent.state is not AgentState.WRAP_UP):
            yield campaign_id, pacing.WrapEnded(at_s=now, wrap_s=max(0.0, now - was.since_s))
        if was.state in AT_WORK and (agent is None or agent.state not in AT_WORK):
            yield campaign_id, pacing.AgentLeft(at_s=now)

    def busy_for(self, campaign: Campaign, state: AgentState) -> tuple[float, ...]:
        """Since when each of those who work for the campaign is in ``state``, talk or wrap-up, and will be free after
        it: who leaves then is not counted."""
        return tuple(
            agent.since_s
            for agent in self.agents.values()
            if agent.state is state
            and not agent.leaving
            and self.works_for.get(agent.agent_id) == campaign.campaign_id
            and may_serve(agent, campaign)
        )

    def ready(self) -> Iterator[FloorAgent]:
        """Agents who can take a dialled call now; not those for whom an inbound caller waits."""
        callers = {queue for queue, waiting in self.inbound.items() if waiting}
        for agent in self.agents.values():
            if agent.free and callers.isdisjoint(agent.queues):
                yield agent

    def reserved_calls(self) -> Counter[str]:
        """The calls that an agent is reserved for."""
        return Counter(
            agent.call_id
            for agent in self.agents.values()
            if agent.state is AgentState.RESERVED and agent.call_id is not None
        )

    def inbound_rate_per_s(self, campaign: Campaign, now: float) -> float:
        """Inbound calls a second that the campaign's agents took lately."""
        while self._taken and self._taken[0][0] < now - INBOUND_S:
            self._taken.popleft()
        taken = (self.agents.get(agent_id) for _, agent_id in self._taken)
        return sum(agent is not None and may_serve(agent, campaign) for agent in taken) / INBOUND_S


def _same_call(was: FloorAgent | None, agent: FloorAgent) -> bool:
    return was is not None and was.state is AgentState.TALKING and was.call_id == agent.call_id
