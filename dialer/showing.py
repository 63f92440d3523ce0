"""The number that a called person sees: chosen and counted within the transaction that begins the attempt."""

from __future__ import annotations

import sqlite3

from dialer import caller_ids
from dialer.campaign import Campaign, promised_id


def choose(connection: sqlite3.Connection, campaign: Campaign, person_key: str, number: str) -> str:
    """The one of the campaign's numbers that is shown to the person when ``number`` is dialled: as before, where the
    campaign has dialled them, or the one whose promises it keeps, or the one that keeps its own."""
    pool = campaign.file.shown
    if len(pool) == 1:
        return pool[0]
    before = connection.execute(
        "SELECT caller_id FROM attempts WHERE person_key = ? AND campaign_id IN (?, ?, ?) AND caller_id IS NOT NULL"
        " ORDER BY intended_at DESC LIMIT 1",
        (person_key, campaign.id, campaign.promised_by, promised_id(campaign.id)),
    ).fetchone()
    shown = connection.execute("SELECT caller_id, times FROM caller_ids_shown WHERE campaign_id = ?", (campaign.id,))
    return caller_ids.choose(pool, number, before[0] if before else None, dict(shown.fetchall()))


def count(connection: sqlite3.Connection, campaign: Campaign, caller_id: str) -> None:
    """It is shown once more; of a campaign with one number nothing is counted."""
    if len(campaign.file.shown) > 1:
        connection.execute(
            "INSERT INTO caller_ids_shown (campaign_id, caller_id, times) VALUES (?, ?, 1)"
            " ON CONFLICT (campaign_id, caller_id) DO UPDATE SET times = times + 1",
            (campaign.id, caller_id),
        )
