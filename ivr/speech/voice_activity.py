"""Says when a caller begins and ceases to speak, and takes the tones of keys out of what an engine hears.

Judged by frames of 20 ms. A frame is active where its energy in the telephone's band stands out of the noise, whose
floor is the least energy of the last two seconds: a steady hum or hiss soon counts for nothing. Speech has begun
after 200 ms of activity with some voice (a pitch of 60 to 400 Hz) in it: a click, a cough or a puff of air has not
enough of either. The tones of a key are no activity, and an engine is given silence instead of them: it would take
them for words. How well this does beside others: ``docs/speech.md``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES

Samples = NDArray[numpy.float32]

FRAME_S = 0.02
FRAME = int(RATE_HZ * FRAME_S)
FRAME_BYTES = FRAME * SAMPLE_BYTES

BAND_HZ = (250.0, 3_500.0)
"""The band of a telephone. Source: ITU-T G.712, 300 to 3,400 Hz, and a frame's own blur."""

LEAST_DB = -55.0
"""Decibels below full scale: a level that no telephone's speech is under. Source: ITU-T P.56 speaks of -26 dBov as
normal; a very quiet caller is 20 dB below it."""

ABOVE_FLOOR_DB = 6.0
"""How far a frame stands out of the noise before it counts."""

FLOOR_FRAMES = 100
"""Two seconds: longer than anybody speaks without a gap between syllables."""

BEGIN_FRAMES = 18
BEGIN_ACTIVE = 10
"""Speech has begun where of the last 360 ms 200 ms were active: less is a noise, and there is a stop in "stop"."""

BEGIN_VOICED = 3
"""And 60 ms of them voiced: as in "six", which has the least of all that answers a menu."""

RESUME_ACTIVE = 6
"""After a pause 120 ms are enough: the caller was speaking just now."""

RESUME_S = 1.0
"""For so long after speech ended the caller is taken to go on."""

END_FRAMES = 12
END_ACTIVE = 2
"""Speech has ended where of the last 240 ms at most 40 ms were active: stops within words are shorter."""

PITCH_HZ = (60.0, 400.0)
"""Pitch of a human voice, from a deep man's to a child's."""

VOICED = 0.5
"""Least autocorrelation of a voiced frame at its pitch; noise has 0.3 at most over 40 ms."""

_PITCH_LAGS = slice(int(RATE_HZ / PITCH_HZ[1]), int(RATE_HZ / PITCH_HZ[0]) + 1)
_SPECTRUM = 512

KEY_LOW_HZ = (697.0, 770.0, 852.0, 941.0)
KEY_HIGH_HZ = (1209.0, 1336.0, 1477.0, 1633.0)
"""A key is one of each. Source: ITU-T Q.23."""

KEY_SHARE = 0.75
"""Least share of a frame's energy that the two tones of a key have; speech has all of it in two such tones hardly
ever, and then loses one frame."""

TWIST_DB = 10.0
"""Most difference between the two. Source: ITU-T Q.24 asks receivers to take 4 to 10 dB."""


