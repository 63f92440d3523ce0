"""Campaigns put into the archive and taken out of it: the same for the engine and for a command without one."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from calls.ids import CampaignId
from console.operations import Done, audit_campaign
from dialer import archive as kept


def archive(connection: sqlite3.Connection, campaign_id: str, who: str, now: datetime) -> Done:
    """Put a campaign that is over into the archive.

    Raises:
        CampaignError: it was never started, or is not over; says what to do.
    """
    if not kept.put_away(connection, CampaignId(campaign_id), now):
        return Done(said=f"campaign {campaign_id} was in the archive already")
    audit_campaign(connection, campaign_id, "archive", who, now)
    return Done(said=f"campaign {campaign_id} is archived: its records and reports stay, and its file where it is")


def unarchive(connection: sqlite3.Connection, campaign_id: str, who: str, now: datetime) -> Done:
    """Take a campaign out of the archive; it is stopped or finished as it was.

    Raises:
        CampaignError: it was never started.
    """
    if not kept.take_out(connection, CampaignId(campaign_id)):
        return Done(said=f"campaign {campaign_id} was not in the archive")
    audit_campaign(connection, campaign_id, "unarchive", who, now)
    return Done(said=f"campaign {campaign_id} is out of the archive, and may be started")
