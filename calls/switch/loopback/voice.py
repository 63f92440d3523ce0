"""Speech of the loopback switch: words hidden in a hum that every detector of voices takes for a voice.

Each word has its own share of the hum, and in the middle of it one frame: six samples of alternating sign that are
louder than anything else here, then the word's length, its UTF-8 and their sum, four bits a sample. Four bits stand
so far apart that mu-law and A-law leave them legible. So speech can be joined, padded with silence and cut anywhere:
a word is heard whose frame is whole.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES

MARK = bytes([17, 0, 17, 0, 17, 0])
"""How a frame begins, in steps. Four bits are the steps 1 to 16, and the hum stays between 4 and 13."""

STEP = 3500
"""Between two steps, in the samples' unit: mu-law at its coarsest is off by 512."""

LONGEST = 255
"""Bytes of one word, whose length is one byte."""

_MIDDLE = 8.5
_LOUDNESS = 12_000
_PITCH_HZ = 140.0
_SYLLABLES_HZ = 4.0
_HARMONICS = {1: 0.5, 2: 0.7, 3: 0.9, 4: 1.0, 5: 0.8, 6: 0.4, 8: 0.3, 9: 0.3, 10: 0.2, 14: 0.1, 16: 0.1}
"""How loud each multiple of the pitch is: two formants, of an open vowel."""

Samples = npt.NDArray[np.int16]


def said(words: str, seconds: float) -> bytes:
    """A voice that says ``words`` in ``seconds``, 8 kHz; without words, one that says nothing to be understood.

    Raises:
        ValueError: a word is too long for its share of the time, or for its frame.
    """
    samples = _hum(round(seconds * RATE_HZ))
    parts = words.split()
    for at, word in enumerate(parts):
        frame = _frame(word)
        share = len(samples) / len(parts)
        start = int(share * (at + 0.5) - len(frame) / 2)
        if len(frame) > share:
            raise ValueError(f"{word!r} takes {len(frame) / RATE_HZ:.3f} s; there are {share / RATE_HZ:.3f} s for it")
        samples[start : start + len(frame)] = frame
    return samples.astype("<i2").tobytes()


def tone(hz: float, seconds: float) -> bytes:
    """A steady tone, 8 kHz; of 0 Hz, silence."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (_LOUDNESS * np.sin(2 * np.pi * hz * at)).astype("<i2").tobytes()


def words_in(pcm: bytes) -> str:
    """The words whose frames lie whole in ``pcm``, with single spaces; "" where there are none."""
    return " ".join(word for word, _ in frames_in(pcm))


def frames_in(pcm: bytes) -> list[tuple[str, int]]:
    """Each word, and how many bytes of ``pcm`` lie before the end of its frame: what follows says the rest."""
    whole = len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES
    samples = np.frombuffer(pcm[:whole], dtype="<i2").astype(np.float64)
    steps = np.clip(np.rint(samples / STEP + _MIDDLE), 0, 17).astype(np.uint8).tobytes()
    found: list[tuple[str, int]] = []
    at = steps.find(MARK)
    while at >= 0:
        body = _body(steps, at + len(MARK))
        end = at + len(MARK)
        if body is not None:
            word, end = body
            found.append((word, end * SAMPLE_BYTES))
        at = steps.find(MARK, end)
    return found


def _frame(word: str) -> Samples:
    data = word.encode()
    if len(data) > LONGEST:
        raise ValueError(f"{word!r} is longer than {LONGEST} bytes")
    body = bytes([len(data), *data, _sum(data)])
    steps = [*MARK, *(half + 1 for byte in body for half in divmod(byte, 16))]
    return np.array([(step - _MIDDLE) * STEP for step in steps]).astype(np.int16)


def _body(steps: bytes, start: int) -> tuple[str, int] | None:
    """The word whose length stands at ``start``, and where its frame ends; None where it is damaged or cut."""
    length = _byte(steps, start)
    body = [_byte(steps, start + 2 * place) for place in range(1, length + 2)]
    if length < 1 or min(body) < 0 or body[-1] != _sum(bytes(body[:-1])):
        return None
    try:
        return bytes(body[:-1]).decode(), start + 2 * (length + 2)
    except UnicodeDecodeError:
        return None


def _byte(steps: bytes, at: int) -> int:
    """The byte whose two steps stand at ``at``; -1 where there is none."""
    halves = steps[at : at + 2]
    if len(halves) < 2 or min(halves) < 1 or max(halves) > 16:
        return -1
    return 16 * (halves[0] - 1) + halves[1] - 1


def _sum(data: bytes) -> int:
    return sum(data, len(data)) % 256


def _hum(count: int) -> Samples:
    seconds = np.arange(count) / RATE_HZ
    voice = np.zeros(count)
    for multiple, loudness in _HARMONICS.items():
        voice += loudness * np.sin(2 * math.pi * _PITCH_HZ * multiple * seconds + multiple**2)
    syllables = 0.55 + 0.45 * np.sin(2 * math.pi * _SYLLABLES_HZ * seconds)
    return np.rint(voice / sum(_HARMONICS.values()) * 1.6 * syllables * _LOUDNESS).astype(np.int16)
