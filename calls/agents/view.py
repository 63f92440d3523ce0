"""The floor as it is shown: to the dialer that paces by it, to the console, to agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calls.agents.events import CallKind
from calls.agents.phone import PhoneState
from calls.agents.profiles import AgentProfile
from calls.agents.states import AgentState
from calls.ids import AgentId, CallId, LegId, QueueName


@dataclass(frozen=True, slots=True)
class AgentView:
    """One agent now. ``since`` is in seconds of the floor's clock."""

    agent_id: AgentId
    name: str
    state: AgentState
    reason: str
    since: float
    phone: PhoneState
    leg_id: LegId | None
    call_id: CallId | None
    """The call that the agent is reserved for, talks to or wraps up."""
    wanted: AgentState
    """What the agent will be when free: READY, PAUSED or LOGGED_OUT."""
    profile: AgentProfile
    is_free: bool
    """A call can be given to the agent this moment."""
    wrap_up_ends: float | None = None
    """When the wrap-up is over at the latest, on the floor's clock; None: there is none."""
    leaves_at: float | None = None
    """When the pause begins that is announced, on that clock; None: none is."""


@dataclass(frozen=True, slots=True)
class WaitingView:
    """One waiting call now. ``position`` counts from 1 within its queue."""

    call_id: CallId
    kind: CallKind
    priority: int
    position: int
    since: float
    agent_id: AgentId | None
    virtual: bool = False
    """The place of a person who is to be called."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue now."""

    name: QueueName
    waiting: tuple[WaitingView, ...]
    logged_in: int
    """Agents of the queue who are not logged out."""
    free: int
    """Agents of the queue who can be given a call this moment."""
    free_for_dialled: int
    """Those of them who can meet a dialled person in time."""
    overflowing: int = 0
    """Inbound calls of other queues that its agents may take too, and for which no agent is reserved."""
    logged_in_on: Mapping[str, int] = field(default_factory=dict)
    """Those who are not logged out, by their home switches."""
    inbound_on: frozenset[str] = frozenset()
    """The switches of the inbound calls for which no agent is reserved; empty where one may be taken on any."""

    @property
    def waiting_inbound(self) -> int:
        """Inbound calls for which no agent is reserved: while there are any, nobody new is dialled."""
        own = sum(call.kind is CallKind.INBOUND and call.agent_id is None for call in self.waiting)
        return own + self.overflowing


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a waiting caller may be told. ``position`` counts from 1 by who is served first; ``wait_s``: about how
    much longer the wait is, None where that is not known."""

    position: int
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class FloorView:
    """Everything at one moment."""

    agents: tuple[AgentView, ...]
    queues: tuple[QueueView, ...]
