"""Sounds for tests, 8 kHz s16le: a voice of vowels, keys, and what is no speech at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calls.switch.hearing import RATE_HZ

Wave = npt.NDArray[np.float64]

ROW_HZ = {
    key: low for low, keys in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True) for key in keys
}
COLUMN_HZ = {
    key: high
    for keys in ("123A", "456B", "789C", "*0#D")
    for key, high in zip(keys, (1209, 1336, 1477, 1633), strict=True)
}


def times(seconds: float) -> Wave:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def silence(seconds: float) -> Wave:
    return np.zeros(round(seconds * RATE_HZ))


def vowel(seconds: float, pitch_hz: float = 120.0, level_db: float = -20.0) -> Wave:
    """A steady voice: multiples of a pitch under two formants, with an onset and an end of 20 ms."""
    at = times(seconds)
    wave = np.zeros(len(at))
    for multiple in range(1, int(3_400 / pitch_hz)):
        hz = multiple * pitch_hz
        loud = sum(np.exp(-(((hz - formant) / 250.0) ** 2)) for formant in (600.0, 1_700.0)) + 0.02
        wave += loud * np.sin(2 * np.pi * hz * at + multiple**2)
    edge = np.minimum(1.0, np.minimum(at, at[-1] - at) / 0.02)
    return _at_level(wave * edge, level_db)


def hiss(seconds: float, level_db: float, seed: int = 1) -> Wave:
    return _at_level(np.random.default_rng(seed).normal(size=round(seconds * RATE_HZ)), level_db)


def hum(seconds: float, level_db: float = -30.0) -> Wave:
    """Mains and its harmonics."""
    at = times(seconds)
    return _at_level(
        sum((np.sin(2 * np.pi * 50 * k * at + k) / k for k in range(1, 15)), np.zeros(len(at))), level_db
    )


def cough(seconds: float = 0.18, level_db: float = -15.0) -> Wave:
    burst = np.random.default_rng(2).normal(size=round(seconds * RATE_HZ))
    return _at_level(burst * np.exp(-times(seconds) / 0.06), level_db)


def click() -> Wave:
    return _at_level(np.random.default_rng(3).normal(size=40), -6.0)


def key(digit: str, seconds: float = 0.16, level_db: float = -18.0, twist_db: float = 2.0) -> Wave:
    at = times(seconds)
    low, high = np.sin(2 * np.pi * ROW_HZ[digit] * at), np.sin(2 * np.pi * COLUMN_HZ[digit] * at)
    return _at_level(low + 10 ** (twist_db / 20) * high, level_db)


def pcm(*waves: Wave, noise_db: float = -70.0) -> bytes:
    """One after the other, over a line's own noise."""
    whole = np.concatenate(waves)
    whole = whole + hiss(len(whole) / RATE_HZ, noise_db, seed=4)
    return (np.clip(whole, -1.0, 1.0) * 32_767).astype("<i2").tobytes()


def _at_level(wave: Wave, level_db: float) -> Wave:
    loudness: Wave = wave * (10 ** (level_db / 20) / np.sqrt(np.mean(wave**2)))
    return loudness
