"""Copies of the database while it is in use, and the check of a database or a copy."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from calls.errors import RecordError
from calls.records.database import FILE_MODE, RESTORE_STEPS, open_readonly, typed
from calls.records.migrations import applied, missing, refuse_unknown

CHECK_CAP_S = 3600.0
"""A check reads every page, on a copy or beside a running engine; the readers' 30 s are too few for it."""

MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found. ``migrations``: what the database has; ``missing``: what this release would add."""

    faults: tuple[str, ...]
    migrations: tuple[str, ...]
    missing: tuple[str, ...]
    calls: int
    live_calls: int

    @property
    def is_whole(self) -> bool:
        """True where the database may be used."""
        return not self.faults


def backup(path: Path, target: Path) -> Check:
    """Copy the database at ``path`` into the new file ``target`` and check the copy; safe beside a running engine.

    The copy is one moment of the database (``VACUUM INTO`` runs in one read transaction), on the disk when this
    returns, and readable by its owner and group only. An incomplete copy never has the name ``target``.

    Raises:
        RecordError: ``target`` is there already, or the copy could not be made or is not whole.
    """
    if target.exists():
        raise RecordError(f"{target}: is there already: name a new file for the backup")
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE))
        _copy(path, part)
        found = check(part)
        if not found.is_whole:
            raise RecordError(f"{path}: the copy is not whole: {found.faults[0]}\n{RESTORE_STEPS}")
        _to_disk(part)
        os.link(part, target)
        _to_disk(target.parent)
    except OSError as problem:
        raise RecordError(f"{target}: {problem.strerror}") from problem
    finally:
        part.unlink(missing_ok=True)
    return found


def _copy(path: Path, part: Path) -> None:
    connection = open_readonly(path, CHECK_CAP_S)
    try:
        connection.execute("VACUUM INTO ?", (str(part),))
    except sqlite3.Error as problem:
        raise typed(problem, path) from problem
    finally:
        connection.close()


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check(path: Path) -> Check:
    """Read the whole database: is every page right, does every reference lead somewhere, do we know its schema?

    Raises:
        RecordError: there is no such file.
        StoreDamaged: not a database, or too damaged to be read at all.
    """
    connection = open_readonly(path, CHECK_CAP_S)
    try:
        faults = (*_integrity(connection), *_references(connection), *_schema(connection))
        has = applied(connection)
        counts = (_rows(connection, "calls"), _rows(connection, "live_calls")) if has else (0, 0)
        return Check(faults, has, missing(connection), *counts)
    except sqlite3.Error as problem:
        raise typed(problem, path) from problem
    finally:
        connection.close()


def _integrity(connection: sqlite3.Connection) -> Iterator[str]:
    for (found,) in connection.execute(f"PRAGMA integrity_check({MOST_FAULTS})"):
        if found != "ok":
            yield " ".join(str(found).split())


def _references(connection: sqlite3.Connection) -> Iterator[str]:
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_FAULTS):
        yield f"{table}, row {row}: what it refers to in {parent} is not there"


def _schema(connection: sqlite3.Connection) -> Iterator[str]:
    try:
        refuse_unknown(connection)
    except RecordError as problem:
        yield str(problem)


def _rows(connection: sqlite3.Connection, table: str) -> int:
    """``table`` is a name of this module, never data."""
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
