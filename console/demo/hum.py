"""A voice that hums for as long as the words would take: for the loopback switch, to which nobody listens."""

from __future__ import annotations

import numpy

from prompts.audio import Audio
from prompts.synthesis import EngineVersion, Utterance

RATE_HZ = 8000
TONE_HZ = 440.0


class Hum:
    """A :class:`prompts.synthesis.Synthesizer` that needs nothing on the machine."""

    engine = EngineVersion("hum", "1")

    def speak(self, utterance: Utterance) -> Audio:
        """A tone as long as the text is to say."""
        length_s = max(0.5, len(utterance.text.split()) / utterance.rate_wpm * 60)
        seconds = numpy.arange(round(length_s * RATE_HZ), dtype=numpy.float32) / RATE_HZ
        return Audio((0.3 * numpy.sin(2 * numpy.pi * TONE_HZ * seconds)).astype(numpy.float32), RATE_HZ)
