"""Looks up whether a caller is turned away: in time, or the call goes on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from calls import log
from calls.clock import Clock
from calls.errors import RecordError
from calls.ids import CallId
from calls.people import blocked
from calls.records.writer import Writer
from ivr.commands import CallerChecked, CheckCaller

WITHIN_S = 1.0
"""A caller is not kept longer by a look at a list."""


class Guard:
    """Asks the store."""

    def __init__(self, writer: Writer, clock: Clock, region: str | None) -> None:
        self._writer = writer
        self._clock = clock
        self._region = region

    async def check(self, asked: CheckCaller, call_id: CallId) -> CallerChecked:
        """What is known of the number; the call itself is counted, whether or not it is written yet."""
        now = self._clock.now()
        spelled, since = blocked.spelled(asked.number, self._region), now - timedelta(seconds=asked.within_s)
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._writer.run_alone(
                    lambda db: CallerChecked(
                        blocked.is_blocked(db, spelled, now), 1 + blocked.calls_of(db, asked.number, since, call_id)
                    )
                )
        except (RecordError, TimeoutError) as problem:
            log.get().error("a caller could not be looked up", problem=str(problem) or "late")
            return CallerChecked(blocked=False, calls=0)
