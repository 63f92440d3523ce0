"""What is wrong with a recorded take: clipped, noisy, or of another length than its text asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import numpy.typing

from prompts.audio import Audio, Samples, measure, noise_dbov, to_telephone

CHARACTERS_PER_S = 14.0
"""Of a text in words, spoken calmly: some 150 words a minute."""

PAUSES_S = 0.3
"""What a take of a single word has beside it."""

LONG, SHORT = 2.2, 0.45
"""Times the expected length: a slow speaker is within it, a take of another text is not."""

CLIPPED_RUN = 4
"""Samples in a row at one extreme: a wave that is not cut off has two or three of them at most."""
CLIPPED_RUNS = 3
CLIPPED_FROM = 0.5
"""Of full scale: what is cut off lower is another person's volume."""

NOISY_DB = 25.0
"""Speech less than this above the noise of its pauses: levelled, callers hear the room."""


@dataclass(frozen=True, slots=True)
class Take:
    """What a take measures."""

    duration_s: float
    """As callers will hear it, without the silence at its ends."""
    expected_s: float
    clipped: bool
    speech_over_noise_db: float | None
    """None where it has no pause to hear noise in."""

    @property
    def complaints(self) -> tuple[str, ...]:
        """What somebody should listen to, in words."""
        found: list[str] = []
        if self.clipped:
            found.append("is clipped: record it again with less gain")
        if self.speech_over_noise_db is not None and self.speech_over_noise_db < NOISY_DB:
            found.append(f"is noisy: its speech is {self.speech_over_noise_db:.0f} dB above the room")
        if not SHORT <= self.duration_s / self.expected_s <= LONG:
            word = "long" if self.duration_s > self.expected_s else "short"
            found.append(
                f"is {word} for its text: {self.duration_s:.1f} s, and about {self.expected_s:.1f} s are expected"
            )
        return tuple(found)


def judged(audio: Audio, words: str) -> Take:
    """What a take of ``words``, a text as it is read aloud, measures.

    Raises:
        PromptError: it is silent.
    """
    speech = to_telephone(audio)
    noise = noise_dbov(audio)
    return Take(
        duration_s=speech.duration_s,
        expected_s=PAUSES_S + len(words) / CHARACTERS_PER_S,
        clipped=_is_clipped(audio.samples),
        speech_over_noise_db=None if noise is None else measure(audio).active_dbov - noise,
    )


def _is_clipped(samples: Samples) -> bool:
    peak = float(numpy.abs(samples).max(initial=0.0))
    if peak < CLIPPED_FROM:
        return False
    return sum(_runs(samples >= 0.9999 * peak) + _runs(samples <= -0.9999 * peak)) >= CLIPPED_RUNS


def _runs(at: numpy.typing.NDArray[numpy.bool_]) -> list[bool]:
    """For each run of true values whether it is one of :data:`CLIPPED_RUN` or more."""
    edges = numpy.diff(numpy.concatenate([[0], at.astype(numpy.int8), [0]]))
    lengths = numpy.flatnonzero(edges == -1) - numpy.flatnonzero(edges == 1)
    return [bool(length >= CLIPPED_RUN) for length in lengths]
