"""What the store gives the dialer's core: attempts that stand in it, and what a campaign is doing there. Values only.

Ids are attempts' ids, which equal leg ids and call ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from calls.ids import AgentId, AttemptId, CampaignId, LeadId
from dialer.campaign import Campaign


class CampaignState(Enum):
    """What a campaign is doing; the value stands in the store."""

    STOPPED = "stopped"
    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    """No new dials; what is under way ends by itself, then the campaign is stopped."""
    FINISHED = "finished"
    """No lead is left to dial."""


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
    told_on_recording: bool = False
    """Whether what they hear of it must be on the recording itself."""


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
    closed: bool = False
    """All leads that are left stand in lists that are closed."""


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
