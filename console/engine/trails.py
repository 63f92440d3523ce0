"""Writes down what happens in calls while they are up: a crash of the engine leaves what was known until then."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial

from calls import log
from calls.errors import RecordError
from calls.ids import CallId
from calls.records import store
from calls.records.durations import Phase
from calls.records.store import CallEvent
from calls.records.writer import Writer
from console.engine.books import Books
from console.engine.tasks import Tasks

EVERY_S = 2.0
"""How much of a call may be lost, but for :data:`console.engine.recorder.AT_ONCE`; most calls to a menu are over
sooner, and are written once, with their record."""


class Trails:
    """Of all open calls that were answered: of one that rings there is nothing to tell."""

    def __init__(self, books: Books, writer: Writer) -> None:
        self._books = books
        self._writer = writer

    def start(self, tasks: Tasks) -> None:
        """Keep them from now on."""
        tasks.start(self._keep(), "trails")

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            up = (each for each in self._books.open_calls if each.phase is not Phase.RING)
            news = [(each, fresh) for each in up if (fresh := each.unkept())]
            if not news:
                continue
            rows = [(recorder.live.call_id, fresh) for recorder, fresh in news]

            try:
                await self._writer.run(partial(_write, rows=rows), may_shed=True)
            except (RecordError, sqlite3.OperationalError) as problem:  # the next time, or with the call's record
                log.get().warning("what happened in calls is not written yet", problem=str(problem))
                continue
            for recorder, fresh in news:
                recorder.note_kept(fresh)


def _write(connection: sqlite3.Connection, rows: Sequence[tuple[CallId, Sequence[CallEvent]]]) -> None:
    for call_id, events in rows:
        store.add_events(connection, call_id, events)
