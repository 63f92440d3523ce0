"""Words survive in the loopback switch's voice whatever is done to the audio, and it passes for a voice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pocketsphinx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from calls.switch.loopback.voice import frames_in, said, words_in

WORDS = st.lists(st.text(min_size=1, max_size=8).filter(lambda word: word.split() == [word]), max_size=5)
QUIET = st.integers(0, 3000).map(lambda samples: bytes(samples * SAMPLE_BYTES))
FRAME_S = 0.03


def mu_law(pcm: bytes) -> bytes:
    """``pcm`` as the far end of a mu-law line has it. Source: ITU-T G.711, table 2a."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.int64)
    louder = np.minimum(np.abs(samples), 32635) + 132
    step = np.exp2(np.floor(np.log2(louder)) - 4).astype(np.int64)
    middle: npt.NDArray[np.int64] = np.sign(samples) * (louder // step * step + step // 2 - 132)
    return np.clip(middle, -32768, 32767).astype("<i2").tobytes()


@given(st.lists(st.tuples(QUIET, WORDS), max_size=4), QUIET)
def test_joined_and_padded_speech_keeps_every_word(parts: list[tuple[bytes, list[str]]], after: bytes) -> None:
    pcm = b"".join(quiet + said(" ".join(words), 0.4 * max(1, len(words))) for quiet, words in parts) + after
    assert words_in(pcm) == " ".join(word for _, words in parts for word in words)


@given(WORDS)
def test_a_line_of_mu_law_keeps_every_word(words: list[str]) -> None:
    assert words_in(mu_law(said(" ".join(words), 2.0))) == " ".join(words)


@given(WORDS, st.lists(st.integers(0, 16_000 * SAMPLE_BYTES), max_size=6))
def test_pieces_of_any_length_say_in_turn_what_the_whole_says(words: list[str], cuts: list[int]) -> None:
    pcm = said(" ".join(words), 2.0)
    heard: list[str] = []
    rest = b""
    edges = [0, *sorted(cut for cut in cuts if cut <= len(pcm)), len(pcm)]
    for start, end in pairwise(edges):
        rest += pcm[start:end]
        found = frames_in(rest)
        heard += [word for word, _ in found]
        rest = rest[found[-1][1] :] if found else rest
    assert heard == words


def test_a_damaged_word_is_none() -> None:
    pcm = bytearray(said("sales support", 1.0))
    _, end = frames_in(bytes(pcm))[0]
    pcm[end - 8 * SAMPLE_BYTES : end - 4 * SAMPLE_BYTES] = bytes(4 * SAMPLE_BYTES)
    assert words_in(bytes(pcm)) == "support"


@given(st.binary(max_size=4000))
def test_any_bytes_are_read_without_a_fault(pcm: bytes) -> None:
    words_in(pcm)


def test_a_voice_without_words_says_none() -> None:
    assert words_in(said("", 10.0)) == ""


def test_a_word_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="representative"):
        said("representative now", 0.005)
    with pytest.raises(ValueError, match="255 bytes"):
        said("a" * 256, 10.0)


@pytest.mark.parametrize("words", ["", "sales", "one two three four five"])
@pytest.mark.parametrize("seconds", [0.3, 1.0, 8.0])
def test_a_detector_of_voices_takes_it_for_one(words: str, seconds: float) -> None:
    detector = pocketsphinx.Vad(mode=3, sample_rate=RATE_HZ, frame_length=FRAME_S)
    pcm = bytes(RATE_HZ) + said(words, seconds)
    frames = [pcm[at : at + detector.frame_bytes] for at in range(0, len(pcm), detector.frame_bytes)]
    spoken = [detector.is_speech(frame) for frame in frames if len(frame) == detector.frame_bytes]
    quiet = int(0.5 / FRAME_S)
    assert not any(spoken[:quiet])
    late = spoken[quiet:].index(True)
    assert late * FRAME_S <= 0.12
    assert all(spoken[quiet + late :])
