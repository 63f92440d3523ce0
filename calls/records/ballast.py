"""A file that takes room on the disk and is given back when there is none left, for the last records.

Dialling has stopped long before (the engine's reserve); whatever else fills the disk meanwhile cannot have this.
Source: posix_fallocate(3).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from calls import log

BALLAST_BYTES = 32 << 20
"""Room for some 2,000 last records: on a disk that was full, 2 MB took 131 writes of 4 kB, as each needs whole pages
of the write-ahead log until the next checkpoint."""


class Ballast:
    """The file beside a database. Used from the writer's thread only."""

    def __init__(self, database: Path, size: int = BALLAST_BYTES) -> None:
        self._path = database.with_name(f"{database.name}.ballast")
        self._size = size

    @property
    def is_there(self) -> bool:
        """Whether there is room to give back."""
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def take(self) -> bool:
        """Take the room, where the disk has as much again to spare; whether it is taken."""
        if self.is_there:
            return True
        try:
            if shutil.disk_usage(self._path.parent).free < 2 * self._size:
                return False
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError as problem:
            log.get().warning("no room is kept for the last records", problem=str(problem))
            self.drop()
            return False
        return True

    def free(self) -> bool:
        """Give the room back as the disk is full; whether there was any."""
        there = self.is_there
        self.drop()
        if there:
            log.get().error("the disk is full: what was kept for the last records is given back", mb=self._size >> 20)
        return there

    def drop(self) -> None:
        """Keep no room while nobody writes."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as problem:
            log.get().error("the room that was kept could not be given back", problem=str(problem))
