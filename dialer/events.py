"""What the dialer's core is told. With it go, under this one name, the values that come from the store and what the
core asks for: whoever drives a core needs all three.

Times are seconds on the engine's monotonic clock. Ids are attempts' ids, which equal leg ids and call ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calls.agents.states import AgentState
from calls.ids import AgentId, AttemptId, BootId, CampaignId, QueueName
from calls.switch.port import Detected
from dialer.actions import (
    Action,
    BeginAttempts,
    CampaignChanged,
    Finish,
    HangUp,
    LeaveMessage,
    MarkLive,
    OfferToAgents,
    PlaceCall,
    PlaySafeHarbour,
    ReserveAgent,
    RunFlow,
    TellApart,
)
from dialer.begun import Begun, BegunAttempt, CampaignState, OpenAttempt
from dialer.campaign import Campaign

__all__ = [
    "Action",
    "AgentReserved",
    "AgentsChanged",
    "AnswersCounted",
    "AttemptsBegun",
    "BeginAttempts",
    "BeginFailed",
    "Begun",
    "BegunAttempt",
    "CallArrived",
    "CampaignChanged",
    "CampaignDraining",
    "CampaignPaused",
    "CampaignRenewed",
    "CampaignResumed",
    "CampaignStarted",
    "CampaignState",
    "CampaignStopped",
    "ClockJumped",
    "Connected",
    "DoNotCallAdded",
    "Event",
    "Finish",
    "FloorAgent",
    "FlowOver",
    "FoundAbandoned",
    "HangUp",
    "LeadsChanged",
    "LeaveMessage",
    "LegAnswered",
    "LegEnded",
    "LegRinging",
    "MarkLive",
    "MessagePlayed",
    "OfferToAgents",
    "OpenAttempt",
    "PlaceCall",
    "PlaySafeHarbour",
    "Recovered",
    "RequestBegun",
    "ReserveAgent",
    "RunFlow",
    "ScheduleTold",
    "SwitchDown",
    "SwitchUp",
    "TalkEnded",
    "TellApart",
]


@dataclass(frozen=True, slots=True)
class CampaignStarted:
    """Start (again). ``answered``: people who answered in the preset's window so far; ``abandoned``: of them;
    ``resets_s``: in how many seconds that window begins anew, where it does not slide."""

    campaign: Campaign
    answered: int = 0
    abandoned: int = 0
    resets_s: tuple[float, ...] = ()
    learnt: Mapping[str, object] | None = None
    """What its pacing had learnt in the run before this one; None: nothing, or it is known here."""


@dataclass(frozen=True, slots=True)
class CampaignRenewed:
    """The campaign is as it is now: its state stays, and so do its calls under way."""

    campaign: Campaign


@dataclass(frozen=True, slots=True)
class ScheduleTold:
    """Whether the campaign's schedule lets it dial: ``waits`` says why it does not; "": it does."""

    campaign_id: CampaignId
    waits: str


@dataclass(frozen=True, slots=True)
class HourTold:
    """The hour of the day where the campaign is, 0 to 23, by the zone of its schedule."""

    campaign_id: CampaignId
    hour: int


@dataclass(frozen=True, slots=True)
class CampaignPaused:
    """No new dials until ``CampaignResumed``; attempts not yet sent are cancelled, calls under way go on."""

    campaign_id: CampaignId


@dataclass(frozen=True, slots=True)
class ClockJumped:
    """The time of day was set, far and at once: which of the two was wrong nobody knows, and no hours can be kept."""

    by_s: float


@dataclass(frozen=True, slots=True)
class CampaignResumed:
    """Go on after a pause."""

    campaign_id: CampaignId


@dataclass(frozen=True, slots=True)
class CampaignDraining:
    """No new dials; stopped when the last call has ended."""

    campaign_id: CampaignId


@dataclass(frozen=True, slots=True)
class CampaignStopped:
    """No new dials from now on; calls under way go on to their own end, as a person may be on them."""

    campaign_id: CampaignId


@dataclass(frozen=True, slots=True)
class AnswersCounted:
    """The store has counted again, as an agent said that a machine had answered: see ``CampaignStarted``."""

    campaign_id: CampaignId
    answered: int
    abandoned: int


@dataclass(frozen=True, slots=True)
class FoundAbandoned:
    """What came out behind an attempt's end: its person was abandoned, though the core had not seen it. ``before``:
    how it had ended it."""

    before: Finish
    switch: str = ""


@dataclass(frozen=True, slots=True)
class LeadsChanged:
    """Leads were added, or became free again: look at once."""

    campaign_id: CampaignId


