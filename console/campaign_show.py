"""One campaign in full: what it does, why, and how far it has come."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from calls.causes import Outcome
from calls.ids import CampaignId
from console.campaign_control import require_stored
from dialer import archive, control, roll
from dialer.campaign import Campaign
from dialer.events import CampaignState
from dialer.schedule import opening
from dialer.view import CampaignView

RECENT = 500
"""The share of dials that a person answers is told of so many."""


class Lines(BaseModel):
    """Calls of the campaign now, and how many there may be."""

    in_use: int
    most: int


class AgentsNow(BaseModel):
    """Agents who are the campaign's now. ``ready``: its part of those who are free."""

    ready: int
    reserved: int
    talking: int
    wrapping: int


class Abandonment(BaseModel):
    """People who answered in the preset's window, those of them who were abandoned, and how many may be."""

    answered: int
    abandoned: int
    share: float
    cap: float


class CampaignDetail(BaseModel):
    """A campaign. ``agents`` is None, and ``in_use`` 0, where no engine runs it."""

    model_config = ConfigDict(frozen=True)
    id: str
    name: str
    state: str
    reason: str
    """Why it dials what it dials, or nothing."""
    figures: Mapping[str, int | float | str]
    """Of its last decision."""
    pacing: Mapping[str, str | int | float | None]
    priority: int
    weight: int
    changes: Mapping[str, str | int | float | bool]
    """What people changed beside its file."""
    lines: Lines
    agents: AgentsNow | None
    answer_rate: float | None
    """Persons per dial, of the last 500; None: nothing was dialled."""
    abandonment: Abandonment
    outcomes: Mapping[str, int]
    opens_at: datetime | None
    """When its schedule lets it dial next; None: now, or never."""
    leads: Mapping[str, int]
    leads_left: int
    archived: bool = False


def detail(
    connection: sqlite3.Connection, campaign_id: str, view: CampaignView | None, now: datetime
) -> CampaignDetail:
    """The campaign at this moment; ``view``: as the engine runs it, None where none does.

    Raises:
        CampaignError: it was never started.
    """
    campaign = control.effective(connection, require_stored(connection, campaign_id))
    state = roll.states(connection)[campaign.campaign_id]
    answered, abandoned = (
        roll.abandonment(connection, campaign, now) if view is None else (view.answered, view.abandoned)
    )
    leads = roll.progress(connection, campaign.campaign_id)
    opens = opening(campaign.file.schedule, now)
    pacing = campaign.file.pacing
    return CampaignDetail(
        id=campaign.id,
        name=campaign.file.name,
        state=(state if view is None else view.state).value,
        reason=_over(leads) if state is CampaignState.FINISHED else _reason(state, opens.reason, view),
        figures={} if view is None else dict(view.figures),
        pacing=pacing.model_dump(exclude_none=True) | {"cap": pacing.cap_within(campaign.preset)},
        priority=campaign.file.priority,
        weight=campaign.file.weight,
        changes=control.kept(connection, campaign.campaign_id),
        lines=Lines(in_use=0 if view is None else view.lines, most=campaign.file.max_lines),
        agents=None if view is None else _agents(view),
        answer_rate=_answer_rate(connection, campaign.campaign_id),
        abandonment=Abandonment(
            answered=answered,
            abandoned=abandoned,
            share=abandoned / answered if answered else 0.0,
            cap=pacing.cap_within(campaign.preset),
        ),
        outcomes=_outcomes(connection, campaign),
        opens_at=opens.opens_at,
        leads=dict(leads),
        archived=campaign.id in archive.archived(connection),
        leads_left=sum(leads.get(each, 0) for each in ("new", "retry", "dialling")),
    )


def _over(leads: Mapping[str, int]) -> str:
    left = roll.undialled(leads)
    return f"no lead is left ({left})" if left else "no lead is left"


def _reason(state: CampaignState, closed: str, view: CampaignView | None) -> str:
    if view is not None:
        return view.reason
    return "no engine runs it" if state is CampaignState.RUNNING and not closed else closed or f"it is {state.value}"


def _agents(view: CampaignView) -> AgentsNow:
    return AgentsNow(ready=view.ready, reserved=view.reserved, talking=view.talking, wrapping=view.wrapping)


def _outcomes(connection: sqlite3.Connection, campaign: Campaign) -> dict[str, int]:
    rows = connection.execute(
        "SELECT outcome, count(*) FROM attempts WHERE campaign_id = ? AND state = 'done' GROUP BY outcome"
        " ORDER BY count(*) DESC, outcome",
        (campaign.id,),
    )
    return {row[0]: row[1] for row in rows}


def _answer_rate(connection: sqlite3.Connection, campaign_id: CampaignId) -> float | None:
    rows = connection.execute(
        "SELECT outcome FROM attempts WHERE campaign_id = ? AND state = 'done' AND outcome <> ?"
        " ORDER BY intended_at DESC LIMIT ?",
        (campaign_id, Outcome.CANCELLED.value, RECENT),
    ).fetchall()
    people = sum(row[0] in (Outcome.ANSWERED.value, Outcome.ABANDONED.value) for row in rows)
    return round(people / len(rows), 4) if rows else None
