"""Several new files take the places of old ones, all of them or none, whatever is cut off in the middle.

What is to be done is written down first, in a file beside them; a start that finds it does the rest of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

JOURNAL = ".callwright-placing.json"


def place(folder: Path, moves: Sequence[tuple[Path, Path]]) -> None:
    """Let each first file of ``moves`` take the place of the second. ``folder``: where the moves are written down.

    Raises:
        OSError: one could not, and those before it are as they were: ``filename2`` is its place.
    """
    if not moves:
        return
    journal = folder / JOURNAL
    done: list[tuple[Path, bytes | None]] = []
    try:
        _write(journal, json.dumps([[str(new), str(target)] for new, target in moves]).encode())
        for new, target in moves:
            found = target.read_bytes() if target.exists() else None
            os.replace(new, target)
            done.append((target, found))
            to_disk(target.parent)
    except OSError:
        for target, found in reversed(done):
            if found is None:
                target.unlink(missing_ok=True)
            else:
                _write(target, found)
        raise
    finally:
        journal.unlink(missing_ok=True)
        to_disk(folder)


def finish_left(folder: Path) -> tuple[Path, ...]:
    """Do the rest of what was cut off, before anything reads the files; the places that were filled.

    Raises:
        OSError: it cannot be done.
    """
    journal = folder / JOURNAL
    try:
        moves = [(Path(new), Path(target)) for new, target in json.loads(journal.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return ()
    filled = []
    for new, target in moves:
        if new.exists():
            os.replace(new, target)
            to_disk(target.parent)
            filled.append(target)
    journal.unlink(missing_ok=True)
    to_disk(folder)
    return tuple(filled)


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, on the disk."""
    made = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with made.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(made, path.stat().st_mode & 0o777)
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)
    to_disk(path.parent)


def to_disk(folder: Path) -> None:
    """The names in the folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
