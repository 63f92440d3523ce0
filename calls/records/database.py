"""The SQLite database: how it is opened, by its one writer and by any number of readers.

The writer's rules (WAL, ``synchronous=FULL``, ``foreign_keys``) are set on each open and read back. SQLite 3.7.0 to
3.51.2 can corrupt a WAL when *two* connections write and checkpoint at once; here only the process that holds the
writer's lock ever opens a writing connection, and a reader's ``mode=ro`` connection can neither write nor
checkpoint, so the fault cannot come up. The library's version is read at the start and judged all the same
(:func:`judge`).

Nothing here opens the database's file with ``open``: closing such a file would drop SQLite's POSIX locks.

Source: https://sqlite.org/wal.html, https://sqlite.org/pragma.html, https://sqlite.org/howtocorrupt.html
"""

from __future__ import annotations

import os
import sqlite3
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calls.errors import RecordError, StoreDamaged, StoreFull

BUSY_S = 1.0
"""How long one try for the write lock waits; the writer tries again for as long as it runs."""

READ_CAP_S = 30.0
"""A reader that runs longer would keep the WAL from being checkpointed; its statement is interrupted."""

STEPS_BETWEEN_LOOKS = 10_000
"""Virtual machine steps between two looks at the clock, about a millisecond."""

WAL_PAGES = 4000
"""16 MB of WAL: the commit that gets there checkpoints; the writer does so earlier when it has nothing to do."""

READ_WHOLE_BYTES = 2_000_000_000
"""Up to so many a database is read whole when it is opened, in some seconds: callers wait meanwhile. Of 12.5 GB it
takes minutes: such a one is read whole before an upgrade, in each backup, and by ``callwright db check``."""

WAL_KEPT_BYTES = 64 * 1024 * 1024
SMALLEST_BYTES = 512
"""One page of the smallest size."""

OF_ANOTHER_RELEASE = ("no such table", "no such column")
"""What SQLite says where a table or a column is not there yet."""

FILE_MODE = 0o640
"""People's numbers are in it: nothing for others."""

FIRST_STRICT = (3, 37, 0)
"""The first version with STRICT tables."""

FIRST_WITH_RACE = (3, 7, 0)
LAST_WITH_RACE = (3, 51, 2)

RESTORE_STEPS = """\
1. Stop the engine, and keep the damaged files: move the database with its -wal and -shm files to another folder.
2. Put the newest backup that passes 'callwright db check BACKUP' in the database's place.
3. Start the engine; calls since that backup are missing from its records.
Without a backup: 'sqlite3 DAMAGED .recover | sqlite3 NEW' saves what can be read; check NEW before it is used."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the version of the SQLite library means for us."""

    version: tuple[int, int, int]
    wal_reset_race: bool
    """Two writing connections could corrupt the WAL: safe with one writer, as here, and never with two."""


def judge(version: tuple[int, int, int]) -> Judgement:
    """What ``version`` (``sqlite3.sqlite_version_info``) means for us.

    Raises:
        RecordError: too old for the tables.
    """
    if version < FIRST_STRICT:
        found, needed = (".".join(map(str, each)) for each in (version, FIRST_STRICT))
        raise RecordError(f"SQLite {found} is too old: {needed} or newer is needed (STRICT tables)")
    return Judgement(version, FIRST_WITH_RACE <= version <= LAST_WITH_RACE)


def open_writer(path: Path) -> sqlite3.Connection:
    """The writing connection, made in the thread that will use it. The caller holds the writer's lock.

    Transactions are explicit: nothing is begun or committed but by ``BEGIN IMMEDIATE`` and ``COMMIT``.

    Raises:
        StoreDamaged: not a database, or it fails its quick check, which a very large one is not put to.
        RecordError: it cannot be opened.
    """
    judge(sqlite3.sqlite_version_info)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, FILE_MODE))
        size = path.stat().st_size
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    except (OSError, sqlite3.Error) as problem:
        raise RecordError(f"{path}: cannot be opened: {problem}") from problem
    try:
        if 0 < size < SMALLEST_BYTES:  # SQLite would take it for an empty database and write over it
            raise damaged(path, f"a file of {size} bytes is no database")
        _set_up(connection)
        if size <= READ_WHOLE_BYTES:
            refuse_damaged(connection, path)
    except sqlite3.Error as problem:
        connection.close()
        raise typed(problem, path) from problem
    except RecordError:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection) -> None:
    for pragma, wanted in (
        ("journal_mode = WAL", "wal"),
        ("synchronous = FULL", None),
        ("foreign_keys = ON", None),
        ("trusted_schema = OFF", None),
        ("secure_delete = ON", "1"),  # who is erased is not to be found in what a page once held
        (f"wal_autocheckpoint = {WAL_PAGES}", str(WAL_PAGES)),
        (f"journal_size_limit = {WAL_KEPT_BYTES}", str(WAL_KEPT_BYTES)),
    ):
        row = connection.execute(f"PRAGMA {pragma}").fetchone()
        if wanted is not None and str(row[0]) != wanted:
            raise RecordError(f"SQLite would not set {pragma}: a local file system is needed for the database")
    for pragma, number in (("synchronous", 2), ("foreign_keys", 1)):
        if connection.execute(f"PRAGMA {pragma}").fetchone()[0] != number:
            raise RecordError(f"SQLite would not set {pragma} to {number}")


