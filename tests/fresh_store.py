"""A new store, as migrations make it: made once, since they take longer than most of what is tested."""

from __future__ import annotations

import os
import sqlite3
from functools import cache
from pathlib import Path

from calls.records.database import FILE_MODE
from calls.records.migrations import migrate


def fill(connection: sqlite3.Connection) -> None:
    """Let ``connection``, which is one in memory and in no transaction, hold an empty store of this release."""
    connection.deserialize(_image())


def lay(path: Path) -> None:
    """Let there be an empty store of this release in the file ``path``, where there is no file yet."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, FILE_MODE), "wb") as file:
            file.write(_image())


@cache
def _image() -> bytes:
    made = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(made)
        return made.serialize()
    finally:
        made.close()
