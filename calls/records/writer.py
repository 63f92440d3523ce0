"""The one writer: a thread with the only writing connection, and a lock file that keeps every other writer out.

A function given to :meth:`Writer.run` runs inside ``BEGIN IMMEDIATE`` ... ``COMMIT`` with ``synchronous=FULL``; its
result comes back only when the commit is on the disk. What waits in the queue goes into one transaction, of several
each function in a savepoint of its own (group commit): one that raises takes back its own changes and no others.
Where the transaction itself fails (disk full, a deferred constraint), each function is run again in one of its own,
so that only the one at fault fails; hence the rule for these functions: **no effect but on the connection**.

Source: https://sqlite.org/lang_savepoint.html, https://sqlite.org/lang_transaction.html, flock(2).
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from calls import log
from calls.errors import CallwrightError, RecordError, StoreFull, WriterOverloaded
from calls.records.ballast import Ballast
from calls.records.database import keep_in_memory, typed
from calls.records.lock import lock_path, writers_lock
from calls.records.opening import open_upgraded
from calls.records.progress import Tell, to_log, to_stderr
from calls.records.room import Room

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

CAPACITY = 10_000
"""How many writes may wait. A burst of 50 calls/s makes some 500 a second, so this is 20 s of a stalled disk."""

BATCH = 256
"""How many functions share a commit at most: bounds what one commit holds and how long the first of them waits."""

IDLE_S = 0.5
"""With nothing to do for so long, the writer checkpoints."""

WARN_EVERY_S = 5.0

CLOSE_WAIT_S = 30.0
"""How long a closing writer waits for another program's write lock before it gives up what still waits."""

# Texts of their own: Python keeps compiled statements by text, and a compiled one is not asked again by the guard.
_BEGIN = "BEGIN IMMEDIATE /* writer */"
_COMMIT = "COMMIT /* writer */"
_ROLLBACK = "ROLLBACK /* writer */"

