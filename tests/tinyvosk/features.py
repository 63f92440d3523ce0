"""The features of the network: Kaldi's MFCC (no dither, edges snipped) at 8 kHz, equal to its own within 2e-4."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE_HZ = 8000
COEFFICIENTS = 30
HOP = 80
"""Samples from frame to frame."""

_FRAME = 200
_FFT = 256
_MELS = 30
_LOWEST_HZ = 125.0
_HIGHEST_HZ = 3700.0
_LIFTER = 22.0
_PREEMPHASIS = 0.97

MFCC_CONF = f"""\
--use-energy=false
--sample-frequency={RATE_HZ}
--num-mel-bins={_MELS}
--num-ceps={COEFFICIENTS}
--low-freq={_LOWEST_HZ:g}
--high-freq={_HIGHEST_HZ:g}
--cepstral-lifter={_LIFTER:g}
--dither=0
--allow-downsample=true
"""
"""``conf/mfcc.conf``: the same for Kaldi."""

Array = npt.NDArray[np.float32]


def _mel(hertz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.asarray(1127.0 * np.log(1 + np.asarray(hertz, np.float64) / 700.0), np.float64)


def _mel_bank() -> Array:
    low, high = float(_mel(_LOWEST_HZ)), float(_mel(_HIGHEST_HZ))
    gap = (high - low) / (_MELS + 1)
    mels = _mel(np.arange(_FFT // 2) * RATE_HZ / _FFT)
    bank = np.zeros((_MELS, _FFT // 2))
    for index in range(_MELS):
        left, centre, right = (low + (index + step) * gap for step in range(3))
        rising, falling = (mels - left) / (centre - left), (right - mels) / (right - centre)
        bank[index] = np.where((mels > left) & (mels < right), np.where(mels <= centre, rising, falling), 0)
    return bank.astype(np.float32)


def _cosines() -> Array:
    angles = np.outer(np.arange(COEFFICIENTS), np.arange(_MELS) + 0.5)
    table = np.sqrt(2.0 / _MELS) * np.cos(np.pi / _MELS * angles)
    table[0] = np.sqrt(1.0 / _MELS)
    lifter = 1 + 0.5 * _LIFTER * np.sin(np.pi * np.arange(COEFFICIENTS) / _LIFTER)
    return np.asarray(table * lifter[:, None], np.float32)


_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / (_FRAME - 1))) ** 0.85
"""Kaldi's ``povey``."""

_BANK = _mel_bank()
_DCT = _cosines()


def mfcc(samples: npt.ArrayLike) -> Array:
    """The features of ``samples`` (16-bit scale), a row of :data:`COEFFICIENTS` for each 10 ms."""
    given = np.asarray(samples, np.float64)
    if len(given) < _FRAME:
        return np.zeros((0, COEFFICIENTS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(given, _FRAME)[::HOP]
    frames = frames - frames.mean(1, keepdims=True)
    sharp = frames.copy()
    sharp[:, 1:] -= _PREEMPHASIS * frames[:, :-1]
    sharp[:, 0] -= _PREEMPHASIS * frames[:, 0]
    power = np.abs(np.fft.rfft(sharp * _WINDOW, _FFT)) ** 2
    energy = np.maximum(power[:, : _FFT // 2].astype(np.float32) @ _BANK.T, np.finfo(np.float32).eps)
    return np.asarray(np.log(energy) @ _DCT.T, np.float32)
