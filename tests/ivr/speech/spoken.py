"""Real voices for the tests of the engines: held out of the training of the test model, and spoken once."""

from __future__ import annotations

from functools import cache

from ivr.speech.recognizer import Final, Grammar, Partial, Recognizer
from tests.tinyvosk.speakers import Voice, speak
from tests.tinyvosk.telephone import telephoned

RMS = Voice("flite", "rms")
"""A man's recordings."""

MAN, WOMAN = Voice("espeak", "en-us+m7"), Voice("espeak", "en-us+f5")
VOICES = (RMS, MAN, WOMAN)
MENU = ("sales", "support", "billing", "operator", "main menu", "help", "yes", "no", "cancel", "repeat")
OFF_MENU = (
    "banana",
    "umbrella",
    "computer",
    "elephant",
    "football",
    "mountain",
    "holiday",
    "garden",
    "picture",
    "orange",
)
TWENTY_MS = 320


@cache
def said(voice: Voice, text: str) -> bytes:
    """``text`` as it comes off a telephone line with noise 25 dB below the voice, 8 kHz."""
    return telephoned(speak(voice, text).samples, seed=1)


def heard(
    recognizer: Recognizer, pcm: bytes, grammar: Grammar, rate_hz: int = 8000, piece: int = TWENTY_MS
) -> tuple[list[str], Final]:
    """The partials and the end of one utterance, given piece by piece."""
    session = recognizer.open(rate_hz, grammar)
    try:
        told = [each for at in range(0, len(pcm), piece) for each in session.feed(pcm[at : at + piece])]
        return [each.words for each in told if isinstance(each, Partial)], session.finish()
    finally:
        session.close()
