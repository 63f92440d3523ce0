"""The machine's own player of sound files, where it has one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

PLAYERS: Sequence[Sequence[str]] = (
    ("paplay",),
    ("pw-play",),
    ("aplay", "-q"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("play", "-q"),
)
"""PulseAudio, PipeWire, ALSA, FFmpeg and SoX, the one that mixes with other sound first."""

DEADLINE_S = 300.0
"""The longest prompt has two minutes."""


def play(path: Path, path_variable: str | None) -> str | None:
    """Play a WAV file by the first player that there is and that can; its name, or None where nothing was heard."""
    for command in PLAYERS:
        found = shutil.which(command[0], path=path_variable)
        if found is None:
            continue
        try:
            done = subprocess.run(
                [found, *command[1:], str(path)], timeout=DEADLINE_S, check=False, capture_output=True
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return command[0]
    return None
