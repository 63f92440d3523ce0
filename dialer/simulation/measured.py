"""What the records of a campaign say of its people, its agents and its times: a scenario made from them.

The function reads one connection and changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from calls.causes import Outcome
from calls.errors import CampaignError
from calls.ids import CampaignId
from calls.records.times import as_text, as_time
from dialer import control, roll
from dialer.campaign import Campaign
from dialer.simulation.distributions import Constant, Distribution, Measured
from dialer.simulation.scenario import HOUR_S, Scenario, Shift, always
from dialer.windows import longest

KEPT = 200
"""Of the times of one kind at most so many are kept, evenly by their size."""

LEAST_DIALS, LEAST_TALKS = 50, 10
"""Of fewer nothing can be said."""

AT_WORK = ("ready", "reserved", "talking", "wrap_up")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured, and how much there was of it."""

    campaign: Campaign
    begin: datetime
    """The first dial."""
    end: datetime
    """The last end of an attempt."""
    dials: int
    answers: int
    """Of persons and machines."""
    persons: int
    abandoned: int
    talks: int
    busy_s: float
    """Talk and wrap-up after this campaign's calls."""
    at_work_s: float
    """Of the agents who took its calls, in that stretch."""
    leads_left: int
    """That are new, or wait to be dialled again."""
    dials_per_lead: float
    """That is done with."""
    scenario: Scenario

    @property
    def occupancy(self) -> float:
        """Talk and wrap-up over the agents' time at work."""
        return min(1.0, self.busy_s / self.at_work_s) if self.at_work_s else 0.0

    @property
    def abandonment(self) -> float:
        """Abandoned over persons who answered."""
        return self.abandoned / self.persons if self.persons else 0.0


def measure(connection: sqlite3.Connection, campaign_id: str, begin: datetime, end: datetime) -> Measurement:
    """The campaign's attempts that were begun from ``begin`` to ``end`` (aware), and its pace as it is changed now.

    Raises:
        CampaignError: there is no such campaign, or too little was dialled to say anything.
    """
    campaign = roll.stored(connection, CampaignId(campaign_id))
    if campaign is None:
        raise CampaignError(f"no campaign {campaign_id} in the store")
    campaign = control.effective(connection, campaign)
    if not campaign.file.pacing.for_agents:
        raise CampaignError(f"campaign {campaign_id} is paced {campaign.file.pacing.mode}: no agents are dialled for")
    where = (campaign_id, as_text(begin), as_text(end))
    outcomes = Counter(dict(connection.execute(
        "SELECT outcome, count(*) FROM attempts WHERE campaign_id = ? AND intended_at >= ? AND intended_at < ?"
        " AND state = 'done' AND json_extract(decision, '$.sent') IS NOT 0 GROUP BY outcome", where,
    ).fetchall()))  # fmt: skip
    dials = outcomes.total()
    calls = connection.execute(
        "SELECT ring_s, talk_s + coalesce(hold_s, 0.0), wrap_up_s, abandoned, outcome, agent_id, ended_at, started_at"
        " FROM calls WHERE campaign_id = ? AND started_at >= ? AND started_at < ? AND direction = 'outbound'"
        " AND answered_at IS NOT NULL", where,
    ).fetchall()  # fmt: skip
    talks = [row for row in calls if row[5] is not None and row[1]]
    if dials < LEAST_DIALS or len(talks) < LEAST_TALKS:
        raise CampaignError(
            f"campaign {campaign_id}: {dials} dials and {len(talks)} talks from {begin:%Y-%m-%d %H:%M} to"
            f" {end:%Y-%m-%d %H:%M} UTC: expected {LEAST_DIALS} and {LEAST_TALKS} at least"
        )
    first, last = connection.execute(
        "SELECT min(intended_at), max(ended_at) FROM attempts WHERE campaign_id = ? AND intended_at >= ?"
        " AND intended_at < ?", where,
    ).fetchone()  # fmt: skip
    since, until = as_time(first), as_time(last)
    wraps = [row[2] or 0.0 for row in talks]
    people = [row for row in calls if row[4] in (Outcome.ANSWERED.value, Outcome.ABANDONED.value) or row[3]]
    at_work_s = _at_work_s(connection, {row[5] for row in talks}, since, until)
    agents = max(1, round(at_work_s / max(1.0, (until - since).total_seconds())))
    left, per_lead = _leads(connection, campaign_id)
    return Measurement(
        campaign=campaign,
        begin=since,
        end=until,
        dials=dials,
        answers=len(calls),
        persons=len(people),
        abandoned=sum(bool(row[3]) for row in calls),
        talks=len(talks),
        busy_s=sum(row[1] for row in talks) + sum(wraps),
        at_work_s=at_work_s,
        leads_left=left,
        dials_per_lead=per_lead,
        scenario=_scenario(campaign, agents, outcomes, calls, len(people)),
    )


