"""A speech voltmeter by the book, to hold ours against: ITU-T P.56 (12/2011), method B."""

from __future__ import annotations

import numpy

from prompts.audio import Samples

TIME_CONSTANT_S = 0.03
HANGOVER_S = 0.2
MARGIN_DB = 15.9


def active_level_dbov(samples: Samples, rate_hz: int = 8_000) -> float:
    """The active speech level. The envelope is two exponential averages one after the other; a threshold counts a
    sample for as long as the hang-over after the envelope was last above it; the level is that of the threshold which
    lies 15.9 dB below it."""
    envelope = _envelope(samples, rate_hz)
    energy = float((samples.astype(numpy.float64) ** 2).sum())
    at = numpy.arange(len(samples))
    before: tuple[float, float] | None = None
    for threshold in 2.0 ** numpy.arange(-15, 0):
        last = numpy.maximum.accumulate(numpy.where(envelope >= threshold, at, -len(samples) - rate_hz))
        count = int((at - last <= HANGOVER_S * rate_hz).sum())
        if count == 0:
            break
        level = 10 * numpy.log10(energy / count)
        over = level - 20 * numpy.log10(threshold) - MARGIN_DB
        if before is not None and over <= 0:
            share = before[1] / (before[1] - over)
            return float(before[0] + share * (level - before[0]))
        before = float(level), float(over)
    raise ValueError("no speech that a threshold tells from silence")


def _envelope(samples: Samples, rate_hz: int) -> Samples:
    kept = float(numpy.exp(-1 / (TIME_CONSTANT_S * rate_hz)))
    first = second = 0.0
    found = numpy.empty(len(samples), dtype=numpy.float32)
    for place, value in enumerate(numpy.abs(samples).tolist()):
        first = kept * first + (1 - kept) * value
        second = kept * second + (1 - kept) * first
        found[place] = second
    return found
