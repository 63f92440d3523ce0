"""Lets campaigns keep to their schedules, and keeps what their pacing has learnt for the next run of the engine."""

from __future__ import annotations

import asyncio

from calls import log
from calls.clock import Clock
from calls.errors import RecordError
from calls.hours import time_zone
from calls.records.writer import Writer
from console.engine.dialled import DialledCalls
from console.engine.tasks import Tasks
from dialer import events as ev
from dialer import pacing_states
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
        """Keep what was learnt so far; a store that refuses is told to the log."""
        states, now = self._dialled.core.learnt(), self._clock.now()
        if not states:
            return
        try:
            await self._writer.run(lambda connection: pacing_states.keep(connection, states, now))
        except RecordError as problem:
            log.get().warning("what the pacing has learnt is not kept", problem=str(problem))

    async def _watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(KEEP_S)
            await self.keep()
