"""Tells a machine from a person by what is heard right after the answer. Pure.

::

    answerer = Answerer()
    answerer.take(pcm)  -> Answered | None        8 kHz, mono, 16 bits, from the answer on, in order

As the detectors of switches do, it goes by rhythm: a person says a word or two and waits, a machine speaks on. A beep
is a machine's, whatever came before. Who says nothing, and whatever takes too long, stays unsure, which counts as a
person: one who is taken for a machine hears a click and nothing more, the worst mistake that there is.
"""

from __future__ import annotations

from enum import StrEnum

import numpy

from ivr.speech.beep import Beep
from ivr.speech.voice_activity import FRAME_BYTES, FRAME_S, Began, Samples, VoiceActivity

GREETING_S = 3.5
"""Who speaks on for so long is a machine. The hello of a business takes some 3 s; a machine's greeting is longer than
this, and to wait for it costs nobody anything. How others do: ``docs/answered-calls.md``."""

WAITS_S = 0.75
"""Who is silent for so long, having spoken, waits for an answer: pauses between sentences are shorter."""

SILENT_S = 2.5
"""Who has said nothing by then is left unsure."""

LONGEST_S = 5.0
"""Nobody is kept longer."""


class Answered(StrEnum):
    """Who has answered; the value stands in records."""

    PERSON = "human"
    MACHINE = "machine"
    UNSURE = "unsure"


class Answerer:
    """Of one call, from its answer on."""

    def __init__(self) -> None:
        self._voices = VoiceActivity()
        self._beep = Beep()
        self._rest = b""
        self._frames = 0
        self._began_s: float | None = None
        self._ended_s: float | None = None
        """None: speaking, or never yet."""
        self._beeped = False

    @property
    def taken_s(self) -> float:
        """Seconds of audio that were heard."""
        return self._frames * FRAME_S

    def take(self, pcm: bytes) -> Answered | None:
        """Who has answered, as far as the audio up to here says; None: it is not known yet."""
        audio = self._rest + pcm
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        for start in range(0, whole, FRAME_BYTES):
            found = self._take_frame(audio[start : start + FRAME_BYTES])
            if found is not None:
                return found
        return None

    def _take_frame(self, frame: bytes) -> Answered | None:
        samples: Samples = numpy.frombuffer(frame, "<i2").astype(numpy.float32) / numpy.float32(32_768)
        self._frames += 1
        self._beeped = self._beep.take(samples) or self._beeped
        for change in self._voices.take(frame)[1]:
            if isinstance(change, Began):
                self._began_s = change.at_s if self._began_s is None else self._began_s
                self._ended_s = None
            else:
                self._ended_s = change.at_s
        return self._verdict()

    def _verdict(self) -> Answered | None:
        now_s = self.taken_s
        if self._beeped:
            return Answered.MACHINE
        if self._began_s is None:
            return Answered.UNSURE if now_s >= SILENT_S else None
        if self._ended_s is None and now_s - self._began_s >= GREETING_S:
            return Answered.MACHINE
        if self._ended_s is not None and now_s - self._ended_s >= WAITS_S:
            return Answered.PERSON
        return Answered.UNSURE if now_s >= LONGEST_S else None
