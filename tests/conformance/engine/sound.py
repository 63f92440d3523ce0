"""Whether a recording begins with the announcement of it: by the tone that every prompt of the scripts is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.conformance.vocabulary import DURATIONS_S, SHORT
from tests.integration.levels import RATE_HZ, Samples, samples, share_of

TONE_HZ = 4_000.0
WINDOW_S = 0.2
LEAST_SHARE = 0.05
"""Of the power, beside a person who speaks: 0.15 and more was seen on Asterisk, and no more than 0.001 without it."""
WITHIN_S = 1.0
"""So soon after the recording the prompt begins, on a machine that does much else."""


def wrong_sound(file: Path) -> Iterator[str]:
    """In words, where the recording does not begin with ``conformance.short``, or where the talk is not on it too."""
    if not file.is_file():
        yield f"sound: there is no {file}"
        return
    found = samples(file)
    told = [share > LEAST_SHARE for share in tone_shares(found)]
    first = told.index(True) if True in told else len(told)
    last = len(told) - told[::-1].index(True) if True in told else 0
    lasts_s = (last - first) * WINDOW_S
    if first * WINDOW_S > WITHIN_S or abs(lasts_s - DURATIONS_S[SHORT]) > 2 * WINDOW_S or not all(told[first:last]):
        yield f"sound: the announcement's tone is from {first * WINDOW_S:.1f} s on for {lasts_s:.1f} s: {told}"
    if len(found) / RATE_HZ < last * WINDOW_S + DURATIONS_S[SHORT]:
        yield f"sound: {len(found) / RATE_HZ:.1f} s are recorded, and no talk behind the announcement"


def tone_shares(found: Samples) -> list[float]:
    """How much of the power of each fifth of a second is the prompts' tone."""
    size = round(WINDOW_S * RATE_HZ)
    parts = (found[at : at + size] for at in range(0, len(found) - size, size))
    return [share_of(part, TONE_HZ) if part.any() else 0.0 for part in parts]
