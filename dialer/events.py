"""What the dialer's core is told, and what it asks for. Values only.

Times are seconds on the engine's monotonic clock. Ids are attempts' ids, which equal leg ids and call ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from calls.agents.states import AgentState
from calls.causes import Outcome
from calls.ids import AgentId, AttemptId, BootId, CampaignId, LeadId, QueueName
from calls.switch.port import Detected, DialAttempt, Prompt
from dialer.campaign import Campaign
from dialer.recording_notice import Notice
from dialer.routes import Room


class CampaignState(Enum):
    """What a campaign is doing; the value stands in the store."""

    STOPPED = "stopped"
    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    """No new dials; what is under way ends by itself, then the campaign is stopped."""
    FINISHED = "finished"
    """No lead is left to dial."""


# --- values that come from the store --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BegunAttempt:
    """An attempt that stands in the store as ``intent``: it may be dialled now, and only by whoever began it."""

    attempt_id: AttemptId
    campaign_id: CampaignId
    lead_id: LeadId
    number: str
    trunk: str
    try_number: int
    stratum: str = ""
    """What it has in common with others that are answered alike: list, local hour, number of the try."""
    caller_id: str = ""
    """The number that the called person sees; "": of an attempt of before it was kept."""
    may_record: bool = True
    """Whether what the person says may be recorded: they agreed to it, or the campaign does not ask for that."""
    untold: bool = False
    """Whether the person must hear of the recording before it begins."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What a look for leads gave."""

    attempts: tuple[BegunAttempt, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    """Leads that were due and that a rule refused, by rule."""
    next_in_s: float | None = None
    """When the next lead is due, from now; 0: there are more due now. None: no lead waits for a time."""
    exhausted: bool = False
    """No lead is new, waits to be dialled again, or is being dialled."""
    waits_for: str = ""
    """What a lead waits for whose trunks have no room; "": there was none such."""
    held: bool = False
    """A lead waits for a better hour."""


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt of a run of ours before this one that is still up on the switch."""

    begun: BegunAttempt
    campaign: Campaign
    answered: bool
    """As far as we had heard."""
    agent_id: AgentId | None = None
    """Who talks with the person, as far as we had noted."""
    intended_at: datetime | None = None


# --- events ---------------------------------------------------------------------------------------------------


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

# --- actions --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BeginAttempts:
    """Begin at most ``up_to`` attempts in one transaction; ``AttemptsBegun`` or ``BeginFailed`` must follow.

    ``up_to`` 0: only look when the next lead is due. ``decision``: why, for the attempts' rows (JSON values).
    ``rooms``: the campaign's trunks, and how many of the attempts each of them may take. ``shares``: the same of
    each switch, where the campaign has trunks of several.
    """

    campaign: Campaign
    up_to: int
    decision: Mapping[str, object]
    rooms: tuple[Room, ...] = ()
    shares: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReserveAgent:
    """Keep an agent of ``queue`` for this attempt until its end; ``AgentReserved`` follows once one is there."""

    attempt_id: AttemptId
    queue: QueueName
    skills: Mapping[str, int]
    switch: str = ""
    """Where the agent must be reached; "": there is only one."""


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """Originate this attempt now."""

    dial: DialAttempt


@dataclass(frozen=True, slots=True)
class MarkLive:
    """Keep that the attempt was answered, for a restart."""

    attempt_id: AttemptId


@dataclass(frozen=True, slots=True)
class OfferToAgents:
    """A person answered: let the floor find an agent of ``queue``. ``deadline_s``: then the message plays."""

    attempt_id: AttemptId
    queue: QueueName
    deadline_s: float
    skills: Mapping[str, int] = field(default_factory=dict)
    """Which the agent must have, at these levels."""
    record: str | None = None
    """Which talks of the campaign are recorded; None: as its queue's."""
    notice: Notice | None = None
    """What the person must hear before that; None: nothing."""


@dataclass(frozen=True, slots=True)
class PlaySafeHarbour:
    """Take the offer back from the floor and play the message; ``MessagePlayed`` must follow, or ``LegEnded``."""

    attempt_id: AttemptId
    prompt: Prompt
    opt_out_key: str = ""
    """The key that puts the person on the do-not-call list; "": there is none."""


@dataclass(frozen=True, slots=True)
class TellApart:
    """Listen to who has answered; ``CallArrived`` must follow with what was found, or ``LegEnded``."""

    attempt_id: AttemptId


@dataclass(frozen=True, slots=True)
class LeaveMessage:
    """A machine answered: hear its greeting out and leave this; ``MessagePlayed`` must follow, or ``LegEnded``."""

    attempt_id: AttemptId
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class RunFlow:
    """A person answered a broadcast: lead them into the flow; ``FlowOver`` must follow, or ``LegEnded``."""

    attempt_id: AttemptId
    flow: str
    """The id of a flow."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the leg; ``LegEnded`` follows."""

    attempt_id: AttemptId
    cause: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The attempt is over: write its final record and the lead's next state in one transaction."""

    attempt_id: AttemptId
    campaign: Campaign
    lead_id: LeadId
    number: str
    outcome: Outcome
    cause: int | None
    sent: bool
    """False: the switch was never asked; the try is given back to the lead."""
    answered: bool
    abandoned: bool
    detected: Detected
    agent_id: AgentId | None
    ring_s: float | None
    """From the dial to the answer or, unanswered, to the end; None where a restart lies between."""
    connect_s: float | None
    """From the preset's clock to the agent or the message; None where there was neither."""
    talk_s: float
    doubt: str = ""
    """What is not known, and why the attempt counts as abandoned all the same; for the record's events."""
    counted: bool = False
    """Whether it counts as answered by a person, in the window of the preset's cap."""


@dataclass(frozen=True, slots=True)
class CampaignChanged:
    """The campaign is in another state; keep it. ``fault``: it cannot go on, and a person has to look."""

    campaign_id: CampaignId
    state: CampaignState
    reason: str
    fault: bool = False


Action = (
    BeginAttempts
    | ReserveAgent
    | PlaceCall
    | MarkLive
    | OfferToAgents
    | PlaySafeHarbour
    | TellApart
    | LeaveMessage
    | RunFlow
    | HangUp
    | Finish
    | CampaignChanged
)
