"""Many examples on one database, each of which leaves nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def taken_back(connection: sqlite3.Connection) -> Iterator[None]:
    """Within it a transaction is open; at the end, whatever that is, all of it is taken back."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
