"""The writing connection to a database that has this release's schema: opened, looked through, and upgraded."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from calls.records import database
from calls.records.database import open_writer, typed
from calls.records.migrations import migrate, missing
from calls.records.progress import EVERY_S, Progress, Tell

GB = 1e9


def open_upgraded(path: Path, tell: Tell) -> sqlite3.Connection:
    """As :func:`calls.records.database.open_writer`, with this release's schema. ``tell`` hears every few seconds
    what goes on, and how long an upgrade took that it heard of.

    Raises:
        SchemaTooNew, StoreDamaged, RecordError: the database is not for us.
    """
    began = time.monotonic()
    with Progress(tell) as progress:
        size = _bytes(path)
        progress.now(f"{path}: reading all of its {size / GB:.1f} GB once, whether it is whole")
        connection = open_writer(path)
        try:
            if size > database.READ_WHOLE_BYTES and missing(connection):
                database.refuse_damaged(connection, path)
            done = migrate(connection, told=lambda step: progress.now(f"{path}: upgrading, {step}"))
        except sqlite3.Error as problem:
            connection.close()
            raise typed(problem, path) from problem
        except BaseException:
            connection.close()
            raise
    took_s = time.monotonic() - began
    if done and took_s > EVERY_S:
        tell(f"{path}: upgraded to {done[-1]} in {took_s:.0f} s")
    return connection


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # it is made by being opened
