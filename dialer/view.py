"""What the dialer shows of itself: why it dials, and why it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from calls.ids import CampaignId, QueueName
from dialer.dialling import Dialling
from dialer.events import CampaignState
from dialer.pacing.model import NO_AGENT
from dialer.run import CampaignRun, Phase


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign at this moment."""

    campaign_id: CampaignId
    name: str
    queue: QueueName
    state: CampaignState
    dialling: int
    """Numbers being dialled, or about to be."""
    waiting: int
    """People (and what is still listened to) who answered and have no agent yet."""
    talking: int
    message: int
    """People who hear the safe-harbour message, and machines on which one is left."""
    in_flow: int
    """People in the flow of a broadcast."""
    lines: int
    """Calls under way, of whatever kind."""
    ready: int
    """Its part of the agents who are free."""
    reserved: int
    wrapping: int
    """Agents who wrap up after its calls."""
    reason: str
    """Why it dialled what it dialled last, or why nothing."""
    figures: Mapping[str, int | float | str]
    answered: int
    """People who answered in the preset's window."""
    abandoned: int
    outcomes: Mapping[str, int]
    """Attempts that are over, by outcome, since the core began."""
    refused: Mapping[str, int]
    """Leads that a rule refused, by rule, since the core began."""
    cap: float = 1.0
    """The share of ``answered`` that may be abandoned."""


@dataclass(frozen=True, slots=True)
class TrunkView:
    """A trunk at this moment."""

    name: str
    lines: int
    in_use: int
    health: str
    """"" where nothing is wrong."""
    switch: str = ""
    """The one that owns it; "": there is only one."""


@dataclass(frozen=True, slots=True)
class CoreView:
    """The dialer at this moment. ``hold``: why nothing at all is dialled; "" where nothing holds."""

    hold: str
    campaigns: tuple[CampaignView, ...]
    trunks: tuple[TrunkView, ...]
    holds: Mapping[str, str] = field(default_factory=dict)
    """Why nothing is dialled on a switch, by its name; "" where nothing holds."""


def view_of(state: Dialling, now: float) -> CoreView:
    """The picture of ``state``."""
    trunks = tuple(
        TrunkView(
            name,
            gate.trunk.lines,
            sum(attempt.begun.trunk == name for attempt in state.attempts.values()) + state.rooms.beside[name],
            gate.describe(now) or state.rooms.holds.get(gate.trunk.switch or "", ""),
            gate.trunk.switch or "",
        )
        for name, gate in state.rooms.gates.items()
    )
    return CoreView(
        state.rooms.hold,
        tuple(_campaign(state, run, now) for run in state.runs.values()),
        trunks,
        dict(state.rooms.holds),
    )


def with_floor(state: Dialling, run: CampaignRun, reason: str) -> str:
    """The reason of the campaign's last decision; where no agent was free, with what they do instead."""
    if NO_AGENT not in reason or run.state is not CampaignState.RUNNING:
        return reason
    return (
        f"{reason} ({state.sharing.workforce.why_none(run.campaign, [lane.switch for lane in run.lanes.values()])})"
    )


def _campaign(state: Dialling, run: CampaignRun, now: float) -> CampaignView:
    phases = Counter(attempt.phase for attempt in run.attempts.values())
    answered, abandoned = run.window(now)
    seen = [state.sharing.snapshot(lane, now, 0) for lane in run.lanes.values()]
    return CampaignView(
        campaign_id=run.campaign.campaign_id,
        name=run.campaign.file.name,
        queue=run.campaign.queue,
        state=run.state,
        dialling=phases[Phase.UNSENT] + phases[Phase.DIALLED],
        waiting=phases[Phase.DETECTING] + phases[Phase.OFFERED],
        talking=phases[Phase.TALKING],
        message=phases[Phase.MESSAGE] + phases[Phase.MACHINE],
        in_flow=phases[Phase.FLOW],
        lines=len(run.attempts),
        ready=sum(each.ready for each in seen),
        reserved=sum(each.reserved for each in seen),
        wrapping=sum(len(each.wrapping_since_s) for each in seen),
        reason=with_floor(state, run, run.decision.reason),
        figures=run.decision.figures,
        answered=answered,
        abandoned=abandoned,
        outcomes={outcome.value: count for outcome, count in run.outcomes.items() if count},
        refused=dict(run.refused),
        cap=run.campaign.file.pacing.cap_within(run.campaign.preset),
    )
