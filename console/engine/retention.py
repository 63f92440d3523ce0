"""Takes out what is older than the settings keep it, some at a time: records of calls do not wait for all of it."""

from __future__ import annotations

import asyncio
from functools import partial

from calls import log
from calls.clock import Clock
from calls.errors import RecordError
from calls.records import retention_marks
from calls.records.writer import Writer
from calls.retention import RetentionSettings
from console import forgetting
from console.engine.tasks import Tasks
from console.forgetting import Kind

EVERY_S = 3_600.0


class Retention:
    """Of one engine. Also of webhooks that the settings have lost: what they were sent is about people."""

    def __init__(self, kept: RetentionSettings, writer: Writer, clock: Clock) -> None:
        self._kept = kept
        self._writer = writer
        self._clock = clock

    def start(self, tasks: Tasks) -> None:
        """Do so now and from now on."""
        tasks.start(self._look(), "retention")

    async def _look(self) -> None:
        while True:
            try:
                await asyncio.to_thread(forgetting.prepare, self._writer.path, self._kept)
                for kind in forgetting.kinds(self._kept):
                    if kind.days:
                        await self._take_out(kind)
            except RecordError as problem:  # the next hour will do
                log.get().warning("what is too old was not taken out", problem=str(problem))
            await asyncio.sleep(EVERY_S)

    async def _take_out(self, kind: Kind) -> None:
        now = self._clock.now()
        before = kind.before(now)
        removed = 0
        while True:
            step = await self._writer.run(lambda db: kind.look(db, before, now))
            removed += step.removed
            if not step.looked:
                break
        if removed:
            log.get().info("what is too old was taken out", kind=kind.name, count=removed)
            self._writer.empty_log()  # it holds still what was taken out
        await self._writer.run(partial(retention_marks.tell, kind=kind.name, before=before, now=now))
