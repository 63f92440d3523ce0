"""What the pacing of each campaign has learnt, kept in the store from run to run of the engine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from calls.ids import CampaignId
from calls.records.times import as_text

State = Mapping[str, object]


def keep(connection: sqlite3.Connection, states: Mapping[CampaignId, State], now: datetime) -> None:
    """Keep the states, JSON values each, in place of those before."""
    connection.executemany(
        "INSERT INTO pacing_states (campaign_id, state, kept_at) SELECT campaign_id, ?, ? FROM campaigns"
        " WHERE campaign_id = ? ON CONFLICT (campaign_id) DO UPDATE SET state = excluded.state,"
        " kept_at = excluded.kept_at",
        [(json.dumps(state, allow_nan=False), as_text(now), campaign_id) for campaign_id, state in states.items()],
    )


def kept(connection: sqlite3.Connection, campaign_id: CampaignId) -> State | None:
    """What was kept last of a campaign; None: nothing."""
    row = connection.execute("SELECT state FROM pacing_states WHERE campaign_id = ?", (campaign_id,)).fetchone()
    return None if row is None else dict(json.loads(row[0]))
