"""What callers say as files that a switch writes and we read: recordings that nobody keeps."""

from __future__ import annotations

import os

from calls import log
from calls.errors import RecordingError
from calls.recordings import RecordingFiles


def why_unreadable(recordings: RecordingFiles, switch: str) -> str:
    """Why recordings of what callers say cannot be read and removed here; empty where they can. ``switch``: the name
    of what writes them."""
    if os.access(recordings.folder, os.R_OK | os.W_OK | os.X_OK):
        return ""
    return (
        f"callers cannot be heard by recordings: {recordings.folder} is no folder that can be read and written here;"
        f" [recordings] folder must be one that {switch} and the engine share"
    )


def remove_tapes(recordings: RecordingFiles, mark: str) -> None:
    """Remove what a run of ours that was killed has left: the recordings whose names begin with ``mark``."""
    try:
        left = [name for name in recordings.older_than(float("inf")) if name.startswith(mark)]
        for name in left:
            recordings.delete(name)
    except RecordingError as problem:
        log.get().warning("what callers said to an earlier run is left behind", problem=str(problem))
