"""Who the agents are and what the queues promise: the settings' part of the floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calls.ids import AgentId, QueueName


class LegMode(StrEnum):
    """How an agent's phone meets a caller."""

    NAILED_UP = "nailed_up"
    """One leg from log-in to log-out; callers are brought to it with no ringing."""
    ON_HOOK = "on_hook"
    """The phone rings for each call."""


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """One agent as the settings name it."""

    agent_id: AgentId
    name: str
    mode: LegMode
    auto_answer: bool
    """An on-hook phone that answers by itself: quick enough for a person who was dialled."""
    queues: frozenset[QueueName]
    wrap_up_s: float
    """Seconds for the work after a talk; 0: ready at once."""
    skills: Mapping[str, int] = field(default_factory=dict)
    """What the agent can do, and how well: from 1 to 9."""
    wrap_up_max_s: float = 0.0
    """How long a wrap-up may last in all where the agent asks for more time; less than ``wrap_up_s``: no longer."""
    switch: str = ""
    """The agent's home: where the phone is reached. Only calls of this switch come to the agent."""

    @property
    def takes_dialled(self) -> bool:
        """True where the agent can meet a dialled person within the two seconds that the law gives."""
        return self.mode is LegMode.NAILED_UP or self.auto_answer


@dataclass(frozen=True, slots=True)
class QueueProfile:
    """One queue as the settings name it."""

    name: QueueName
    service_target_s: float
    max_wait_s: float