def keep_in_memory(connection: sqlite3.Connection) -> None:
    """Keep in memory what can take a function of the writer back: beyond 64 kB, sixteen pages, it is a file
    otherwise, made and removed for nearly every second end of an attempt.

    Not for upgrades and ``VACUUM``, whose sorted rows and whose copy would be in memory too. Source:
    https://sqlite.org/tempfiles.html (statement journals), https://sqlite.org/pragma.html#pragma_temp_store.
    """
    connection.execute("PRAGMA temp_store = MEMORY")


def refuse_damaged(connection: sqlite3.Connection, path: Path) -> None:
    """Read every page once.

    Raises:
        StoreDamaged: names what was found and the steps to restore a backup.
    """
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as problem:
        raise typed(problem, path) from problem
    if found != "ok":
        raise damaged(path, str(found))


def damaged(path: Path, found: str) -> StoreDamaged:
    """The error for a database that is not whole."""
    return StoreDamaged(f"{path}: the database is damaged ({' '.join(found.split())}).\n{RESTORE_STEPS}")


def typed(problem: sqlite3.Error, path: Path) -> RecordError:
    """SQLite's error as one of ours."""
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, str(problem))
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(f"{path}: no room on the disk: free some; the write was not done")
    return RecordError(f"{path}: {problem}")


class Reader(sqlite3.Connection):
    """A reading connection on which no statement runs for longer than the cap; longer ones are interrupted."""

    def limit(self, cap_s: float, clock: Callable[[], float]) -> None:
        """Interrupt statements ``cap_s`` after their start by ``clock``."""
        self._cap_s = cap_s
        self._clock = clock
        self._until = clock() + cap_s
        self.set_progress_handler(lambda: self._clock() > self._until, STEPS_BETWEEN_LOOKS)

    def cursor(self, *arguments: Any) -> Any:
        """As ``sqlite3.Connection.cursor``; the cap of its first statement starts here."""
        self._until = self._clock() + self._cap_s
        return super().cursor(*arguments)

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """As ``sqlite3.Connection.execute``; the cap of the statement starts here.

        Raises:
            RecordError: the database was written by an older release, and was not brought to this one's schema.
        """
        self._until = self._clock() + self._cap_s
        try:
            return super().execute(*arguments)
        except sqlite3.OperationalError as problem:
            if not str(problem).startswith(OF_ANOTHER_RELEASE):
                raise
            raise RecordError(
                f"the database is of an older release ({problem}): start the engine, or run callwright db migrate"
            ) from problem


def open_readonly(
    path: Path, cap_s: float = READ_CAP_S, clock: Callable[[], float] = time.monotonic
) -> sqlite3.Connection:
    """A connection that can read only, with rows that answer to column names. Each statement has ``cap_s``.

    Raises:
        RecordError: there is no such database.
    """
    uri = f"file:{urllib.parse.quote(str(path.absolute()))}?mode=ro"
    try:
        connection = sqlite3.connect(uri, timeout=BUSY_S, isolation_level=None, uri=True, factory=Reader)
    except sqlite3.Error as problem:
        raise RecordError(f"{path}: cannot be read: {problem}") from problem
    try:
        connection.row_factory = sqlite3.Row
        connection.limit(cap_s, clock)
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as problem:
        connection.close()
        raise RecordError(f"{path}: cannot be read: {problem}") from problem
    return connection
