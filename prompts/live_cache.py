"""The files of texts that were synthesised while a caller waited: ``<cache>/live/<digest>.<format>``.

Bounded in number and bytes; the file that was used longest ago goes first, but none that was used in the last
:data:`KEPT_S`: a switch may still be playing it.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from calls.switch.port import Prompt
from prompts.formats import Format
from prompts.index import make_folder, write_whole

LIVE = "live"
"""The folder in the cache, and what the key of such a prompt begins with."""

KEPT_S = 600.0
"""No text of 500 characters is played for as long as this, ten callers after each other included."""

_KEY = re.compile(rf"{LIVE}\.([0-9a-f]{{64}})\Z")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the folder."""

    files: int = 1_000
    bytes: int = 64 * 1024 * 1024
    """A second is 8 kB, 16 in a WAV file: over an hour of speech."""


def live_prompt(digest: str, language: str) -> Prompt:
    """The prompt whose file is named by ``digest``, 64 hexadecimal digits."""
    return Prompt(f"{LIVE}.{digest}", language)


def live_name(prompt: Prompt, form: Format) -> str | None:
    """The name of the file of ``prompt``; None where it is an ordinary one."""
    found = _KEY.match(prompt.key)
    return None if found is None else f"{found[1]}.{form.value}"


class LiveCache:
    """The folder. Safe from several threads of one process; another process has none of its business here."""

    def __init__(self, cache: Path, limits: Limits) -> None:
        self._folder = cache / LIVE
        self._limits = limits
        self._lock = threading.Lock()

    def use(self, name: str) -> bool:
        """True where the file is there; it is then kept for :data:`KEPT_S`."""
        with self._lock:
            try:
                os.utime(self._folder / name)
            except OSError:
                return False
        return True

    def add(self, name: str, data: bytes, now_s: float) -> bool:
        """Write a file; False where there is no room among those that are kept. ``now_s`` is of the civil clock.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        make_folder(self._folder)
        if not self._has_room(len(data), now_s):
            return False
        write_whole(self._folder / name, data)
        return True

    def _has_room(self, size: int, now_s: float) -> bool:
        """Make room for one more file of ``size`` bytes."""
        with os.scandir(self._folder) as entries:
            files = [(found.st_mtime, found.st_size, entry.path) for entry in entries if (found := entry.stat())]
        count, total = len(files), sum(each[1] for each in files)
        for _, old_size, path in sorted(files):
            if count < self._limits.files and total + size <= self._limits.bytes:
                return True
            if not self._removed(path, now_s):
                return False
            count, total = count - 1, total - old_size
        return count < self._limits.files and total + size <= self._limits.bytes

    def _removed(self, path: str, now_s: float) -> bool:
        with self._lock:
            if now_s - os.stat(path).st_mtime < KEPT_S:  # looked at again: it may have been used meanwhile
                return False
            os.unlink(path)
        return True
