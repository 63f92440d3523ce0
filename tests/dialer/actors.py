"""What a world around the core is made of: legs, agents, the engine's death, and what the outside saw."""

from __future__ import annotations

from dataclasses import dataclass

from calls.agents.states import AgentState
from calls.ids import AgentId, AttemptId, QueueName
from calls.switch.port import DialAttempt
from dialer import events


class Crash(Exception):
    """The engine is killed here."""


@dataclass
class Channel:
    """A leg on the switch."""

    dial: DialAttempt
    answered: bool = False
    ours: bool = False
    """Under the engine's control: the dialplan ends it when the engine is gone."""
    talking: bool = False


@dataclass
class Agent:
    agent_id: AgentId
    state: str = "ready"
    call: AttemptId | None = None
    since: float = 0.0

    def on_floor(self, queue: QueueName) -> events.FloorAgent:
        """As the floor shows it."""
        state = AgentState("logged_out" if self.state == "gone" else self.state)
        ready = state is AgentState.READY
        return events.FloorAgent(self.agent_id, frozenset({queue}), state, self.since, ready, self.call)

    def become(self, state: str, now: float, call: AttemptId | None = None) -> None:
        """Be in ``state`` from ``now`` on."""
        self.state, self.call, self.since = state, call, now


@dataclass(frozen=True)
class Entry:
    """Something the outside world saw."""

    at: float
    kind: str
    number: str = ""
    attempt: str = ""
    trunk: str = ""
