"""Agents and queues of the settings, as the floor wants them."""

from __future__ import annotations

from calls.agents.profiles import AgentProfile, LegMode, QueueProfile
from calls.ids import AgentId, QueueName
from calls.settings import Settings


def agents_of(settings: Settings) -> list[AgentProfile]:
    """The agents of the settings."""
    return [
        AgentProfile(
            agent_id=AgentId(agent.id),
            name=agent.name,
            mode=LegMode(agent.mode),
            auto_answer=agent.auto_answer,
            queues=frozenset(QueueName(queue) for queue in agent.queues),
            wrap_up_s=agent.wrap_up_s,
            skills=agent.skills,
            wrap_up_max_s=agent.wrap_up_max_s,
            switch=agent.switch or "",
        )
        for agent in settings.agents
    ]


def queues_of(settings: Settings) -> list[QueueProfile]:
    """The queues of the settings."""
    return [
        QueueProfile(QueueName(queue.name), queue.service_target_s, queue.max_wait_s) for queue in settings.queues
    ]
