"""What a campaign's calls came to, counted again where somebody's word has changed it."""

from __future__ import annotations

import sqlite3

from calls.clock import Clock
from calls.ids import CampaignId
from calls.records.writer import Writer
from console.engine.dialled import DialledCalls
from dialer import events as ev
from dialer import roll


async def recounted(writer: Writer, clock: Clock, dialled: DialledCalls, campaign_id: CampaignId) -> None:
    """Count what was answered by a person, and abandoned, from the store, and tell the dialler.

    Raises:
        RecordError: the store cannot be read.
    """
    now = clock.now()

    def count(connection: sqlite3.Connection) -> tuple[int, int] | None:
        campaign = roll.stored(connection, campaign_id)
        return None if campaign is None else roll.abandonment(connection, campaign, now)

    if (counts := await writer.run(count)) is not None:
        dialled.tell(ev.AnswersCounted(campaign_id, *counts))
