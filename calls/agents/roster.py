"""The agents and queues of one engine, and which agents can be reached: looked up by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from calls.agents.agent import Agent
from calls.agents.profiles import AgentProfile, QueueProfile
from calls.agents.states import AgentState
from calls.ids import AgentId, QueueName


class UnknownName(LookupError):
    """An event names an agent or a queue that the settings do not have."""


class Roster:
    """Who there is. Their states are led by the floor."""

    def __init__(self, agents: Iterable[AgentProfile], queues: Iterable[QueueProfile], now: float) -> None:
        """Raises:
        UnknownName: an agent serves a queue that there is not.
        """
        self.agents = {profile.agent_id: Agent(profile, since=now) for profile in agents}
        self.queues = {profile.name: profile for profile in queues}
        for agent in self.agents.values():
            for queue in agent.profile.queues:
                self.queue(queue)
        self.lost: set[str] = set()
        """The switches that cannot be reached."""

    def agent(self, agent_id: AgentId) -> Agent:
        """The agent of this id.

        Raises:
            UnknownName: there is no such agent.
        """
        if (agent := self.agents.get(agent_id)) is None:
            raise UnknownName(f"no agent {agent_id!r} in the settings")
        return agent

    def queue(self, name: QueueName) -> QueueProfile:
        """The queue of this name.

        Raises:
            UnknownName: there is no such queue.
        """
        if (queue := self.queues.get(name)) is None:
            raise UnknownName(f"no queue {name!r} in the settings")
        return queue

    def serve(self, agent_id: AgentId, queues: frozenset[QueueName]) -> None:
        """Have the agent serve these queues, in the place of those before.

        Raises:
            UnknownName: there is no such agent or queue.
        """
        agent = self.agent(agent_id)
        for name in sorted(queues):
            self.queue(name)
        agent.profile = replace(agent.profile, queues=queues)

    def serving(self, name: QueueName) -> int:
        """How many agents of the queue take calls: logged in and not paused."""
        away = (AgentState.LOGGED_OUT, AgentState.PAUSED)
        return len([True for a in self.agents.values() if a.state not in away and name in a.profile.queues])

    def at_home(self, switch: str) -> list[Agent]:
        """The agents who are reached on the switch."""
        return [agent for agent in self.agents.values() if agent.profile.switch == switch]

    def reachable(self, agent: Agent) -> bool:
        """Whether the agent's switch can be reached."""
        return agent.profile.switch not in self.lost

    def within_reach(self) -> Collection[Agent]:
        """The agents whose switch can be reached."""
        agents = self.agents.values()
        return [agent for agent in agents if self.reachable(agent)] if self.lost else agents
