"""Lets campaigns keep to their schedules, and keeps what their pacing has decided and why, and what it has learnt for
the next run of the engine."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta

from calls import log
from calls.clock import Clock
from calls.errors import RecordError
from calls.hours import time_zone
from calls.records.writer import Writer
from console.engine.dialled import DialledCalls
from console.engine.tasks import Tasks
from dialer import decisions, pacing_states
from dialer import events as ev
from dialer.events import CampaignState
from dialer.schedule import opening

LOOK_S = 0.5
"""A campaign begins and ends by its schedule within a second, and so it does where somebody sets the clock."""

KEEP_S = 60.0
"""A crash loses no more of what was learnt."""


class PaceKeeper:
    """Looks at the clock on the wall for the core, which has none."""

    def __init__(self, dialled: DialledCalls, writer: Writer, clock: Clock) -> None:
        self._dialled = dialled
        self._writer = writer
        self._clock = clock

    def start(self, tasks: Tasks) -> None:
        """Keep the campaigns to their schedules from now on."""
        tasks.start(self._watch(), "schedules")
        tasks.start(self._keep_on(), "learnt pacing")

    def look(self) -> None:
        """Tell the core which campaigns may dial now, and what hour of the day it is for each of them."""
        now, hours = self._clock.now(), self._dialled.core.local_hours()
        for campaign, state, told in self._dialled.core.campaigns():
            if state is not CampaignState.RUNNING:
                continue
            schedule = campaign.file.schedule
            if (hour := now.astimezone(time_zone(schedule.zone)).hour) != hours[campaign.campaign_id]:
                self._dialled.tell(ev.HourTold(campaign.campaign_id, hour))
            if not schedule.is_set:
                continue
            found = opening(schedule, now)
            if found.reason != told:
                self._dialled.tell(ev.ScheduleTold(campaign.campaign_id, found.reason))
            if found.is_over:
                self._dialled.tell(ev.CampaignDraining(campaign.campaign_id))

    async def keep(self) -> None:
        """Keep what was decided and learnt so far; a store that refuses is told to the log."""
        core, now, now_s = self._dialled.core, self._clock.now(), self._clock.monotonic_s()
        states, reasons = core.learnt(), core.take_reasons()
        if not states and not reasons:
            return

        def write(connection: sqlite3.Connection) -> None:
            pacing_states.keep(connection, states, now)
            decisions.keep(connection, reasons, lambda at_s: now - timedelta(seconds=max(0.0, now_s - at_s)))

        try:
            await self._writer.run(write)
        except RecordError as problem:
            log.get().warning("what the pacing has decided and learnt is not kept", problem=str(problem))

    async def _watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(KEEP_S)
            await self.keep()
