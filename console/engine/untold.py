"""Recordings that a crash of ours left without the announcement that must be on them: deleted when the call is over.

What tells that it was heard out is an event of the call, which is written at once. Where a crash was faster still the
recording is deleted, which is the careful side.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from functools import partial

from calls import log
from calls.clock import Clock
from calls.errors import RecordError, RecordingError
from calls.ids import CallId
from calls.records import store
from calls.records.store import CallEvent
from calls.records.writer import Writer
from console.engine.recordings import RecordingKeeper
from console.engine.tasks import Tasks

ANNOUNCED, DROPPED = "recording_announced", "recording_dropped"


class UntoldRecordings:
    """Of people who had to be told on the recording itself, and whose calls the run before this one left open."""

    def __init__(self, keeper: RecordingKeeper, writer: Writer, tasks: Tasks, clock: Clock) -> None:
        self._keeper = keeper
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._up: set[CallId] = set()

    def settle(self, over: Iterable[CallId], still_up: Iterable[CallId]) -> None:
        """Of these calls nobody is left, and those are still up: what of theirs holds no announcement is deleted now,
        or when they end."""
        self._up |= set(still_up)
        for call_id in over:
            self._tasks.start(self._drop(call_id), f"recordings of {call_id}")

    def call_ended(self, call_id: CallId) -> None:
        """A call has ended; one that is not known here changes nothing."""
        if call_id in self._up:
            self._up.discard(call_id)
            self._tasks.start(self._drop(call_id), f"recordings of {call_id}")

    async def _drop(self, call_id: CallId) -> None:
        try:
            found = await asyncio.to_thread(lambda: list(self._keeper.files.of_talks(call_id)))
            told = await self._writer.run(partial(_told, call_id=call_id)) if found else frozenset[str]()
            for name in found:
                if name not in told:
                    await self._keeper.drop(name)
                    await self._writer.run(partial(self._note, call_id=call_id, name=name))
                    log.get().warning("a recording without its announcement is deleted", recording=name)
        except (RecordError, RecordingError, sqlite3.OperationalError) as problem:  # keep_days takes it at last
            log.get().error("a recording without its announcement is left", call_id=call_id, problem=str(problem))

    def _note(self, connection: sqlite3.Connection, *, call_id: CallId, name: str) -> None:
        happened = store.call_events(connection, call_id)
        since_s = max((each.since_s for each in happened), default=0.0)
        store.add_events(connection, call_id, [CallEvent(self._clock.now(), since_s, DROPPED, {"recording": name})])


def _told(connection: sqlite3.Connection, *, call_id: CallId) -> frozenset[str]:
    """The recordings that hold their announcement."""
    happened = store.call_events(connection, call_id)
    return frozenset(str(each.detail.get("recording")) for each in happened if each.kind == ANNOUNCED)
