"""Which sound each frame of an utterance is of: told by the voice itself, or found by the Viterbi algorithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tests.tinyvosk.pronunciation import PHONES, SILENCE, Pronunciations

FRAME_S = 0.01
_FRAME_MIDDLE_S = 0.0125
_LEAST_FRAMES = 3
"""A sound is at least 30 ms long."""

_NEVER = -1e9
_OF_FLITE = {"pau": SILENCE, "ax": "AH"}

Labels = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]

_NUMBER = {phone: number for number, phone in enumerate(PHONES)}


def told(phones: Sequence[tuple[str, float]], frames: int) -> Labels:
    """The sounds of ``frames`` frames by the seconds at which each of ``phones`` ends."""
    labels = np.zeros(frames, np.int64)
    middles = np.arange(frames) * FRAME_S + _FRAME_MIDDLE_S
    begun = 0.0
    for phone, end in phones:
        labels[(middles >= begun) & (middles < end)] = _NUMBER.get(_OF_FLITE.get(phone, phone).upper(), 0)
        begun = end
    return labels


@dataclass(slots=True)
class _Chain:
    """States that follow each other: of each its sound, and those that it may follow."""

    sounds: list[int] = field(default_factory=list)
    after: list[list[int]] = field(default_factory=list)

    def add(self, phone: str, after: Sequence[int]) -> tuple[int, int]:
        """The first and the last state of ``phone`` after any of ``after``."""
        first = len(self.sounds)
        for place in range(_LEAST_FRAMES):
            self.sounds.append(_NUMBER[phone])
            self.after.append(list(after) if place == 0 else [len(self.sounds) - 2])
        return first, len(self.sounds) - 1


def _chain(text: str, pronunciations: Pronunciations) -> tuple[_Chain, list[int], list[int]]:
    """The states of ``text`` in all its pronunciations, silence where there may be some; where it begins and ends."""
    chain = _Chain()
    first, last = chain.add(SILENCE, [])
    begins, ends = [first], [last]
    for number, word in enumerate(text.split()):
        spoken = []
        for phones in pronunciations[word]:
            at = ends
            for place, phone in enumerate(phones):
                first, last = chain.add(phone, at)
                if number == 0 and place == 0:
                    begins.append(first)
                at = [last]
            spoken += at
        _, silent = chain.add(SILENCE, spoken)
        ends = [*spoken, silent]
    return chain, begins, ends


def found(scores: Scores, text: str, pronunciations: Pronunciations) -> Labels | None:
    """The likeliest sounds of the frames of ``scores`` (a row each, a column for each phone) where ``text`` is said;
    None where there are too few frames for it."""
    chain, begins, ends = _chain(text, pronunciations)
    sounds = np.array(chain.sounds)
    states, frames = len(sounds), len(scores)
    moves = np.full((states, states), _NEVER, np.float32)
    for state, before in enumerate(chain.after):
        moves[before, state] = 0
    moves[np.arange(states), np.arange(states)] = 0
    best = np.full(states, _NEVER, np.float32)
    best[begins] = scores[0, sounds[begins]]
    came_from = np.zeros((frames, states), np.int32)
    for frame in range(1, frames):
        reached = best[:, None] + moves
        came_from[frame] = reached.argmax(0)
        best = reached[came_from[frame], np.arange(states)] + scores[frame, sounds]
    at = max(ends, key=lambda state: float(best[state]))
    if best[at] < _NEVER / 10:
        return None
    path = np.zeros(frames, np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = at
        at = int(came_from[frame, at])
    return np.asarray(sounds[path], np.int64)
