"""A new store in memory, as migrations make it: made once, since they take longer than most of what is tested."""

from __future__ import annotations

import sqlite3
from functools import cache

from calls.records.migrations import migrate


def fill(connection: sqlite3.Connection) -> None:
    """Let ``connection``, which is one in memory and in no transaction, hold an empty store of this release."""
    connection.deserialize(_image())


@cache
def _image() -> bytes:
    made = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(made)
        return made.serialize()
    finally:
        made.close()
