"""When a machine's greeting is over and a message may begin: the beep, a silence, or the end of patience. Pure.

::

    ending = GreetingEnd()
    ending.take(pcm)  -> "beep" | "silence" | "longest" | None       8 kHz, mono, 16 bits, in order

A beep is the machine's word that it records. Not every machine has one, so a silence will do; a machine that beeps
after a silence says so while the message plays, and who plays it may begin again (:attr:`GreetingEnd.beeps`).
"""

from __future__ import annotations

from enum import StrEnum

import numpy

from ivr.speech.beep import Beep
from ivr.speech.voice_activity import FRAME_BYTES, FRAME_S, Began, Samples, VoiceActivity

SILENCE_S = 2.0
"""So long a machine is silent that has said all. People pause for a second within a greeting, and some machines take
as long before their beep."""

LONGEST_S = 30.0
"""A greeting longer than this is not heard out: a machine that plays music, or a line that is never quiet."""


class Ending(StrEnum):
    """What tells that the greeting is over; the value stands in records."""

    BEEP = "beep"
    SILENCE = "silence"
    LONGEST = "longest"


class GreetingEnd:
    """Of one call, from the moment when it is known that a machine answered."""

    def __init__(self) -> None:
        self._voices = VoiceActivity()
        self._beep = Beep()
        self._rest = b""
        self._frames = 0
        self._speaking = False
        self._quiet_since_s = 0.0
        self.beeps = 0
        """How many beeps have ended so far."""

    @property
    def taken_s(self) -> float:
        """Seconds of audio that were heard."""
        return self._frames * FRAME_S

    @property
    def beep_sounds(self) -> bool:
        """True while a beep is heard."""
        return self._beep.sounds

    def take(self, pcm: bytes) -> Ending | None:
        """How the greeting has ended, as far as the audio up to here says; None: it goes on."""
        audio = self._rest + pcm
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        for start in range(0, whole, FRAME_BYTES):
            self._take_frame(audio[start : start + FRAME_BYTES])
        if self.beeps:
            return Ending.BEEP
        if not self._speaking and not self._beep.sounds and self.taken_s - self._quiet_since_s >= SILENCE_S:
            return Ending.SILENCE
        return Ending.LONGEST if self.taken_s >= LONGEST_S else None

    def _take_frame(self, frame: bytes) -> None:
        samples: Samples = numpy.frombuffer(frame, "<i2").astype(numpy.float32) / numpy.float32(32_768)
        self._frames += 1
        self.beeps += self._beep.take(samples)
        for change in self._voices.take(frame)[1]:
            self._speaking = isinstance(change, Began)
            if not self._speaking:
                self._quiet_since_s = change.at_s
