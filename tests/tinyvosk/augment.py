"""Makes a training utterance another each time: loudness, tilt, noise, the telephone's band and its mu-law."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.tinyvosk.features import RATE_HZ
from tests.tinyvosk.telephone import Samples, banded, mu_law


def augmented(samples: npt.ArrayLike, random: np.random.Generator) -> tuple[Samples, int]:
    """``samples`` (16-bit scale) in other conditions, and how many samples of silence stand before them now."""
    voice = np.asarray(samples, np.float64) * 10 ** (random.uniform(-22, 4) / 20)
    before, after = int(random.uniform(0, 0.8) * RATE_HZ), int(random.uniform(0.1, 1.2) * RATE_HZ)
    if random.random() < 0.5:
        voice = voice + random.uniform(-0.5, 0.5) * np.concatenate([[0.0], voice[:-1]])
    line = np.concatenate([np.zeros(before), voice, np.zeros(after)])
    if random.random() < 0.75:
        strength = float(np.sqrt(np.mean(voice**2))) + 1
        line = line + _noise(len(line), random) * strength * 10 ** (-random.uniform(6, 45) / 20)
    if random.random() < 0.7:
        line = banded(line, (random.uniform(150, 320), random.uniform(3200, 3700)))
    line = np.clip(np.round(line), -32768, 32767)
    if random.random() < 0.6:
        line = np.round(mu_law(line))
    return line, before


def _noise(length: int, random: np.random.Generator) -> Samples:
    """Noise of strength 1: half the time white, else falling with frequency."""
    noise = random.standard_normal(length)
    if random.random() < 0.5:
        pole = random.uniform(0.5, 0.97)
        turn = np.exp(-2j * np.pi * np.fft.rfftfreq(length))
        noise = np.fft.irfft(np.fft.rfft(noise) / (1 - pole * turn), length)
    return np.asarray(noise / (np.std(noise) + 1e-9), np.float64)
