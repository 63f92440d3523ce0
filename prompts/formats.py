"""The files that a switch plays, and the revision of what makes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

CHAIN_REVISION = 2
"""Raised whenever ``prompts/audio.py`` makes other bytes of the same speech: what is rendered becomes stale."""

TELEPHONE_RATE_HZ = 8_000
"""Source: ITU-T G.711, section 1."""


_WAV_HEADER = 44
"""Bytes before the samples of a plain WAV file."""


class Format(Enum):
    """A format; its value is the ending of the file's name."""

    ULAW = "ulaw"
    """Headerless G.711 mu-law: Asterisk's ``.ulaw``."""
    WAV = "wav"
    """16-bit little-endian WAV at 8 kHz: both switches."""

    def duration_s(self, size: int) -> float:
        """How long a file of ``size`` bytes that we wrote plays."""
        match self:
            case Format.ULAW:
                return size / TELEPHONE_RATE_HZ
            case Format.WAV:
                return (size - _WAV_HEADER) / (2 * TELEPHONE_RATE_HZ)


@dataclass(frozen=True, slots=True)
class Edges:
    """Silence that is kept around speech, in seconds."""

    lead_s: float
    tail_s: float


WHOLE = Edges(0.03, 0.15)
"""Of a prompt that stands alone: a breath after it."""

JOINED = Edges(0.01, 0.04)
"""Of parts and pieces: one after the other they are 40 to 50 ms apart, about as words in a sentence are."""