_OF_THE_MACHINE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""What SQLite says where no work of ours is wrong. Source: sqlite.org, Result and Error Codes."""


@dataclass(slots=True)
class _Job(Generic[T]):
    """One function that waits, and where its end is told."""

    work: Work[T]
    alone: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T]
    since: float
    result: T | None = field(default=None)
    problem: Exception | None = field(default=None)


class Writer:
    """Writes to ``path`` from a thread of its own. Used from one event loop, between ``start`` and ``close``.

    ``clock`` is monotonic seconds and measures only how long writes wait.
    """

    def __init__(
        self,
        path: Path,
        lock: Path | None = None,
        *,
        capacity: int = CAPACITY,
        clock: Callable[[], float] = time.monotonic,
        ballast: Ballast | None = None,
    ) -> None:
        """``ballast``: room on the disk that is given back where there is none left; None: none is kept."""
        self._path = path
        self._ballast = ballast
        self._lock = lock or lock_path(path)
        self._clock = clock
        self._room = Room(capacity)
        self._change = threading.Condition()
        self._queue: deque[_Job[object]] = deque()
        self._batch: list[_Job[object]] = []
        self._closing = False
        self._closing_since = 0.0
        self._open = False
        self._started = threading.Event()
        self._failed: CallwrightError | None = None
        self._thread: threading.Thread | None = None
        self._oldest: float | None = None
        self._shed = 0
        self._woken = False
        self._empty_log = False
        self._take_ballast = ballast is not None

    @property
    def path(self) -> Path:
        """The database."""
        return self._path

    def start(self, tell: Tell = to_log) -> None:
        """Take the lock, check and upgrade the database. Returns when writes are taken; ``tell`` hears of what goes
        on meanwhile, if it takes long.

        Raises:
            WriterBusy: another process writes.
            SchemaTooNew, StoreDamaged, RecordError: the database is not for us.
        """
        self._thread = threading.Thread(target=self._main, args=(tell,), name="writer", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failed is not None:
            self._thread.join()
            raise self._failed

    async def close(self) -> None:
        """Write what waits, checkpoint, and give up the lock. Nothing is taken any more from the call on."""
        with self._change:
            self._closing = True
            self._closing_since = self._clock()
            self._change.notify()
        if self._thread is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    async def run(self, work: Work[T], *, may_shed: bool = False) -> T:
        """The result of ``work(connection)`` once it is committed; its exception where it raised.

        Where too much waits already, the caller waits for room; with ``may_shed`` it does not, and the write is
        left out. A cancelled caller does not take its write back: it may be done or not.

        Raises:
            WriterOverloaded: left out (``may_shed`` only).
            StoreFull, StoreDamaged, RecordError: it is not in the store.
        """
        return await self._submit(work, alone=False, may_shed=may_shed)

    def put(self, work: Work[T]) -> asyncio.Future[T] | None:
        """As :meth:`run` with nobody to wait for it: the write has its place in the queue at once, so that what was
        told first is written first also while there is no room, and the future its end. None: the writer is not open;
        nothing is written then."""
        with self._change:
            if not self._open or self._closing:
                return None
            self._room.squeeze_in()
            return self._queued(work, alone=False)

    async def run_alone(self, work: Work[T]) -> T:
        """As :meth:`run`, in a transaction that it shares with nothing."""
        return await self._submit(work, alone=True, may_shed=False)

    def empty_log(self) -> None:
        """Have the write-ahead log emptied as soon as nothing is to be written: it holds still what was erased."""
        self._empty_log = True

    def take_ballast(self) -> None:
        """There is room on the disk again: have the ballast taken as soon as nothing is to be written."""
        self._take_ballast = True

    def behind_s(self) -> float:
        """How long the oldest write has waited; 0 where none waits. Readiness and dialling look at it."""
        oldest = self._oldest
        return 0.0 if oldest is None else max(0.0, self._clock() - oldest)

    async def _submit(self, work: Work[T], *, alone: bool, may_shed: bool) -> T:
        if may_shed and self._room.full:
            self._shed += 1
            log.get().warning("write left out", left_out_so_far=self._shed, behind_s=round(self.behind_s(), 3))
            raise WriterOverloaded("the writer is too far behind: this write was left out")
        await self._room.wait()
        with self._change:
            if not self._open or self._closing:
                self._room.give()
                raise RecordError(f"{self._path}: the writer is not open")
            future = self._queued(work, alone=alone)
        return await future

    def _queued(self, work: Work[T], *, alone: bool) -> asyncio.Future[T]:
        """Put the work into the queue, whose lock is held."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        job = _Job(work, alone, loop, future, self._clock())
        self._queue.append(job)  # type: ignore[arg-type]  # a job's result goes only to its own future
        if self._oldest is None:
            self._oldest = job.since
        if not self._woken:  # once for all that is put in this turn of the loop: they share a commit
            self._woken = True
            loop.call_soon(self._wake)
        return future

    def _wake(self) -> None:
        with self._change:
            self._woken = False
            self._change.notify()

    # --- the thread -------------------------------------------------------------------------------------------

    def _main(self, tell: Tell) -> None:
        try:
            with writers_lock(self._lock):
                connection = open_upgraded(self._path, tell)
                try:
                    keep_in_memory(connection)
                    self._load()
                    self._open = True
                    self._started.set()
                    self._serve(connection)
                finally:
                    connection.close()
        except (CallwrightError, OSError, sqlite3.Error) as problem:
            self._failed = (
                problem if isinstance(problem, CallwrightError) else RecordError(f"{self._path}: {problem}")
            )
            if self._open:
                log.get().error("the writer stopped", problem=str(self._failed))
        finally:
            self._give_up()
            self._started.set()

    def _give_up(self) -> None:
        """Nothing is taken any more; what still waits is told so."""
        with self._change:
            self._open = False
            left = [*self._batch, *self._queue]
            self._queue.clear()
        for job in left:
            job.problem = self._failed or RecordError(f"{self._path}: the writer is not open")
        self._deliver(left)

    def _serve(self, connection: sqlite3.Connection) -> None:
        guard = _Guard(connection)
        dirty = False
        while True:
            batch = self._next(IDLE_S if dirty else None)
            if batch is None:
                break
            if batch:
                self._batch = batch
                self._write_all(connection, guard, batch)
                self._batch = []
                self._deliver(batch)
            elif dirty:
                self._checkpoint_idle(connection)
                self._load()
            dirty = bool(batch)
        _checkpoint(connection, "TRUNCATE")
        if self._ballast is not None:
            self._ballast.drop()

    def _load(self) -> None:
        """Take the ballast where it was asked for. It is tried again when it is asked for again."""
        if self._ballast is not None and self._take_ballast:
            self._take_ballast = False
            self._ballast.take()

    def _checkpoint_idle(self, connection: sqlite3.Connection) -> None:
        """Where the log is to be emptied a reader may keep that from being done: then the next time tries again."""
        if not self._empty_log:
            _checkpoint(connection, "PASSIVE")
        elif _checkpoint(connection, "TRUNCATE"):
            self._empty_log = False

    def _next(self, idle_s: float | None) -> list[_Job[object]] | None:
        """What goes into the next transaction; empty after ``idle_s`` without work; None at the end."""
        with self._change:
            self._oldest = self._queue[0].since if self._queue else None
            self._change.wait_for(lambda: self._queue or self._closing, idle_s)
            if not self._queue:
                return None if self._closing else []
            batch = [self._queue.popleft()]
            while self._queue and not batch[0].alone and not self._queue[0].alone and len(batch) < BATCH:
                batch.append(self._queue.popleft())
            self._oldest = batch[0].since
            return batch

    def _write_all(self, connection: sqlite3.Connection, guard: _Guard, batch: list[_Job[object]]) -> None:
        """Write the batch; what finds no room on the disk is written in that of the ballast, if there is one."""
        self._write(connection, guard, batch)
        refused = [job for job in batch if isinstance(job.problem, StoreFull)]
        if refused and self._ballast is not None and self._ballast.free():
            for job in refused:
                job.result = job.problem = None
                self._write(connection, guard, [job])

    def _write(self, connection: sqlite3.Connection, guard: _Guard, batch: list[_Job[object]]) -> None:
        try:
            self._transact(connection, guard, batch)
        except sqlite3.Error as problem:
            if len(batch) == 1:
                batch[0].problem = typed(problem, self._path)
                return
            for job in batch:
                job.result = job.problem = None
                self._write(connection, guard, [job])

    def _transact(self, connection: sqlite3.Connection, guard: _Guard, batch: list[_Job[object]]) -> None:
        """Run and commit the batch.

        Raises:
            sqlite3.Error: nothing of it is in the store.
        """
        self._begin(connection)
        several = len(batch) > 1  # one alone needs no savepoint: its transaction is taken back
        try:
            for job in batch:
                if several:
                    connection.execute("SAVEPOINT job")
                try:
                    with guard:
                        job.result = job.work(connection)
                except BaseException as problem:  # whatever it is, it belongs to the one who asked
                    job.problem = self._as_ours(problem)
                    if not connection.in_transaction:
                        raise _lost_transaction(problem) from problem
                    connection.execute("ROLLBACK TO job" if several else _ROLLBACK)
                if several:
                    connection.execute("RELEASE job")
            if connection.in_transaction:
                connection.execute(_COMMIT)
        except BaseException:
            if connection.in_transaction:
                connection.execute(_ROLLBACK)
            raise

    def _as_ours(self, problem: BaseException) -> Exception:
        """What the disk or the machine is at fault for as our error, so that who asks again and again goes on; the
        rest, a broken constraint say, is for the one who asked."""
        if isinstance(problem, sqlite3.Error):
            ours = typed(problem, self._path)
            if type(ours) is not RecordError or getattr(problem, "sqlite_errorcode", 0) & 0xFF in _OF_THE_MACHINE:
                ours.__cause__ = problem
                return ours
        if isinstance(problem, StopIteration) or not isinstance(problem, Exception):
            # A future takes no StopIteration, and an exit of this thread is not one of the caller's.
            wrapped = RuntimeError(f"the work raised {type(problem).__name__}")
            wrapped.__cause__ = problem
            return wrapped
        return problem

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Begin, however long another program holds the write lock; say so meanwhile."""
        since = warned = self._clock()
        while True:
            try:
                connection.execute(_BEGIN)
                return
            except sqlite3.OperationalError as problem:
                if getattr(problem, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                if self._closing and self._clock() - self._closing_since > CLOSE_WAIT_S:
                    raise
            now = self._clock()
            if now - warned >= WARN_EVERY_S:
                warned = now
                log.get().warning("another program holds the database's write lock", waited_s=round(now - since, 1))

    def _deliver(self, batch: list[_Job[object]]) -> None:
        if not batch:
            return
        try:
            batch[0].loop.call_soon_threadsafe(self._tell, batch)
        except RuntimeError:
            log.get().error("the event loop ended before its writes did", writes=len(batch))

    def _tell(self, batch: list[_Job[object]]) -> None:
        """On the event loop: give each caller its result, and make room."""
        for job in batch:
            self._room.give()
            if job.future.done():
                continue
            if job.problem is not None:
                job.future.set_exception(job.problem)
            else:
                job.future.set_result(job.result)


def _lost_transaction(problem: BaseException) -> sqlite3.Error:
    return problem if isinstance(problem, sqlite3.Error) else sqlite3.OperationalError("the transaction is gone")


def _checkpoint(connection: sqlite3.Connection, mode: str) -> bool:
    """Move the WAL into the database as far as readers allow; True: all of it. Where it fails, the next one tries."""
    try:
        busy, *_ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    except sqlite3.Error as problem:
        log.get().warning("the checkpoint failed", mode=mode, problem=str(problem))
        return False
    return not busy


class _Guard:
    """Within it, nobody may begin or end the transaction: that is the writer's alone."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._inside = False
        connection.set_authorizer(self._look)

    def _look(self, action: int, *_what: str | None) -> int:
        return sqlite3.SQLITE_DENY if self._inside and action == sqlite3.SQLITE_TRANSACTION else sqlite3.SQLITE_OK

    def __enter__(self) -> None:
        self._inside = True

    def __exit__(self, *_problem: object) -> None:
        self._inside = False


def compact(path: Path) -> None:
    """Write the whole database anew: nothing of what was ever removed is left in its pages. It takes room on the disk
    for a second one, and no engine may run.

    Raises:
        WriterBusy: an engine runs.
        SchemaTooNew, StoreDamaged, RecordError: the database is not for us, or it was not done; nothing is lost.
    """
    with writers_lock(lock_path(path)):
        connection = open_upgraded(path, to_stderr)
        try:
            connection.execute("VACUUM")
            _checkpoint(connection, "TRUNCATE")
        except sqlite3.Error as problem:
            raise typed(problem, path) from problem
        finally:
            connection.close()


def write_once(path: Path, work: Work[T]) -> T:
    """For a command without an engine: take the lock, run ``work`` in one transaction, give the lock back.

    Raises:
        WriterBusy: an engine runs: ask it instead.
        SchemaTooNew, StoreDamaged, RecordError: the database is not for us, or the write was not done.
    """
    with writers_lock(lock_path(path)):
        connection = open_upgraded(path, to_stderr)
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
            return result
        except sqlite3.Error as problem:
            raise typed(problem, path) from problem
        finally:
            connection.close()