def _scenario(
    campaign: Campaign, agents: int, outcomes: Counter[str], calls: Sequence[sqlite3.Row], persons: int
) -> Scenario:
    dials, answers = outcomes.total(), len(calls)
    unanswered = max(1, dials - answers)
    talks = [row for row in calls if row[5] is not None and row[1]]
    busy, dead = (min(1.0, outcomes[each.value] / unanswered) for each in (Outcome.BUSY, Outcome.UNALLOCATED))
    return Scenario(
        shifts=(Shift(agents),),
        name=campaign.file.name,
        warm_up_s=HOUR_S / 2,
        answer_rate=always(min(1.0, answers / dials)),
        machine_share=always(1 - min(1.0, persons / max(1, answers))),
        busy_share=busy,
        dead_share=min(1 - busy, dead),
        ring=_times([row[0] for row in calls if row[0] is not None], 10.0),
        talk=_times([row[1] for row in talks], 60.0),
        wrap_up=_times([row[2] or 0.0 for row in talks], 0.0),
        no_answer_s=campaign.file.ring_timeout_s,
        lines=campaign.file.max_lines,
        abandonment_cap=campaign.file.pacing.cap_within(campaign.preset),
        cap_window_s=longest(campaign.preset.cap_window).total_seconds(),
    )


def _times(values: Sequence[float], otherwise_s: float) -> Distribution:
    """What was measured, thinned; ``otherwise_s``: where nothing was."""
    held = sorted(max(0.0, each) for each in values)
    if not held:
        return Constant(otherwise_s)
    if len(held) > KEPT:
        held = [held[int((index + 0.5) * len(held) / KEPT)] for index in range(KEPT)]
    return Measured(tuple(round(each, 2) for each in held))


def _at_work_s(connection: sqlite3.Connection, agents: set[str], since: datetime, until: datetime) -> float:
    """Seconds that these agents were logged in and not paused; where no state of theirs was kept, all the time."""
    total = 0.0
    for agent_id in sorted(agents):
        rows = connection.execute(
            "SELECT since_at, state, duration_s FROM agent_states WHERE agent_id = ? AND since_at < ?"
            " ORDER BY since_at", (agent_id, as_text(until)),
        ).fetchall()  # fmt: skip
        if not rows:
            total += (until - since).total_seconds()
        for index, (at, state, lasted_s) in enumerate(rows):
            begins = as_time(at)
            follows = as_time(rows[index + 1][0]) if index + 1 < len(rows) else until
            ends_s = (follows - begins).total_seconds() if lasted_s is None else lasted_s
            from_s, to_s = (begins - since).total_seconds(), (begins - since).total_seconds() + ends_s
            if state in AT_WORK:
                total += max(0.0, min(to_s, (until - since).total_seconds()) - max(0.0, from_s))
    return total


def _leads(connection: sqlite3.Connection, campaign_id: str) -> tuple[int, float]:
    """Leads that are left, and tries of those that are done with."""
    left, done, tries = connection.execute(
        "SELECT count(*) FILTER (WHERE state IN ('new', 'retry') AND excluded = 0),"
        " count(*) FILTER (WHERE state = 'done'), coalesce(sum(tries) FILTER (WHERE state = 'done'), 0)"
        " FROM campaign_leads WHERE campaign_id = ?", (campaign_id,),
    ).fetchone()  # fmt: skip
    return left, max(1.0, tries / done) if done else 1.0