@dataclass(frozen=True, slots=True)
class FloorAgent:
    """An agent who can meet a dialled person in time: on a leg that is nailed up, or whose phone answers alone."""

    agent_id: AgentId
    queues: frozenset[QueueName]
    state: AgentState
    since_s: float
    """When ``state`` began, on the engine's clock."""
    free: bool = False
    """A call can be given to the agent this moment."""
    call_id: str | None = None
    """The call that the agent is reserved for, talks to or wraps up."""
    skills: Mapping[str, int] = field(default_factory=dict)
    leaving: bool = False
    """Takes no further call after this one."""
    switch: str = ""
    """The one on which the agent can be reached; "": there is only one."""
    leaving_at_s: float | None = None
    """When the agent goes, where that is announced; None: it is not."""


@dataclass(frozen=True, slots=True)
class AgentsChanged:
    """The whole picture of the floor. ``inbound``: callers who wait for an agent, by queue."""

    agents: tuple[FloorAgent, ...] = ()
    inbound: Mapping[QueueName, int] = field(default_factory=dict)
    inbound_on: Mapping[QueueName, frozenset[str]] = field(default_factory=dict)
    """The switches on which they wait; a queue that is not in it: on any."""


@dataclass(frozen=True, slots=True)
class AttemptsBegun:
    """The answer to ``BeginAttempts``, after its commit."""

    campaign_id: CampaignId
    begun: Begun


@dataclass(frozen=True, slots=True)
class BeginFailed:
    """The other answer to ``BeginAttempts``: the store refused or failed; nothing was begun.

    ``fault``: no refusal but a fault that nobody has foreseen, ours or of the data: again and again it pauses
    the campaign.
    """

    campaign_id: CampaignId
    reason: str
    fault: bool = False


@dataclass(frozen=True, slots=True)
class RequestBegun:
    """An attempt of a campaign ``on_request`` stands in the store: it goes out as soon as the trunk lets it."""

    campaign: Campaign
    begun: BegunAttempt


@dataclass(frozen=True, slots=True)
class AgentReserved:
    """An agent is there for the attempt, with the leg up: it may be dialled. Told again of the next agent where this
    one is lost."""

    attempt_id: AttemptId


@dataclass(frozen=True, slots=True)
class LegRinging:
    """The far end rings."""

    attempt_id: AttemptId


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The far end answered; machine detection may still run. ``unseen``: see the port's event of this name."""

    attempt_id: AttemptId
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class CallArrived:
    """The answered call came under our control, machine detection done where it was asked for; told again with what
    was found where the core asks for ``TellApart``."""

    attempt_id: AttemptId
    detected: Detected


@dataclass(frozen=True, slots=True)
class Connected:
    """Caller and agent hear each other."""

    attempt_id: AttemptId
    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The talk is over and the caller is still there."""

    attempt_id: AttemptId


@dataclass(frozen=True, slots=True)
class MessagePlayed:
    """The safe-harbour message, or the one for a machine, is over."""

    attempt_id: AttemptId


@dataclass(frozen=True, slots=True)
class FlowOver:
    """The flow of a broadcast is over, or could not be begun."""

    attempt_id: AttemptId


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The customer's leg has ended, or never came to be; see the port's event of this name."""

    attempt_id: AttemptId
    cause: int | None
    timed_out: bool = False
    never_existed: bool = False
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class DoNotCallAdded:
    """A number must not be called any more, or all that begin so (``+1900*``); by one campaign, or by none (None)."""

    number: str
    campaign_id: CampaignId | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """Once for each switch after the start: the store was reconciled with it, and this is what is still up there."""

    boot: BootId
    still_up: tuple[OpenAttempt, ...] = ()
    switch: str = ""
    """Which one; "": there is only one."""


@dataclass(frozen=True, slots=True)
class SwitchDown:
    """The switch cannot be reached."""

    reason: str
    switch: str = ""


@dataclass(frozen=True, slots=True)
class SwitchUp:
    """The switch is back: its run, and the ids of ours that live on it."""

    boot: BootId
    live: frozenset[str]
    switch: str = ""


Event = (
    CampaignStarted
    | CampaignRenewed
    | ScheduleTold
    | HourTold
    | CampaignPaused
    | ClockJumped
    | CampaignResumed
    | CampaignDraining
    | CampaignStopped
    | AnswersCounted
    | FoundAbandoned
    | LeadsChanged
    | AgentsChanged
    | AttemptsBegun
    | BeginFailed
    | RequestBegun
    | AgentReserved
    | LegRinging
    | LegAnswered
    | CallArrived
    | Connected
    | TalkEnded
    | MessagePlayed
    | FlowOver
    | LegEnded
    | DoNotCallAdded
    | Recovered
    | SwitchDown
    | SwitchUp
)