@dataclass(frozen=True, slots=True)
class Began:
    """Speech has begun. ``at_s``: when, in seconds of audio; it is known 200 ms later."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Ended:
    """Speech has ended. ``at_s``: when, in seconds of audio; it is known 240 ms later."""

    at_s: float


Change = Began | Ended


class VoiceActivity:
    """One caller's."""

    def __init__(self) -> None:
        self._rest = b""
        self._frames = 0
        self._before = numpy.zeros(FRAME, numpy.float32)
        self._levels: deque[float] = deque(maxlen=3)
        self._floor: deque[float] = deque(maxlen=FLOOR_FRAMES)
        self._active: deque[bool] = deque(maxlen=BEGIN_FRAMES)
        self._voiced: deque[bool] = deque(maxlen=BEGIN_FRAMES)
        self._speaking = False
        self._ended_at_s = float("-inf")

    @property
    def taken_s(self) -> float:
        """Seconds of audio that were judged."""
        return self._frames * FRAME_S

    def take(self, pcm: bytes) -> tuple[bytes, list[Change]]:
        """Judge the next audio, of any length: what an engine may hear of it, in whole frames, and what changed.

        ``pcm`` is of 8 kHz, mono, 16 bits, little endian; half a sample is kept for the next call.
        """
        audio = self._rest + pcm
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        heard: list[bytes] = []
        changes: list[Change] = []
        for start in range(0, whole, FRAME_BYTES):
            frame = audio[start : start + FRAME_BYTES]
            samples: Samples = numpy.frombuffer(frame, "<i2").astype(numpy.float32) / numpy.float32(32_768)
            is_key = _is_key(samples)
            heard.append(bytes(FRAME_BYTES) if is_key else frame)
            self._judge(numpy.zeros_like(samples) if is_key else samples)
            if (change := self._changed()) is not None:
                changes.append(change)
        return b"".join(heard), changes

    def _judge(self, samples: Samples) -> None:
        self._frames += 1
        level = _level_db(samples)
        self._levels.append(level)
        self._floor.append(sum(self._levels) / len(self._levels))
        active = level > max(LEAST_DB, min(self._floor) + ABOVE_FLOOR_DB)
        self._active.append(active)
        self._voiced.append(active and _is_voiced(numpy.concatenate((self._before, samples))))
        self._before = samples

    def _changed(self) -> Change | None:
        if self._speaking:
            recent = list(self._active)[-END_FRAMES:]
            if sum(recent) > END_ACTIVE:
                return None
            self._speaking = False
            self._ended_at_s = self.taken_s - FRAME_S * _since_active(recent)
            self._active.clear()
            self._voiced.clear()
            return Ended(self._ended_at_s)
        again = self.taken_s - self._ended_at_s < RESUME_S
        if sum(self._active) < (RESUME_ACTIVE if again else BEGIN_ACTIVE) or sum(self._voiced) < BEGIN_VOICED:
            return None
        self._speaking = True
        first = list(self._active).index(True)
        return Began(max(0.0, self.taken_s - FRAME_S * (len(self._active) - first)))


def _since_active(frames: list[bool]) -> int:
    """Frames since the last active one."""
    return next((back for back, active in enumerate(reversed(frames)) if active), len(frames))


def _level_db(samples: Samples) -> float:
    """The level within the telephone's band, in decibels below full scale."""
    power = numpy.abs(numpy.fft.rfft(samples))[_BAND] ** 2
    return float(10 * numpy.log10(2 * power.sum() / FRAME**2 + 1e-12))


_BAND = slice(int(BAND_HZ[0] * FRAME_S), int(BAND_HZ[1] * FRAME_S) + 1)


def _is_voiced(samples: Samples) -> bool:
    """True where two frames together have a pitch."""
    centred = samples - samples.mean()
    power = numpy.abs(numpy.fft.rfft(centred, 2 * _SPECTRUM)) ** 2
    correlation = numpy.fft.irfft(power)[: len(samples)]
    if correlation[0] <= 0:
        return False
    share = correlation[_PITCH_LAGS] * _FEWER
    return bool(share.max() > VOICED * correlation[0])


_FEWER = 2 * FRAME / (2 * FRAME - numpy.arange(_PITCH_LAGS.start, _PITCH_LAGS.stop))
"""Makes up for what fewer samples overlap at a longer lag."""


def _waves(frequencies: tuple[float, ...]) -> NDArray[numpy.complex64]:
    turns = numpy.outer(numpy.array(frequencies), numpy.arange(FRAME) / RATE_HZ)
    return numpy.exp(-2j * numpy.pi * turns).astype(numpy.complex64)


_LOW, _HIGH = _waves(KEY_LOW_HZ), _waves(KEY_HIGH_HZ)


def _is_key(samples: Samples) -> bool:
    """True where the frame is the two tones of a key and little else."""
    energy = float(samples @ samples)
    if energy < FRAME * 10 ** (LEAST_DB / 10):
        return False
    low = float((numpy.abs(_LOW @ samples) ** 2).max()) * 2 / FRAME
    high = float((numpy.abs(_HIGH @ samples) ** 2).max()) * 2 / FRAME
    balanced = abs(10 * numpy.log10((low + 1e-12) / (high + 1e-12))) <= TWIST_DB
    return bool(balanced and low + high > KEY_SHARE * energy)
