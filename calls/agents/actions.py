"""What the floor wants done, in the order in which it is to be done."""

from __future__ import annotations

from dataclasses import dataclass

from calls.agents.states import AgentState
from calls.ids import AgentId, CallId, LegId


@dataclass(frozen=True, slots=True)
class RingLeg:
    """Ring the agent's phone as the leg ``leg_id``; ``LegUp`` or ``LegGone`` with this id is to follow."""

    agent_id: AgentId
    leg_id: LegId
    ring_timeout_s: float


@dataclass(frozen=True, slots=True)
class DropLeg:
    """End the agent's leg, ringing or up. A leg that is gone already is no error."""

    agent_id: AgentId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class ConnectCall:
    """Bring the caller to the agent's leg, which is up; ``TalkBegan`` or ``ConnectFailed`` is to follow."""

    call_id: CallId
    agent_id: AgentId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class ReachPerson:
    """An agent is there, with the leg up, for a call that is only a place: dial the person. ``CallWaiting`` of the
    same id is to follow, or ``CallGone``. Where the first agent is lost meanwhile, it is said again for the next."""

    call_id: CallId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The agent is in another state. ``since`` is in seconds of the floor's clock, ``previous_s`` how long the
    state before had lasted, ``call_id`` the call that the new state is about."""

    agent_id: AgentId
    state: AgentState
    reason: str
    since: float
    previous: AgentState
    previous_s: float
    call_id: CallId | None


@dataclass(frozen=True, slots=True)
class WaitExpired:
    """The call has waited as long as it may, and is no longer in the queue."""

    call_id: CallId


Action = RingLeg | DropLeg | ConnectCall | ReachPerson | StateChanged | WaitExpired
