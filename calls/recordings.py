"""Where recordings lie: files named by ids of ours, in one folder of the settings.

A switch writes them and the engine reads and deletes them, so both have the folder under the same path. A name never
becomes a path before it was found to be an id, and what a path leads to must lie in the folder itself: no name, no
link and no folder that was put there leads out of it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from calls.errors import RecordingError
from calls.ids import is_safe_id

SUFFIX = ".wav"
"""16-bit PCM at 8 kHz, mono: what both switches write under this name."""


MOST_TALKS = 100
"""A call has no more recordings of talks with agents than this, however often it is handed on or held."""

FOLDER = re.compile(r"(/[A-Za-z0-9_+@=~.-]+)+\Z")
"""What a switch's command may hold: no space, and no comma, behind which Asterisk takes options and commands."""


def of_talk(call_id: str, talk: int | str) -> str:
    """The name of the recording of a call's first, second ... talk with an agent."""
    return f"{call_id}-talk-{talk}"


def is_safe_folder(folder: Path) -> bool:
    """True where a path in ``folder`` may cross to a switch."""
    return FOLDER.match(str(folder)) is not None and ".." not in folder.parts


@dataclass(frozen=True, slots=True)
class RecordingFiles:
    """The recordings in ``folder``, an absolute path."""

    folder: Path

    def path(self, name: str) -> Path:
        """Where the recording ``name`` lies, or will lie.

        Raises:
            RecordingError: ``name`` is no id, or something else than a file lies there.
        """
        if not is_safe_id(name):
            raise RecordingError(f"{name!a} is no recording's id: expected 1 to 64 letters, digits, _ and -")
        path = self.folder / f"{name}{SUFFIX}"
        try:
            mode = path.lstat().st_mode
        except OSError:
            return path  # not there yet; or not to be reached, which whoever opens it will find
        if not stat.S_ISREG(mode):
            raise RecordingError(f"{path} is no file: links and folders are not followed; take it away")
        return path

    def size(self, name: str) -> int | None:
        """The bytes of the recording ``name``; None where there is none that can be read.

        Raises:
            RecordingError: see :meth:`path`.
        """
        try:
            return self.path(name).stat().st_size
        except OSError:
            return None

    def delete(self, name: str) -> bool:
        """Take the recording ``name`` away; whether there was one.

        Raises:
            RecordingError: see :meth:`path`, or it could not be deleted.
        """
        path = self.path(name)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as problem:
            raise RecordingError(f"{path} cannot be deleted: {problem.strerror}") from problem
        return True

    def of_talks(self, call_id: str) -> Iterator[str]:
        """The names of the recordings of a call's talks with agents, see :func:`of_talk`. Asked for one by one: a
        folder may have a million files.

        Raises:
            RecordingError: something else than a file lies there.
        """
        for talk in range(1, MOST_TALKS + 1):
            if self.size(name := of_talk(call_id, talk)) is not None:
                yield name

    def older_than(self, at_s: float) -> Iterator[str]:
        """The names of the recordings that were last written to before ``at_s``, seconds since the epoch.

        Raises:
            RecordingError: the folder cannot be read.
        """
        try:
            found = sorted(self.folder.iterdir())
        except FileNotFoundError:
            return
        except OSError as problem:
            raise RecordingError(f"{self.folder} cannot be read: {problem.strerror}") from problem
        for path in found:
            if path.suffix != SUFFIX or not is_safe_id(path.stem):
                continue
            try:
                told = path.lstat()
            except OSError:
                continue  # gone meanwhile
            if stat.S_ISREG(told.st_mode) and told.st_mtime < at_s:
                yield path.stem


DEPLOYED = RecordingFiles(Path("/var/lib/callwright/recordings"))
"""Where a deployment has them (docs/deployment.md), for whoever is not told by the settings."""
