"""What a telephone line does to a voice: its band, its noise, its mu-law and silence around what is said."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.tinyvosk.features import RATE_HZ

BEFORE_S = 0.3
AFTER_S = 0.8
BAND_HZ = (300.0, 3400.0)

Samples = npt.NDArray[np.float64]


def telephoned(samples: npt.ArrayLike, seed: int, noise_db: float = 25.0) -> bytes:
    """``samples`` (16-bit scale, 8 kHz) as they come off a line, 16 bits, little endian.

    Up to 12 dB fainter, white noise ``noise_db`` below the voice, silence around it.
    """
    random = np.random.default_rng(seed)
    voice = np.asarray(samples, np.float64)
    loud = voice * 10 ** (random.uniform(-12, 0) / 20)
    line = np.concatenate([np.zeros(int(BEFORE_S * RATE_HZ)), loud, np.zeros(int(AFTER_S * RATE_HZ))])
    strength = float(np.sqrt(np.mean(voice**2))) * 0.5
    line += random.standard_normal(len(line)) * strength * 10 ** (-noise_db / 20)
    return bytes(np.clip(np.round(mu_law(banded(line))), -32768, 32767).astype("<i2").tobytes())


def banded(samples: Samples, band_hz: tuple[float, float] = BAND_HZ) -> Samples:
    """``samples`` with little outside ``band_hz``: falls by 12 dB an octave."""
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    with np.errstate(divide="ignore"):
        low = 1 / np.sqrt(1 + np.where(frequency > 0, band_hz[0] / frequency, np.inf) ** 4)
    high = 1 / np.sqrt(1 + (frequency / band_hz[1]) ** 4)
    return np.asarray(np.fft.irfft(spectrum * low * high, len(samples)), np.float64)


def mu_law(samples: Samples) -> Samples:
    """``samples`` through the 8 bits of mu-law, in its continuous form. Source: ITU-T G.711."""
    given = np.clip(samples / 32635.0, -1, 1)
    eight_bits = np.round((np.sign(given) * np.log1p(255 * np.abs(given)) / np.log(256) + 1) * 127.5) / 127.5 - 1
    return np.asarray(np.sign(eight_bits) * (256 ** np.abs(eight_bits) - 1) / 255 * 32635.0, np.float64)
