"""The agents who take dialled calls, and which campaign each of them works for."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from typing import assert_never

from calls.agents.states import AgentState
from calls.ids import AgentId, CampaignId, QueueName
from dialer import pacing
from dialer.allocation import Group
from dialer.campaign import Campaign
from dialer.events import AgentsChanged, FloorAgent

INBOUND_S = 300.0
"""Inbound calls that agents took are counted over this time, for how many are to be expected."""

AT_WORK = (AgentState.READY, AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)
BUSY = (AgentState.TALKING, AgentState.WRAP_UP)

CampaignOf = Callable[[str], CampaignId | None]
Told = tuple[CampaignId, str, pacing.Observation]
"""What the policy of a campaign on a switch is to hear."""
Kind = tuple[object, ...]
"""What an agent may serve: home, queues and skills."""


Since = tuple[tuple[float, ...], tuple[float, ...]]
"""When agents began to talk, and when others began to wrap up."""

Party = tuple[CampaignId, str, Campaign]
"""A campaign on a switch, with its key: see :class:`dialer.lane.Lane`."""


def may_serve(agent: FloorAgent, campaign: Campaign, switch: str) -> bool:
    """True where the campaign's calls on the switch may go to the agent: by queue, by skills, and as the agent is
    reached there."""
    if agent.switch != switch or campaign.queue not in agent.queues:
        return False
    skills = campaign.file.skills
    return not skills or all(agent.skills.get(each, 0) >= skills[each] for each in skills)


class Workforce:
    """What the floor told last."""

    def __init__(self) -> None:
        self.agents: dict[AgentId, FloorAgent] = {}
        self.inbound: Mapping[QueueName, int] = {}
        """Inbound callers who wait, by queue."""
        self._inbound_on: Mapping[QueueName, frozenset[str]] = {}
        self.works_for: dict[AgentId, CampaignId] = {}
        """Whose call each of them had last. Who talks to an inbound caller counts for that campaign still."""
        self._busy: dict[tuple[CampaignId, str], tuple[Campaign, Since]] = {}
        self._ready: tuple[tuple[Party, ...], Counter[Group]] | None = None
        """Worked out once for each picture of the floor: they are asked for at every event of every call."""
        self._floor: tuple[FloorAgent, ...] = ()
        self._free: dict[Kind, tuple[FloorAgent, int]] = {}
        """Free agents by what they may serve: one of them, and how many there are."""
        self._reserved: set[str] = set()
        self._leaving_at: dict[AgentId, float] = {}
        """When those go who are at work and whose going is announced."""
        self._taken: deque[tuple[float, AgentId]] = deque()

    def changed(self, event: AgentsChanged, campaign_of: CampaignOf, now: float) -> list[Told]:
        """Take over the floor as it is; what the campaigns' policies are to hear of it. ``campaign_of``:
        whose call it is, None of an inbound one. An agent who is the same value as before is not looked at."""
        moved = self._moved(event.agents)
        self.inbound, self._inbound_on = event.inbound, event.inbound_on
        self._busy, self._ready = {}, None
        for was, _ in moved:
            if was is not None:
                self._forget(was)
        told: list[Told] = []
        for was, agent in moved:
            if agent is not None:
                self._learn(was, agent, campaign_of, now)
            if was is not None and (agent is None or agent.state is not was.state):
                told += self._told(was, agent, now)
        return told

    def _moved(self, agents: tuple[FloorAgent, ...]) -> list[tuple[FloorAgent | None, FloorAgent | None]]:
        """Each agent as before and as now; None: was not, or is not, on the floor."""
        before, self._floor = self._floor, agents
        if len(before) == len(agents):
            moved = [(was, agent) for was, agent in zip(before, agents, strict=True) if was is not agent]
            if all(was.agent_id == agent.agent_id for was, agent in moved):
                return list(moved)
        known, here = self.agents, {agent.agent_id: agent for agent in agents}
        gone = [(was, None) for agent_id, was in known.items() if agent_id not in here]
        return [*((known.get(agent_id), agent) for agent_id, agent in here.items()), *gone]

    def _forget(self, was: FloorAgent) -> None:
        del self.agents[was.agent_id]
        self._leaving_at.pop(was.agent_id, None)
        if was.free:
            one, count = self._free.pop(_kind(was))
            if count > 1:
                self._free[_kind(was)] = (one, count - 1)
        if was.state is AgentState.RESERVED and was.call_id is not None:
            self._reserved.discard(was.call_id)

    def _learn(self, was: FloorAgent | None, agent: FloorAgent, campaign_of: CampaignOf, now: float) -> None:
        self.agents[agent.agent_id] = agent
        if agent.leaving_at_s is not None and agent.state in AT_WORK:
            self._leaving_at[agent.agent_id] = agent.leaving_at_s
        if agent.free:
            self._free[_kind(agent)] = (agent, self._free.get(_kind(agent), (agent, 0))[1] + 1)
        if agent.call_id is None:
            return
        if agent.state is AgentState.RESERVED:
            self._reserved.add(agent.call_id)
        elif agent.state in BUSY:
            if (campaign_id := campaign_of(agent.call_id)) is not None:
                self.works_for[agent.agent_id] = campaign_id
            elif agent.state is AgentState.TALKING and not _same_call(was, agent):
                self._taken.append((now, agent.agent_id))

    def _told(self, was: FloorAgent, agent: FloorAgent | None, now: float) -> Iterator[Told]:
        campaign_id = self.works_for.get(was.agent_id)
        if campaign_id is None:
            return
        if was.state is AgentState.WRAP_UP and (agent is None or agent.state is not AgentState.WRAP_UP):
            yield campaign_id, was.switch, pacing.WrapEnded(at_s=now, wrap_s=max(0.0, now - was.since_s))
        if was.state in AT_WORK and (agent is None or agent.state not in AT_WORK):
            yield campaign_id, was.switch, pacing.AgentLeft(at_s=now)

    def busy_for(self, campaign: Campaign, switch: str) -> Since:
        """Since when each of those who work for the campaign on the switch talks, and since when each wraps up, and
        will be free after it: who leaves then is not counted."""
        known = self._busy.get((campaign.campaign_id, switch))
        if known is None or known[0] is not campaign:
            known = self._busy[campaign.campaign_id, switch] = (campaign, self._since(campaign, switch))
        return known[1]

    def _since(self, campaign: Campaign, switch: str) -> Since:
        talking, wrapping = list[float](), list[float]()
        talks, wraps = AgentState.TALKING, AgentState.WRAP_UP
        campaign_id, works_for = campaign.campaign_id, self.works_for
        for agent in self.agents.values():
            state = agent.state
            since = talking if state is talks else wrapping if state is wraps else None
            if since is None or agent.leaving or works_for.get(agent.agent_id) != campaign_id:
                continue
            if may_serve(agent, campaign, switch):
                since.append(agent.since_s)
        return tuple(talking), tuple(wrapping)

    def ready(self, parties: tuple[Party, ...]) -> Counter[Group]:
        """Agents who can take a dialled call now, by those of ``parties`` whose calls they may take; not those for
        whom an inbound caller waits."""
        known = self._ready
        if known is None or not _alike(known[0], parties):
            groups: Counter[Group] = Counter()
            for agent, count in self._free.values():
                if not any(self.inbound_waiting(queue, agent.switch) for queue in agent.queues):
                    serves = (key for key, switch, each in parties if may_serve(agent, each, switch))
                    groups[frozenset(serves)] += count
            known = self._ready = (parties, groups)
        return known[1]

    def why_none(self, campaign: Campaign, switches: Collection[str]) -> str:
        """What those of the campaign's queue do who might take its calls, such as ``agents: 2 talking, 1 paused``."""
        members = [each for each in self.agents.values() if campaign.queue in each.queues]
        if not members:
            return "agents: none of its queue can meet a dialled person in time"
        found = Counter(self._does(each, campaign, switches) for each in members)
        return "agents: " + ", ".join(f"{count} {does}" for does, count in sorted(found.items()))

    def _does(self, agent: FloorAgent, campaign: Campaign, switches: Collection[str]) -> str:
        if agent.state is AgentState.LOGGED_OUT:
            return "logged out"
        if not any(may_serve(agent, campaign, switch) for switch in switches):
            return "without its skills" if agent.switch in switches else "on another switch"
        match agent.state:
            case AgentState.PAUSED:
                return "paused"
            case AgentState.WRAP_UP:
                return "in wrap-up"
            case AgentState.TALKING:
                return "talking"
            case AgentState.RESERVED:
                return "about to talk"
            case AgentState.READY if agent.free and not agent.leaving:
                return "free for callers or another campaign"
            case AgentState.READY:
                return "not to be reached now"
            case _:
                assert_never(agent.state)

    def inbound_waiting(self, queue: QueueName, switch: str) -> int:
        """Inbound callers of the queue whom agents on the switch could take."""
        on = self._inbound_on.get(queue)
        return self.inbound.get(queue, 0) if on is None or switch in on else 0

    def leaving_at(self, campaign: Campaign, switch: str, now: float) -> tuple[float, ...]:
        """When those of the campaign's agents go who are at work and whose going is announced. Who is busy with
        another campaign's call is none of its own."""
        if not self._leaving_at:
            return ()
        return tuple(
            at_s
            for agent_id, at_s in self._leaving_at.items()
            if at_s > now and self._counts_on(self.agents[agent_id], campaign, switch)
        )

    def _counts_on(self, agent: FloorAgent, campaign: Campaign, switch: str) -> bool:
        elsewhere = agent.state in BUSY and self.works_for.get(agent.agent_id) != campaign.campaign_id
        return not elsewhere and may_serve(agent, campaign, switch)

    def reserved_calls(self) -> Set[str]:
        """The calls that an agent is reserved for."""
        return self._reserved

    def inbound_rate_per_s(self, campaign: Campaign, switch: str, now: float) -> float:
        """Inbound calls a second that the campaign's agents on the switch took lately."""
        while self._taken and self._taken[0][0] < now - INBOUND_S:
            self._taken.popleft()
        if not self._taken:
            return 0.0
        taken = (self.agents.get(agent_id) for _, agent_id in self._taken)
        return sum(agent is not None and may_serve(agent, campaign, switch) for agent in taken) / INBOUND_S


def _alike(before: tuple[Party, ...], now: tuple[Party, ...]) -> bool:
    """By identity of the campaigns: it is asked at every event of every call."""
    return len(before) == len(now) and all(
        was[2] is each[2] and was[0] == each[0] for was, each in zip(before, now, strict=True)
    )


def _same_call(was: FloorAgent | None, agent: FloorAgent) -> bool:
    return was is not None and was.state is AgentState.TALKING and was.call_id == agent.call_id


def _kind(agent: FloorAgent) -> Kind:
    return agent.switch, agent.queues, *agent.skills.items()
