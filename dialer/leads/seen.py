"""Which numbers came before, without holding a million of them in memory: in a database of SQLite's own on the disk,
which is gone when it is closed."""

from __future__ import annotations

import sqlite3
from types import TracebackType

CACHE_KIB = 8 * 1024


class Seen:
    """Numbers in E.164. A context manager."""

    def __init__(self) -> None:
        self._numbers = sqlite3.connect("", isolation_level=None)
        self._numbers.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._numbers.execute("CREATE TABLE seen (number INTEGER PRIMARY KEY)")
        self._numbers.execute("BEGIN")

    def before(self, number: str) -> bool:
        """True where ``number`` was asked for before."""
        added = self._numbers.execute("INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING", (int(number),))
        return added.rowcount == 0

    def __enter__(self) -> Seen:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._numbers.close()
