"""The open calls of the engine, and their way into the store: a row at first sight, one final record at the end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from calls import log
from calls.causes import Outcome
from calls.clock import Clock
from calls.errors import RecordError
from calls.ids import CallId
from calls.records.store import (
    CallEvent,
    CallRecord,
    LiveCall,
    add_events,
    begin_call,
    finish_call,
    lost_record,
    note_agent,
)
from calls.records.writer import Writer
from calls.switch.port import EndedBy
from console.engine.recorder import CallRecorder
from console.engine.tasks import Tasks
from dialer import dispositions

T = TypeVar("T")

AGAIN_S = 1.0
"""How long after a refused write (a full disk, a locked file) a final record is tried again: it is never dropped."""

Final = Callable[[sqlite3.Connection, CallRecord, tuple[CallEvent, ...]], object]
"""Writes a final record with its events, and what belongs into the same transaction."""


def finish_settled(connection: sqlite3.Connection, record: CallRecord, events: tuple[CallEvent, ...] = ()) -> None:
    """Write a final record, with what the agent has said of the call by now."""
    finish_call(connection, record, events)
    dispositions.settle(connection, record.call_id, record.ended_at)


class Book:
    """One open call, to be closed with what it came to."""

    def __init__(self, recorder: CallRecorder) -> None:
        self.recorder = recorder
        self.ending: tuple[Outcome, int | None, EndedBy | None] | None = None

    def close(self, outcome: Outcome, cause: int | None, by: EndedBy | None) -> None:
        """The call has ended; told twice, the first counts."""
        if self.ending is None:
            self.ending = (outcome, cause, by)


class Books:
    """All open calls."""

    def __init__(self, writer: Writer, tasks: Tasks, clock: Clock, on_store: Callable[[str], None]) -> None:
        """``on_store`` hears of each write why the store refused it, or "" where it took it."""
        self._writer = writer
        self._on_store = on_store
        self._tasks = tasks
        self._clock = clock
        self._open: dict[CallId, CallRecorder] = {}
        self._unwritten = 0
        self._all_ended = asyncio.Event()
        self._all_written = asyncio.Event()
        self._all_ended.set()
        self._all_written.set()

    @property
    def open_calls(self) -> tuple[CallRecorder, ...]:
        """The calls under way."""
        return tuple(self._open.values())

    async def all_ended(self) -> None:
        """Returns when no call is open."""
        await self._all_ended.wait()

    async def all_written(self) -> None:
        """Returns when every record is in the store."""
        await self._all_written.wait()

    @contextmanager
    def open(self, recorder: CallRecorder) -> Iterator[Book]:
        """Keep one call open. At the end its final record is written; a call that nobody closed has failed.

        A call whose task is cancelled, as when the engine stops, stays live in the store: the next run finds it.
        """
        self.begin(recorder)
        book = Book(recorder)
        try:
            yield book
        except asyncio.CancelledError:
            self._forget(recorder)
            raise
        except BaseException:
            book.close(Outcome.FAILED, None, EndedBy.US)
            self._finish(book)
            raise
        else:
            self._finish(book)

    def show(self, recorder: CallRecorder) -> None:
        """Count the call among the open ones; :meth:`finish` ends that."""
        self._open[recorder.live.call_id] = recorder
        self._all_ended.clear()
        recorder.at_once = partial(self._keep_events, recorder)

    def begin(self, recorder: CallRecorder, also: Callable[[sqlite3.Connection], object] | None = None) -> None:
        """Note a call at its first sight, with ``also`` in the same transaction."""
        self.show(recorder)

        def write(connection: sqlite3.Connection) -> None:
            begin_call(connection, recorder.live)
            if also is not None:
                also(connection)

        self.keep(write, f"begin {recorder.live.call_id}")

    def note_agent(self, recorder: CallRecorder) -> None:
        """Keep who talks, so that a crash does not lose it."""
        agent_id = recorder.agent_id
        if agent_id is not None:
            call_id = recorder.live.call_id
            self.keep(lambda connection: note_agent(connection, call_id, agent_id), f"agent of {call_id}")

    def _keep_events(self, recorder: CallRecorder) -> None:
        """What has happened in the call by now; the trail may write the same meanwhile, which changes nothing."""
        call_id, fresh = recorder.live.call_id, recorder.unkept()
        self.keep(
            lambda connection: add_events(connection, call_id, fresh),
            f"events of {call_id}",
            lambda _: recorder.note_kept(fresh),
        )

    def finish(
        self,
        recorder: CallRecorder,
        outcome: Outcome,
        cause: int | None,
        by: EndedBy | None,
        write: Final = finish_settled,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Write the final record; ``write`` says how. ``then`` is called once it is committed."""
        self._forget(recorder)
        record, events = recorder.finish(outcome, cause, by)
        log.get().info(
            "call ended",
            call_id=record.call_id,
            direction=record.direction.value,
            outcome=outcome.value,
            cause=cause,
            duration_s=round(record.duration_s, 3),
        )
        self.keep(lambda connection: write(connection, record, events), f"finish {record.call_id}", lambda _: then())

    def recorder(self, call_id: CallId) -> CallRecorder | None:
        """The recorder of an open call."""
        return self._open.get(call_id)

    def finish_lost(self, live: LiveCall, outcome: Outcome) -> None:
        """Write the final record of a call that nobody watched to its end."""
        record = lost_record(live, self._clock.now(), outcome)
        self.keep(lambda connection: finish_settled(connection, record), f"finish {live.call_id}")

    def _finish(self, book: Book) -> None:
        outcome, cause, by = book.ending or (Outcome.FAILED, None, EndedBy.US)
        self.finish(book.recorder, outcome, cause, by)

    def keep(
        self, write: Callable[[sqlite3.Connection], T], name: str, then: Callable[[T], None] | None = None
    ) -> None:
        """Write what must not be lost, however often the store refuses it. ``then`` is told what ``write`` gave, once
        that is committed."""
        self._unwritten += 1
        self._all_written.clear()
        written = self._writer.put(write)
        if written is None:
            self._tasks.start(self._write(write, name, then), name)
        else:  # most of them, and each task saved is time of every call's
            written.add_done_callback(partial(self._put, write, name, then))

    def _put(
        self,
        write: Callable[[sqlite3.Connection], T],
        name: str,
        then: Callable[[T], None] | None,
        written: asyncio.Future[T],
    ) -> None:
        """How the first try ended."""
        problem = None if written.cancelled() else written.exception()
        if isinstance(problem, RecordError | sqlite3.OperationalError):
            self._tasks.start(self._write(write, name, then, problem), name)
            return
        try:
            if problem is not None:
                log.get().error("a record cannot be written", what=name, exc_info=problem)
            elif not written.cancelled():
                self._on_store("")
                if then is not None:
                    then(written.result())
        finally:
            self._done()

    async def _write(
        self,
        write: Callable[[sqlite3.Connection], T],
        name: str,
        then: Callable[[T], None] | None,
        problem: Exception | None = None,
    ) -> None:
        """Write until it is written. Order is kept: the writer's queue is the order in which it was asked for.
        ``problem``: why a first try failed."""
        try:
            while True:
                if problem is not None:
                    log.get().error("a record could not be written yet", what=name, problem=str(problem))
                    self._on_store(str(problem))
                    await asyncio.sleep(AGAIN_S)
                try:
                    result = await self._writer.run(write)
                except (RecordError, sqlite3.OperationalError) as again:
                    problem = again
                    continue
                self._on_store("")
                if then is not None:
                    then(result)
                return
        finally:
            self._done()

    def _done(self) -> None:
        self._unwritten -= 1
        if not self._unwritten:
            self._all_written.set()

    def _forget(self, recorder: CallRecorder) -> None:
        self._open.pop(recorder.live.call_id, None)
        if not self._open:
            self._all_ended.set()
