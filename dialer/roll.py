"""The campaigns of the store and the leads on their roll. Each function runs inside a transaction of the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError

from calls.causes import Outcome
from calls.errors import CampaignError
from calls.ids import CampaignId, ListId
from calls.records.published import Event, publish
from calls.records.store import add_audit
from calls.records.times import as_text
from dialer import enrolment, versions, windows
from dialer.abandonment import Tally, counted
from dialer.campaign import Campaign
from dialer.events import CampaignState

PEOPLE = (Outcome.ANSWERED, Outcome.ABANDONED)
"""Outcomes of calls that a person answered."""


def register(connection: sqlite3.Connection, campaign: Campaign, now: datetime) -> None:
    """Put the campaign as its file is now into the store, and all leads of its lists on its roll.

    Raises:
        CampaignError: there is no such list, or another campaign has the name.
    """
    enter(connection, campaign, now)
    while enrolment.step(connection, campaign):
        pass


def enter(connection: sqlite3.Connection, campaign: Campaign, now: datetime) -> None:
    """Put the campaign as its file is now into the store. Its roll follows by :func:`dialer.enrolment.step`.

    Leads that a rule refused for good are asked about again: the rule, or the do-not-call list, may have changed.

    Raises:
        CampaignError: there is no such list, or another campaign has the name.
    """
    lists = {share.name: _list(connection, campaign, share.name) for share in campaign.file.shares}
    same = connection.execute(
        "SELECT campaign_id FROM campaigns WHERE name = ? AND campaign_id <> ?", (campaign.file.name, campaign.id)
    ).fetchone()
    if same is not None:
        raise CampaignError(f"campaign {campaign.id}: the name {campaign.file.name!r} belongs to campaign {same[0]}")
    at = as_text(now)
    connection.execute(
        "INSERT INTO campaigns (campaign_id, name, list_id, settings, state, created_at, changed_at)"
        " VALUES (?, ?, ?, ?, 'stopped', ?, ?) ON CONFLICT (campaign_id) DO UPDATE SET"
        " name = excluded.name, list_id = excluded.list_id, settings = excluded.settings, changed_at = ?",
        (campaign.id, campaign.file.name, next(iter(lists.values())), campaign.model_dump_json(), at, at, at),
    )
    version = versions.keep(connection, campaign, now)
    connection.execute("UPDATE campaigns SET version = ? WHERE campaign_id = ?", (version, campaign.id))
    enrolment.open_lists(connection, campaign, lists)
    connection.execute(
        "UPDATE campaign_leads SET state = 'retry', next_try_at = ? WHERE campaign_id = ? AND state = 'refused'",
        (at, campaign.id),
    )


def _list(connection: sqlite3.Connection, campaign: Campaign, name: str) -> ListId:
    found = connection.execute("SELECT list_id FROM lists WHERE name = ?", (name,)).fetchone()
    if found is None:
        raise CampaignError(f"campaign {campaign.id}: no list {name}: import it first")
    return ListId(found[0])


def dialling(connection: sqlite3.Connection, list_id: ListId) -> list[Campaign]:
    """The campaigns that dial a list; one that a release wrote which we cannot read is left out."""
    rows = connection.execute("SELECT campaign_id FROM campaign_lists WHERE list_id = ?", (list_id,))
    found = [stored(connection, CampaignId(row[0])) for row in rows.fetchall()]
    return [campaign for campaign in found if campaign is not None]


def set_state(connection: sqlite3.Connection, campaign_id: CampaignId, state: CampaignState, now: datetime) -> None:
    """Keep the campaign's state."""
    connection.execute(
        "UPDATE campaigns SET state = ?, changed_at = ? WHERE campaign_id = ?",
        (state.value, as_text(now), campaign_id),
    )


def note_fault(connection: sqlite3.Connection, campaign_id: CampaignId, reason: str, now: datetime) -> None:
    """The campaign was paused as it cannot go on: say so in the audit, and to the webhooks that asked for it."""
    add_audit(connection, now, "engine", "campaign.fault", {"campaign": campaign_id, "reason": reason})
    told = {"campaign_id": campaign_id, "reason": reason}
    publish(connection, Event.CAMPAIGN_FAULT, f"{campaign_id}:{as_text(now)}", "", told, now)


def states(connection: sqlite3.Connection) -> dict[CampaignId, CampaignState]:
    """The state of every campaign, as it was kept last."""
    rows = connection.execute("SELECT campaign_id, state FROM campaigns ORDER BY campaign_id")
    return {CampaignId(row[0]): CampaignState(row[1]) for row in rows}


def stored(connection: sqlite3.Connection, campaign_id: CampaignId) -> Campaign | None:
    """The campaign as it was registered last; None where it is unknown, or a release wrote it that we cannot read."""
    row = connection.execute("SELECT settings FROM campaigns WHERE campaign_id = ?", (campaign_id,)).fetchone()
    if row is None:
        return None
    try:
        return Campaign.model_validate_json(row[0])
    except ValidationError:
        return None


def progress(connection: sqlite3.Connection, campaign_id: CampaignId) -> Mapping[str, int]:
    """How many leads of the roll are in each state; those that wait and that the filter leaves out are "excluded"."""
    rows = connection.execute(
        "SELECT iif(excluded AND state IN ('new', 'retry'), 'excluded', state) AS shown, count(*)"
        " FROM campaign_leads WHERE campaign_id = ? GROUP BY shown",
        (campaign_id,),
    )
    return {row[0]: row[1] for row in rows}


def undialled(leads: Mapping[str, int]) -> str:
    """What the leads of a roll, by their states, are not dialled for, where nothing is left to dial; "": all were."""
    words = {"excluded": "left out by its filter or removed", "refused": "refused for good"}
    found = [f"{leads[state]} {said}" for state, said in words.items() if leads.get(state)]
    return f"leads: {', '.join(found)}" if found else ""


def abandonment(connection: sqlite3.Connection, campaign: Campaign, now: datetime) -> tuple[int, int]:
    """People who answered in the preset's window up to ``now``, and those of them who were abandoned, as the preset
    counts; a lost call that may have been answered is one of both (:func:`dialer.recovery.recover`), and a call of
    which its agent said that a machine had answered is none of a person."""
    row = connection.execute(
        "SELECT count(*), coalesce(sum(abandoned), 0), count(agent_id),"
        " count(*) FILTER (WHERE agent_id IS NOT NULL AND disposition_machine)"
        " FROM calls WHERE campaign_id = ? AND started_at > ?"
        " AND (answered_at IS NOT NULL AND outcome IN (?, ?) OR abandoned)",
        (campaign.id, as_text(windows.begin(campaign.preset.cap_window, now)), *PEOPLE),
    ).fetchone()
    return counted(Tally(*row), campaign.preset.denominator)
