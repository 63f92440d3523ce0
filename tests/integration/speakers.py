"""Callers who speak: voices that the tiny model was not trained with, on lines with noise.

A line is what one caller sends from the answer on, as µ-law: noise all the time, and words at their moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from prompts.audio import Audio, encode, to_telephone
from prompts.formats import Format
from tests.tinyvosk.features import RATE_HZ
from tests.tinyvosk.speakers import HELD_OUT, Voice, speak

VOICES = HELD_OUT[:6]
"""Recordings of a man, cut and joined by flite, and five voices of espeak-ng."""

Samples = NDArray[np.float32]


@cache
def said(voice: Voice, text: str) -> Samples:
    """``text`` at 8 kHz, limited to the telephone's band and levelled to -26 dBov."""
    samples = speak(voice, text).samples.astype(np.float32) / np.float32(32_768)
    return to_telephone(Audio(samples, RATE_HZ)).samples


def line(words: Sequence[tuple[float, Samples]], lasts_s: float, snr_db: float, seed: int) -> bytes:
    """What the caller sends, as µ-law. ``words``: when, in seconds after the answer, and what.

    White noise, limited to the band, lies ``snr_db`` below -26 dBov.
    """
    noise = np.random.default_rng(seed).standard_normal(round(lasts_s * RATE_HZ)).astype(np.float32)
    shaped = to_telephone(Audio(noise, RATE_HZ)).samples
    heard = np.zeros(len(noise), dtype=np.float32)
    heard[: len(shaped)] += shaped[: len(heard)] * np.float32(10 ** (-snr_db / 20))
    for at_s, samples in words:
        begin = round(at_s * RATE_HZ)
        heard[begin : begin + len(samples)] += samples[: len(heard) - begin]
    return encode(Audio(heard, RATE_HZ), Format.ULAW)
