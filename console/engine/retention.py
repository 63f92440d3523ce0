"""Takes out what is older than the settings keep it: messages to webhooks, and earlier texts of flows."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from calls import log
from calls.clock import Clock
from calls.errors import RecordError
from calls.records import flow_versions, outbox
from calls.records.outbox import State
from calls.records.writer import Writer
from calls.retention import RetentionSettings
from console.engine.tasks import Tasks

EVERY_S = 3_600.0

Forget = Callable[[sqlite3.Connection, datetime], int]
"""Takes out some of what is older than a time; how many."""


class Retention:
    """Of one engine. Also of webhooks that the settings have lost: what they were sent is about people."""

    def __init__(self, kept: RetentionSettings, writer: Writer, clock: Clock) -> None:
        self._kinds: tuple[tuple[int, Forget], ...] = (
            (kept.sent_messages, lambda db, before: outbox.forget(db, State.SENT, before)),
            (kept.dead_messages, lambda db, before: outbox.forget(db, State.DEAD, before)),
            (kept.flow_versions, flow_versions.forget),
        )
        self._writer = writer
        self._clock = clock

    def start(self, tasks: Tasks) -> None:
        """Do so now and from now on."""
        tasks.start(self._look(), "retention")

    async def _look(self) -> None:
        while True:
            try:
                for days, forget in self._kinds:
                    before = self._clock.now() - timedelta(days=days)
                    while days and await self._writer.run(partial(forget, before=before)):  # type: ignore[call-arg]
                        pass  # some at a time: the records of calls do not wait for all
            except RecordError as problem:  # the next hour will do
                log.get().warning("what is too old was not taken out", problem=str(problem))
            await asyncio.sleep(EVERY_S)
