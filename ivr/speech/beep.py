"""Finds the beep after which a machine records: one steady tone, and nothing beside it.

Judged by frames of 20 ms, as voices are. A frame is of a tone where nearly all its energy lies about one frequency; a
beep is several such frames of the same frequency, one behind the other. A voice has harmonics, and glides.
"""

from __future__ import annotations

import numpy

from calls.switch.hearing import RATE_HZ
from ivr.speech.voice_activity import FRAME, FRAME_S, LEAST_DB, Samples

TONE_HZ = (380.0, 2_400.0)
"""Where beeps are: 400 to 2,100 Hz were met, most at 440, 850, 1,000 and 1,400. Lower is a hum or a voice's pitch."""

SHARE = 0.9
"""Least share of a frame's energy about its frequency. A voice's strongest harmonic seldom has so much, and not for
long."""

STEADY_HZ = 20.0
"""How far the frequency of a beep wanders from frame to frame: a whistle's and a voice's wander more."""

LEAST_FRAMES = 7
"""140 ms: the shortest beeps have 150 to 200 ms, and no vowel is so steady for so long."""

_SIZE = 1024
_HZ = RATE_HZ / _SIZE
_WINDOW = numpy.hanning(FRAME).astype(numpy.float32)
_LOBE = round(2 * RATE_HZ / FRAME / _HZ)
"""Half the width of a tone's own blur in a window of one frame."""

_LOWEST, _HIGHEST = (round(hz / _HZ) for hz in TONE_HZ)


class Beep:
    """Of one call. Give it every frame, in order."""

    def __init__(self) -> None:
        self._hz = 0.0
        self._frames = 0

    @property
    def sounds(self) -> bool:
        """True while a beep is heard."""
        return self._frames >= LEAST_FRAMES

    def take(self, samples: Samples) -> bool:
        """True with the frame by which a beep ends. ``samples``: one frame, full scale 1."""
        hz = _tone_hz(samples)
        sounded = self.sounds
        if hz is not None and self._frames and abs(hz - self._hz) <= STEADY_HZ:
            self._frames += 1
        else:
            self._frames = 0 if hz is None else 1
        self._hz = hz or 0.0
        return sounded and not self.sounds


def _tone_hz(samples: Samples) -> float | None:
    """The frequency of a frame that is one tone; None where it is not."""
    if float(samples @ samples) < FRAME * 10 ** (LEAST_DB / 10):
        return None
    power = numpy.abs(numpy.fft.rfft(samples * _WINDOW, _SIZE)) ** 2
    peak = int(power.argmax())
    if not _LOWEST <= peak <= _HIGHEST:
        return None
    if power[peak - _LOBE : peak + _LOBE + 1].sum() < SHARE * power.sum():
        return None
    return peak * _HZ


BEEP_S = LEAST_FRAMES * FRAME_S
"""The shortest beep that is found."""
