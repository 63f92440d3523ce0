"""Changes of a campaign that runs: the same for the engine and for a command without one."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from calls.errors import CampaignError
from calls.ids import CampaignId
from calls.records.store import add_audit
from calls.settings import Settings
from console.operations import Done
from dialer import control, roll
from dialer.campaign import Campaign
from dialer.control import Changes


def change(
    connection: sqlite3.Connection, campaign_id: str, changes: Changes, settings: Settings, who: str, now: datetime
) -> tuple[Campaign, Done]:
    """Let ``changes`` hold beside those that hold already: the campaign as it is to run.

    Raises:
        CampaignError: it was never started, or a change does not fit; nothing has changed.
    """
    stored = require_stored(connection, campaign_id)
    before = control.kept(connection, stored.campaign_id)
    after = control.merged(before, changes)
    campaign = control.changed(stored, after)
    control.require_fit(campaign, settings)
    control.keep(connection, stored.campaign_id, after, who, now)
    detail = {"campaign": campaign_id, "changes": dict(changes), "before": before}
    add_audit(connection, now, who, "campaign.set", detail)
    said = ", ".join(f"{key} = {value}" for key, value in changes.items())
    return campaign, Done(said=f"campaign {campaign_id}: {said}")


def reset(connection: sqlite3.Connection, campaign_id: str, who: str, now: datetime) -> tuple[Campaign, Done]:
    """Let the file alone hold again, as it was when the campaign was started: the campaign as it is to run.

    Raises:
        CampaignError: it was never started.
    """
    stored = require_stored(connection, campaign_id)
    before = control.kept(connection, stored.campaign_id)
    if not control.clear(connection, stored.campaign_id):
        return stored, Done(said=f"campaign {campaign_id} runs by its file already")
    add_audit(connection, now, who, "campaign.reset", {"campaign": campaign_id, "before": before})
    return stored, Done(said=f"campaign {campaign_id} runs by its file again")


def require_stored(connection: sqlite3.Connection, campaign_id: str) -> Campaign:
    """The campaign as its file was when it was started last.

    Raises:
        CampaignError: it was never started.
    """
    stored = roll.stored(connection, CampaignId(campaign_id))
    if stored is None:
        raise CampaignError(f"campaign {campaign_id} was not started")
    return stored
