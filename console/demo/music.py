"""A gentle piece of hold music, made by rule: no recording, no licence."""

from __future__ import annotations

import math
import struct

RATE_HZ = 8000
LEVEL = 2600
"""Peak of one voice, of 32767: three voices stay about 12 dB below full scale."""
CHORD_S = 2.0
CHORDS_HZ = (
    (261.63, 329.63, 392.00),
    (220.00, 261.63, 329.63),
    (174.61, 220.00, 261.63),
    (196.00, 246.94, 293.66),
)
"""C, A minor, F and G, in the band of a telephone."""


def hold_music() -> bytes:
    """Eight seconds that loop without a click, as signed linear 16-bit samples at 8 kHz (Asterisk's ``.sln``)."""
    samples = [sample for chord in CHORDS_HZ for sample in _chord(chord)]
    return struct.pack(f"<{len(samples)}h", *samples)


def _chord(notes_hz: tuple[float, ...]) -> list[int]:
    count = int(CHORD_S * RATE_HZ)
    return [
        round(
            LEVEL
            * math.sin(math.pi * index / count) ** 0.5  # swells and fades, so that chords meet at zero
            * sum(math.sin(2 * math.pi * note * index / RATE_HZ) for note in notes_hz)
        )
        for index in range(count)
    ]
