"""What the dialer's core asks for. Values only; how each is performed stands in :mod:`dialer.core`.

Times are seconds on the engine's monotonic clock. Ids are attempts' ids, which equal leg ids and call ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calls.causes import Outcome
from calls.ids import AgentId, AttemptId, CampaignId, LeadId, QueueName
from calls.switch.port import Detected, DialAttempt, Prompt
from dialer.begun import CampaignState
from dialer.campaign import Campaign
from dialer.recording_notice import Notice
from dialer.routes import Room


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
