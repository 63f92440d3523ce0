"""The parts of the tool: features, the telephone line, alignment, the corpus, and the formats."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tinyvosk import evaluate
from tests.tinyvosk.alignment import found, told
from tests.tinyvosk.augment import augmented
from tests.tinyvosk.corpus import held_out, training
from tests.tinyvosk.features import COEFFICIENTS, mfcc
from tests.tinyvosk.kaldi import KaldiWriter
from tests.tinyvosk.openfst import MAGIC, SORTED_BY_INPUT, Transducer
from tests.tinyvosk.phones import GARBAGE_ID, SILENCE_ID, boundaries, output_of, phone_id
from tests.tinyvosk.pronunciation import PHONES
from tests.tinyvosk.speakers import HELD_OUT, speak
from tests.tinyvosk.telephone import mu_law, telephoned
from tests.tinyvosk.vocabulary import WORDS

TONE = 8000 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)


def test_features_come_every_10_ms_and_tell_a_tone_from_noise() -> None:
    assert mfcc(TONE).shape == (98, COEFFICIENTS)
    assert mfcc(TONE[:199]).shape == (0, COEFFICIENTS)
    noise = np.random.default_rng(1).standard_normal(8000) * 8000
    assert np.abs(mfcc(TONE).mean(0) - mfcc(noise).mean(0)).max() > 10


def test_a_telephone_line_has_its_band_and_its_silence() -> None:
    pcm = np.frombuffer(telephoned(TONE, seed=1, noise_db=60), "<i2").astype(float)
    assert len(pcm) == 8000 * 2.1
    low = np.frombuffer(telephoned(8000 * np.sin(2 * np.pi * 50 * np.arange(8000) / 8000), 1, 60), "<i2").astype(
        float
    )
    assert np.abs(low).max() < 0.2 * np.abs(pcm).max()
    assert np.abs(pcm[:2000]).max() < 0.05 * np.abs(pcm).max()


def test_mu_law_has_256_levels() -> None:
    levels = mu_law(np.linspace(-40_000, 40_000, 100_001))
    assert len(set(levels.tolist())) <= 256
    assert np.abs(levels).max() <= 32_635


@given(st.integers(0, 1000))
def test_every_condition_is_16_bits_and_says_where_speech_begins(seed: int) -> None:
    line, before = augmented(TONE, np.random.default_rng(seed))
    assert len(line) >= before + len(TONE)
    assert np.abs(line).max() <= 32_768
    again, _ = augmented(TONE, np.random.default_rng(seed))
    assert (line == again).all()


def test_told_times_become_labels() -> None:
    labels = told([("pau", 0.05), ("y", 0.10), ("ax", 0.20)], 20)
    assert [PHONES[label] for label in labels[[0, 6, 12]]] == ["SIL", "Y", "AH"]


def test_the_likeliest_sounds_are_found() -> None:
    truth = ["SIL"] * 5 + ["Y"] * 5 + ["EH"] * 6 + ["S"] * 7 + ["SIL"] * 4
    scores = np.full((len(truth), len(PHONES)), -5.0, np.float32)
    scores[np.arange(len(truth)), [PHONES.index(phone) for phone in truth]] = -0.1
    labels = found(scores, "yes", {"yes": [["Y", "EH", "S"], ["N", "OW"]]})
    assert labels is not None
    assert [PHONES[label] for label in labels] == truth
    assert found(scores[:5], "yes", {"yes": [["Y", "EH", "S"]]}) is None


def test_a_corpus_is_the_same_again_and_keeps_voices_apart() -> None:
    lines = training(1, 3, 20)
    assert lines == training(1, 3, 20)
    assert len(lines) == 29
    held = held_out(1, 26)
    assert {line.voice for line in held} == set(HELD_OUT)
    assert not {line.voice.name.split("+")[-1] for line in lines} & {voice.name.split("+")[-1] for voice in HELD_OUT}
    assert all(set(line.text.split()) <= set(WORDS) for line in held)


def test_flite_says_when_each_sound_ends() -> None:
    said = speak(HELD_OUT[0], "yes")
    assert said.phones is not None
    assert [phone for phone, _ in said.phones] == ["pau", "y", "eh", "s", "pau"]
    assert said.phones[-1][1] == pytest.approx(len(said.samples) / 8000, abs=0.1)


def test_a_voice_that_was_not_fetched_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run docker/fetch-asterisk --voices"):
        speak(HELD_OUT[0], "yes", programs=tmp_path)


def test_phones_have_numbers_of_their_own() -> None:
    every = {phone_id(phone, place, 3) for phone in PHONES[1:] for place in range(3)}
    every |= {phone_id(phone, 0, 1) for phone in PHONES[1:]}
    assert every == set(range(2, GARBAGE_ID))
    assert output_of(SILENCE_ID) == 0
    assert {PHONES[output_of(number)] for number in every} == set(PHONES[1:])
    assert output_of(GARBAGE_ID) == len(PHONES)
    assert boundaries().splitlines()[:2] == ["1 nonword", "2 begin"]


def test_kaldi_is_written_as_it_is_read() -> None:
    data = bytes(KaldiWriter().tokens("<A>").integers(7).real(0.5).matrix([[1, 2]]).integer_vector([3]).data)
    assert data == (
        b"\0B<A> \x04" + struct.pack("<i", 7) + b"\x04" + struct.pack("<f", 0.5) + b"FM \x04" + struct.pack("<i", 1)
        + b"\x04" + struct.pack("<iff", 2, 1, 2) + b"\x04" + struct.pack("<ii", 1, 3)
    )  # fmt: skip


def test_openfst_is_written_with_its_arcs_in_order() -> None:
    graph = Transducer()
    first = graph.state()
    graph.ends[first] = 1.5
    graph.arc(first, first, 2, 3, 0.5)
    graph.arc(first, first, 1, 4)
    data = graph.written(SORTED_BY_INPUT)
    head = struct.pack("<i", MAGIC) + struct.pack("<i", 6) + b"vector" + struct.pack("<i", 8) + b"standard"
    assert data.startswith(head)
    assert data.endswith(struct.pack("<fqiifiiifi", 1.5, 2, 1, 4, 0.0, 0, 2, 3, 0.5, 0))


def test_word_errors_are_changes_and_words_too_many_or_too_few() -> None:
    assert evaluate.distance("a b c".split(), "a x c d".split()) == 2
    assert evaluate.distance([], ["a"]) == 1
