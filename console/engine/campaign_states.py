"""What state each campaign is in, as the store has it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter

from calls import log
from calls.clock import Clock
from calls.ids import CampaignId
from calls.records.writer import Writer
from console.engine.tasks import Tasks
from dialer import events as ev
from dialer import roll


class CampaignStates:
    """Of one engine: written one after the other as they come."""

    def __init__(self, writer: Writer, tasks: Tasks, clock: Clock) -> None:
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._last: dict[CampaignId, asyncio.Task[None]] = {}
        """Of each campaign what was written last, or is being written."""
        self.faults: Counter[CampaignId] = Counter()
        """How often each campaign was paused by a fault."""

    def keep(self, action: ev.CampaignChanged) -> None:
        """Have the state written."""
        tell = log.get().error if action.fault else log.get().info
        tell("campaign", campaign=action.campaign_id, state=action.state.value, reason=action.reason)
        if action.fault:
            self.faults[action.campaign_id] += 1
        self._last[action.campaign_id] = self._tasks.start(self._write(action), f"state of {action.campaign_id}")

    async def kept(self, campaign_id: CampaignId) -> None:
        """Return when the store has the campaign's state, or has refused it: nobody is dialled for a campaign whose
        start a kill would undo, and no order is said to be done that it would."""
        if (task := self._last.get(campaign_id)) is not None:
            await asyncio.wait({task})

    async def _write(self, action: ev.CampaignChanged) -> None:
        now = self._clock.now()

        def write(connection: sqlite3.Connection) -> None:
            roll.set_state(connection, action.campaign_id, action.state, now)
            if action.fault:
                roll.note_fault(connection, action.campaign_id, action.reason, now)

        await self._writer.run(write)
