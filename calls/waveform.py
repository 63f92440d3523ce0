"""How loud a recording is over its time, for the eye: read block by block, so that hours of it need no memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from calls.errors import RecordingError, RemoteProtocolError
from calls.wire import wav_head

SAMPLE_BYTES = 2
FULL = 32_768.0
"""A sample at full scale, of 16 bits."""

BARS = 400
"""In a picture: two pixels for each at the width of a desktop."""

LONGEST_S = 8 * 3_600.0
"""Of a recording that is looked through: 460 MB. No talk is as long."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """``peaks``: the loudest sample of each of the equal parts, 0 to 1; ``duration_s``: of all of them."""

    duration_s: float
    peaks: tuple[float, ...]


def read(path: Path, bars: int = BARS) -> Waveform:
    """The waveform of a WAV file of 16 bits, mono, 8 kHz, in ``bars`` parts; of a shorter one, a part a sample.

    What the file's head says of its length is not believed: a switch that died has not written it.

    Raises:
        RecordingError: it cannot be read, is none, or is longer than :data:`LONGEST_S`.
    """
    try:
        with path.open("rb") as file:
            begin = _begin(file.read(wav_head.LONGEST), path)
            samples = max(0, path.stat().st_size - begin) // SAMPLE_BYTES
            duration_s = samples / wav_head.RATE_HZ
            if duration_s > LONGEST_S:
                raise RecordingError(
                    f"{path} plays for {duration_s:.0f} s: at most {LONGEST_S:.0f} are looked through"
                )
            edges = [samples * at // bars for at in range(bars + 1)]
            file.seek(begin)
            peaks = [
                _loudest(file.read(SAMPLE_BYTES * (end - start))) for start, end in pairwise(edges) if end > start
            ]
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read: {problem.strerror}") from problem
    return Waveform(duration_s, tuple(peaks))


def _begin(head: bytes, path: Path) -> int:
    try:
        begin = wav_head.samples_begin(head)
    except RemoteProtocolError as problem:
        raise RecordingError(f"{path} is no recording: {problem}") from problem
    if begin is None:
        raise RecordingError(f"{path} is no recording: it ends before its samples begin")
    return begin


def _loudest(part: bytes) -> float:
    """The loudest sample of a part; 0 where the file has become shorter meanwhile."""
    samples = np.frombuffer(part[: len(part) // SAMPLE_BYTES * SAMPLE_BYTES], dtype="<i2")
    if not len(samples):
        return 0.0
    return max(int(samples.max()), -int(samples.min())) / FULL
