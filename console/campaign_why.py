"""Why a campaign dialled, or dialled nothing, by the minute: for the command line, the API, the campaign's page."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from calls.ids import CampaignId
from console.campaign_control import require_stored
from dialer import decisions


class DecidedShown(BaseModel):
    """See :class:`dialer.decisions.Decided`."""

    model_config = ConfigDict(frozen=True)
    from_at: datetime
    until_at: datetime
    decisions: int
    dials: int
    reason: str
    figures: Mapping[str, int | float | str]


def decided_since(
    connection: sqlite3.Connection, campaign_id: str, since: datetime, limit: int
) -> list[DecidedShown]:
    """What was decided for the campaign from then on, the newest first.

    Raises:
        CampaignError: it was never started.
    """
    require_stored(connection, campaign_id)
    found = decisions.shown(connection, CampaignId(campaign_id), since, limit)
    return [
        DecidedShown(
            from_at=each.from_at,
            until_at=each.until_at,
            decisions=each.decisions,
            dials=each.dials,
            reason=each.reason,
            figures=each.figures,
        )
        for each in found
    ]
