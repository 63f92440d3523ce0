"""The writer's lock: a file beside the database, so that two processes never write.

Source: flock(2). The lock is the kernel's and ends with the process, so a crash leaves nothing to clear away; the
file itself stays, because removing it would let two processes lock two files of one name.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calls.errors import WriterBusy


def lock_path(database: Path) -> Path:
    """The lock file of a database, beside it."""
    return database.with_name(database.name + ".lock")


@contextmanager
def writers_lock(lock: Path) -> Iterator[None]:
    """Within it this process is the writer. The file stays; the lock ends with the process, however that ends.

    Raises:
        WriterBusy: another process is.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise WriterBusy(
                f"process {holder} is writing already (it holds {lock}): ask it, or stop it first"
            ) from problem
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)
