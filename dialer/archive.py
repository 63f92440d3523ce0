"""Campaigns that are over and put away: left out of the lists of every day, with all of their records where they
were. Functions of a connection, inside a transaction of the writer, or reading."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from calls.errors import CampaignError
from calls.ids import CampaignId
from calls.records.times import as_text
from dialer import roll
from dialer.campaign import promised_id
from dialer.events import CampaignState

OVER = (CampaignState.STOPPED, CampaignState.FINISHED)


def archived(connection: sqlite3.Connection) -> frozenset[str]:
    """The campaigns that are put away."""
    rows = connection.execute("SELECT campaign_id FROM campaigns WHERE archived_at IS NOT NULL")
    return frozenset(row[0] for row in rows)


def require_in_use(connection: sqlite3.Connection, campaign_id: str) -> None:
    """Refuse what would have a campaign dial that is put away.

    Raises:
        CampaignError: it is.
    """
    if campaign_id in archived(connection):
        raise CampaignError(f"campaign {campaign_id} is archived: take it out of the archive first")


def put_away(connection: sqlite3.Connection, campaign_id: CampaignId, now: datetime) -> bool:
    """Put a campaign away, and with it what it had promised; False: it was already.

    Raises:
        CampaignError: it was never started, or it is not over; says what to do. Nothing has changed.
    """
    state = roll.states(connection).get(campaign_id)
    if state is None:
        raise CampaignError(f"campaign {campaign_id} was not started: there is nothing to keep of it but its file")
    stored = roll.stored(connection, campaign_id)
    if stored is not None and stored.on_request:
        raise CampaignError(f"campaign {campaign_id} calls people who asked for it, and is never over")
    if campaign_id in archived(connection):
        return False
    if state not in OVER:
        raise CampaignError(f"campaign {campaign_id} is {state.value}: stop it first, or drain it")
    _require_quiet(connection, campaign_id)
    for each in (campaign_id, promised_id(campaign_id)):
        connection.execute("UPDATE campaigns SET archived_at = ? WHERE campaign_id = ?", (as_text(now), each))
    return True


def _require_quiet(connection: sqlite3.Connection, campaign_id: CampaignId) -> None:
    own = (campaign_id, promised_id(campaign_id))
    calls = connection.execute(
        "SELECT count(*) FROM attempts WHERE state <> 'done' AND +campaign_id IN (?, ?)", own
    ).fetchone()[0]
    if calls:
        raise CampaignError(f"campaign {campaign_id} still has calls ({calls}): archive it when they are over")
    said = connection.execute(
        "SELECT count(*) FROM contacts WHERE closed_at IS NULL AND campaign_id IN (?, ?)", own
    ).fetchone()[0]
    if said:
        raise CampaignError(
            f"agents have not said yet what became of calls of campaign {campaign_id} ({said}): archive it after that"
        )
    waiting = connection.execute(
        "SELECT callback_id FROM callbacks WHERE state IN ('waiting', 'dialling') AND origin IN (?, ?)"
        " ORDER BY callback_id",
        own,
    ).fetchall()
    if waiting:
        raise CampaignError(
            f"people wait for callbacks that campaign {campaign_id} promised ({len(waiting)}, the first is"
            f" {waiting[0][0]}): archive it when they are called, or cancel them"
        )


def take_out(connection: sqlite3.Connection, campaign_id: CampaignId) -> bool:
    """Take a campaign out of the archive, as it was put there; False: it was not there.

    Raises:
        CampaignError: it was never started.
    """
    if campaign_id not in roll.states(connection):
        raise CampaignError(f"campaign {campaign_id} was not started")
    taken = connection.execute(
        "UPDATE campaigns SET archived_at = NULL WHERE campaign_id IN (?, ?) AND archived_at IS NOT NULL",
        (campaign_id, promised_id(campaign_id)),
    )
    return taken.rowcount > 0
