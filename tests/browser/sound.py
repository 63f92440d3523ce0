"""What stands in place of a talk's recording on the loopback switch, which records nothing: two people in turn."""

from __future__ import annotations

import io
import wave

import numpy as np

RATE_HZ = 8_000
SYLLABLES_HZ = 4.0
TURN_S = 0.9


def talk(seconds: float, quiet: tuple[float, float] = (0.0, 0.0), seed: int = 4) -> bytes:
    """A WAV file of ``seconds``, as loud over its time as people who talk; digital silence within ``quiet``."""
    chance = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    turns = np.repeat(chance.choice([0.04, 0.3, 0.55, 0.8], max(1, round(seconds / TURN_S))), round(TURN_S * RATE_HZ))
    loud = np.resize(turns, at.shape) * np.abs(np.sin(np.pi * SYLLABLES_HZ * at)) ** 1.5
    sound = loud * chance.uniform(-1.0, 1.0, at.shape)
    sound[(at >= quiet[0]) & (at < quiet[1])] = 0.0
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((sound * 32_000).astype("<i2").tobytes())
    return buffer.getvalue()
