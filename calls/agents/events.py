"""What the floor is told: by agents, by the switch (through the engine) and by calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from calls.ids import AgentId, CallId, LegId, QueueName


class CallKind(IntEnum):
    """What kind of call waits; the smaller is served first."""

    DIALLED = 0
    """A person whom we called and who answered: has under two seconds."""
    INBOUND = 1


# --- agents ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogIn:
    """The agent wants calls. Takes back a log-out that still waits for the end of a call."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class Restored:
    """The agent was logged in when our last run ended, or the phone rang for that. ``leg_id``: the leg that is up
    still, or rings as far as we know (``ringing``; where it was answered ``LegUp`` follows); ``call_id``: the call
    that the agent talks to on it still. Each is None where there is none."""

    agent_id: AgentId
    leg_id: LegId | None = None
    call_id: CallId | None = None
    ringing: bool = False


@dataclass(frozen=True, slots=True)
class LogOut:
    """The agent leaves: at once when free, else after the call and its wrap-up."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class Pause:
    """The agent wants no calls for a while: at once when free, else after the call and its wrap-up.

    ``at``: from then on, on the floor's clock; until then calls come, and the dialer knows of it. None: now.
    """

    agent_id: AgentId
    reason: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Unpause:
    """The agent wants calls again, or takes back the pause that was to come."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class WrapUpDone:
    """The agent has finished the work after a talk before its time was over."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class WrapUpExtended:
    """The agent needs ``by_s`` seconds more for the work after a talk: as many of them as the profile allows."""

    agent_id: AgentId
    by_s: float


@dataclass(frozen=True, slots=True)
class Serves:
    """The agent takes calls of these queues from now on, and of no others; a call in hand stays."""

    agent_id: AgentId
    queues: frozenset[QueueName]


# --- agents' legs ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LegUp:
    """The agent's phone answered the leg that ``RingLeg`` asked for."""

    agent_id: AgentId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class LegGone:
    """The agent's leg ended or never came to be; also when the switch refused to ring it."""

    agent_id: AgentId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class SwitchLost:
    """The way to the switch is lost: nothing can be rung or connected there until ``SwitchBack``."""

    switch: str = ""


@dataclass(frozen=True, slots=True)
class SwitchBack:
    """The switch can be asked again; ``live_legs``: the agents' legs that it still has."""

    live_legs: frozenset[LegId]
    switch: str = ""


# --- calls ----------------------------------------------------------------------------------------------------


URGENT = 1000
"""A priority from which on a call goes before all others, people whom we called among them."""


@dataclass(frozen=True, slots=True)
class Overflow:
    """``after_s`` after its arrival the call may be taken by the agents of another queue too."""

    after_s: float
    queue: QueueName


@dataclass(frozen=True, slots=True)
class Claim:
    """What a caller keeps of a wait when it goes on as a callback: the fields of ``CallWaiting`` of these names."""

    priority: int = 0
    skills: frozenset[str] = frozenset()
    level: int = 1
    widen_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class CallWaiting:
    """A call waits for an agent of ``queue``. The larger ``priority`` is served first, then the longest wait.

    ``max_wait_s``: how long at most, in seconds; None: as long as the queue's own limit. Only an agent who has each
    of ``skills`` takes it: at ``level`` or better at first, at any level ``widen_after_s`` after its arrival.
    ``needs``: skills that the agent must have at these levels, however long it waits.
    ``since``: since when it counts as waiting, on the floor's clock; None: now.

    ``virtual``: nobody is on the line. It holds the place of a person who is to be called when an agent is there
    (``ReachPerson``); a second ``CallWaiting`` of the same id tells that the person has answered. ``outward``: the
    person never asked for it, so that before the answer nobody waits who would be shown. ``keep_s``: how
    long an agent is kept for the person at most; None: as long as any telephone rings.
    """

    call_id: CallId
    queue: QueueName
    kind: CallKind
    priority: int = 0
    max_wait_s: float | None = None
    skills: frozenset[str] = frozenset()
    level: int = 1
    widen_after_s: float | None = None
    overflow: Overflow | None = None
    since: float | None = None
    virtual: bool = False
    needs: Mapping[str, int] = field(default_factory=dict)
    only: AgentId | None = None
    """The one agent who may take it, of whatever queues; None: every agent of the queue."""
    switches: frozenset[str] = frozenset()
    """Where the agent must be reached: the call's switch, or those by which the person can be dialled. Empty:
    anywhere."""
    outward: bool = False
    keep_s: float | None = None


@dataclass(frozen=True, slots=True)
class CallGone:
    """The call has ended or no longer wants an agent."""

    call_id: CallId


@dataclass(frozen=True, slots=True)
class TalkBegan:
    """Caller and agent hear each other."""

    call_id: CallId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class ConnectFailed:
    """Caller and agent never met, and the caller is still there."""

    call_id: CallId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class TalkOver:
    """The talk has ended, whoever ended it."""

    call_id: CallId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class TalkPassed:
    """An agent has asked another one, who talks in ``asked_id``, and hands the call over: the other goes on in it."""

    call_id: CallId
    agent_id: AgentId
    asked_id: CallId
    asked: AgentId


FloorEvent = (
    LogIn
    | Restored
    | LogOut
    | Pause
    | Unpause
    | WrapUpDone
    | WrapUpExtended
    | Serves
    | LegUp
    | LegGone
    | SwitchLost
    | SwitchBack
    | CallWaiting
    | CallGone
    | TalkBegan
    | ConnectFailed
    | TalkOver
    | TalkPassed
)
