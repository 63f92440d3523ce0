"""What was heard of a caller, told from silence."""

from __future__ import annotations

import numpy as np

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES, CallerAudio

WINDOW = RATE_HZ // 50
"""20 ms."""

LOUD = 300
"""The level (root mean square) of a voice is far above it, that of the tone of 716 that SIPp speaks above, too."""

JOINS_S = 0.2
"""A pause of less is none."""

LENGTH_S = 0.15
"""By how much what was said may seem longer or shorter; a fifth of the slack comes to it, for a machine that is held
up drops what it did not come to."""

SHORT_BY_S = 0.6
"""How much of the beginning and the end, when a telephone begins and ends to send, may be missing."""


async def listen(audio: CallerAudio) -> bytes:
    """All of it, until its end."""
    heard = bytearray()
    while piece := await audio.read():
        heard += piece
    return bytes(heard)


def loud_s(pcm: bytes) -> list[tuple[float, float]]:
    """The stretches in which something is said, from and to in seconds."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    windows = samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)
    stretches: list[tuple[float, float]] = []
    for place in np.flatnonzero(np.sqrt((windows**2).mean(axis=1)) > LOUD):
        begin = float(place * WINDOW / RATE_HZ)
        if stretches and begin - stretches[-1][1] < JOINS_S:
            begin = stretches.pop()[0]
        stretches.append((begin, float((place + 1) * WINDOW / RATE_HZ)))
    return stretches


def check_heard(pcm: bytes, expected_s: tuple[tuple[float, float], ...], lasted_s: float, slack_s: float) -> None:
    """
    Raises:
        AssertionError: something else was heard, or time was not true.
    """
    found_s, length_s = loud_s(pcm), LENGTH_S + slack_s / 5
    what = f"heard {found_s} instead of {expected_s}"
    assert len(found_s) == len(expected_s), what
    for found, expected in zip(found_s, expected_s, strict=True):
        assert abs(found[0] - expected[0]) <= LENGTH_S + slack_s, what
        assert abs((found[1] - found[0]) - (expected[1] - expected[0])) <= length_s, what
    heard_s = len(pcm) / (RATE_HZ * SAMPLE_BYTES)
    least_s, most_s = lasted_s - SHORT_BY_S - slack_s / 2, lasted_s + LENGTH_S
    assert least_s <= heard_s <= most_s, f"{heard_s:.2f} s of audio in {lasted_s:.2f} s"
