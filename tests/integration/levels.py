"""What is in a recording, by its levels and frequencies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 8_000
WINDOW = 800
"""A tenth of a second."""

LOUD = 0.05
"""Of full scale. The tones of the tests are above 0.1, silence and a muted recording below 0.002."""

Samples = NDArray[np.float64]


def samples(file: Path) -> Samples:
    """The samples of a mono recording at 8 kHz, from -1 to 1."""
    found, rate_hz = soundfile.read(file, dtype="float64")
    assert rate_hz == RATE_HZ and found.ndim == 1
    return np.asarray(found, dtype=np.float64)


def levels(found: Samples) -> list[float]:
    """The level of each tenth of a second (root mean square)."""
    windows = found[: len(found) // WINDOW * WINDOW].reshape(-1, WINDOW)
    return [float(level) for level in np.sqrt((windows**2).mean(axis=1))]


def loud_s(found: Samples) -> list[tuple[float, float]]:
    """The stretches that are loud, from and to in seconds."""
    stretches: list[tuple[float, float]] = []
    for place, level in enumerate(levels(found)):
        begin, end = place / 10, (place + 1) / 10
        if level < LOUD:
            continue
        if stretches and stretches[-1][1] == begin:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((begin, end))
    return stretches


def share_of(found: Samples, frequency_hz: float) -> float:
    """How much of the power lies within 20 Hz of ``frequency_hz``."""
    power = np.abs(np.fft.rfft(found)) ** 2
    at_hz = np.fft.rfftfreq(len(found), 1 / RATE_HZ)
    return float(power[np.abs(at_hz - frequency_hz) < 20].sum() / power.sum())


def tone(frequency_hz: float, lasts_s: float) -> bytes:
    """A tone as µ-law (ITU-T G.711), at a third of full scale."""
    at = np.arange(round(lasts_s * RATE_HZ)) / RATE_HZ
    wave = np.sin(2 * np.pi * frequency_hz * at) / 3
    coded = np.sign(wave) * np.log1p(255 * np.abs(wave)) / np.log1p(255)
    magnitude = np.minimum(np.abs(coded) * 128, 127).astype(np.uint8)
    return bytes(~(magnitude | np.where(wave < 0, 0x80, 0).astype(np.uint8)) & 0xFF)
