"""What the sound measures after each step; mu-law against libsndfile's own encoder."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import PromptError
from prompts.audio import (
    LEVEL_DBOV,
    PEAK_DBOV,
    Audio,
    Samples,
    decode_ulaw,
    encode,
    measure,
    read_audio,
    to_telephone,
)
from prompts.formats import JOINED, Format
from tests.prompts.conftest import tone


def silence(duration_s: float, rate_hz: int) -> Samples:
    return numpy.zeros(round(duration_s * rate_hz), dtype=numpy.float32)


def test_mulaw_is_that_of_libsndfile_for_every_sample() -> None:
    every = numpy.arange(-32_768, 32_768, dtype=numpy.int16)
    theirs = io.BytesIO()
    soundfile.write(theirs, every, 8_000, format="RAW", subtype="ULAW")
    ours = encode(Audio((every / 32_768).astype(numpy.float32), 8_000), Format.ULAW)
    assert ours == theirs.getvalue()


def test_mulaw_decodes_as_libsndfile_does() -> None:
    codes = bytes(range(256))
    theirs, _ = soundfile.read(io.BytesIO(codes), channels=1, samplerate=8_000, format="RAW", subtype="ULAW")
    assert numpy.array_equal(decode_ulaw(codes).samples, theirs.astype(numpy.float32))


def test_a_wav_for_the_switch_is_8_khz_16_bit_mono() -> None:
    with wave.open(io.BytesIO(encode(tone(0.5, 8_000, 440, 0.3), Format.WAV))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (
            1,
            2,
            8_000,
            4_000,
        )


def test_another_rate_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="to_telephone"):
        encode(tone(0.5, 22_050, 440, 0.3), Format.ULAW)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("amplitude", [0.005, 0.3, 1.0])
def test_speech_ends_at_one_level_whatever_it_came_in(rate_hz: int, amplitude: float) -> None:
    telephone = to_telephone(tone(1.0, rate_hz, 1_000, amplitude))
    level = measure(telephone)
    assert level.active_dbov == pytest.approx(LEVEL_DBOV, abs=0.1)
    assert telephone.rate_hz == 8_000
    assert telephone.duration_s == pytest.approx(1.0, abs=0.02)


def test_a_peak_is_turned_down_and_the_rest_is_as_loud_as_ever() -> None:
    samples = tone(1.0, 8_000, 1_000, 0.01).samples.copy()
    samples[4_000] = 1.0
    telephone = to_telephone(Audio(samples, 8_000))
    level = measure(telephone)
    assert level.peak_dbov <= PEAK_DBOV + 0.01
    assert level.active_dbov == pytest.approx(LEVEL_DBOV, abs=0.5)
    steady = to_telephone(tone(1.0, 8_000, 1_000, 0.01)).samples
    assert telephone.samples[400:3_000] == pytest.approx(steady[400:3_000], abs=0.005)


@given(
    peaks=st.lists(st.tuples(st.integers(0, 7_999), st.floats(-1, 1)), max_size=20),
    amplitude=st.floats(0.01, 1.0),
)
def test_no_sample_is_above_the_limit(peaks: list[tuple[int, float]], amplitude: float) -> None:
    samples = tone(1.0, 8_000, 500, amplitude).samples.copy()
    for place, value in peaks:
        samples[place] = value
    assert measure(to_telephone(Audio(samples, 8_000))).peak_dbov <= PEAK_DBOV + 0.01


def test_direct_current_goes() -> None:
    samples = to_telephone(Audio(tone(1.0, 8_000, 500, 0.05).samples + numpy.float32(0.3), 8_000)).samples
    assert abs(float(samples[800:-800].mean())) < 1e-4


@pytest.mark.parametrize("noise_dbov", [-90, -60, -48, -42])
def test_the_noise_of_a_room_is_no_speech(noise_dbov: float) -> None:
    """Speech at -20 dBov, a second and a half of the room before and after it."""
    draw = numpy.random.default_rng(1)
    speech = tone(0.8, 8_000, 700, 0.14).samples
    take = numpy.concatenate([silence(1.5, 8_000), speech, silence(1.5, 8_000)])
    take += (10 ** (noise_dbov / 20) * draw.standard_normal(len(take))).astype(numpy.float32)
    telephone = to_telephone(Audio(take, 8_000))
    assert telephone.duration_s == pytest.approx(0.8 + 0.03 + 0.15, abs=0.04)
    assert measure(telephone).active_dbov == pytest.approx(LEVEL_DBOV, abs=0.3)


def test_a_click_far_from_speech_goes_and_a_short_word_stays() -> None:
    speech = tone(0.5, 8_000, 700, 0.1).samples
    click = tone(0.02, 8_000, 900, 0.3).samples
    word = tone(0.06, 8_000, 700, 0.1).samples
    take = [click, silence(0.6, 8_000), speech, silence(0.2, 8_000), word, silence(0.8, 8_000), click]
    telephone = to_telephone(Audio(numpy.concatenate(take), 8_000))
    assert telephone.duration_s == pytest.approx(0.5 + 0.2 + 0.06 + 0.18, abs=0.04)


@pytest.mark.parametrize(
    ("frequency_hz", "kept"), [(50, False), (300, True), (1_000, True), (3_400, True), (5_000, False), (9_000, False)]
)
def test_only_the_telephone_band_is_kept(frequency_hz: float, kept: bool) -> None:
    """A loud tone under a quiet 1 kHz one: out of the band it must not come through, aliased or as it is."""
    wanted, other = tone(1.0, 22_050, 1_020, 0.05).samples, tone(1.0, 22_050, frequency_hz, 0.05).samples
    heard = to_telephone(Audio(wanted + other, 22_050)).samples
    spectrum = numpy.abs(numpy.fft.rfft(heard * numpy.blackman(len(heard))))
    hz = numpy.fft.rfftfreq(2 * (len(spectrum) - 1), 1 / 8_000)
    at_wanted = spectrum[(hz > 1_010) & (hz < 1_030)].max()
    elsewhere = spectrum[(hz < 950) | (hz > 1_100)].max() if frequency_hz != 1_000 else at_wanted
    ratio_db = 20 * numpy.log10(elsewhere / at_wanted)
    assert ratio_db > -3 if kept else ratio_db < -50


def test_silence_at_both_ends_goes_and_a_pause_within_stays() -> None:
    speech = tone(0.5, 22_050, 800, 0.3).samples
    parts = [silence(2, 22_050), speech, silence(0.7, 22_050), speech, silence(3, 22_050)]
    telephone = to_telephone(Audio(numpy.concatenate(parts), 22_050))
    assert telephone.duration_s == pytest.approx(0.5 + 0.7 + 0.5 + 0.03 + 0.15, abs=0.03)
    assert abs(telephone.samples[0]) < 1e-4
    assert abs(telephone.samples[-1]) < 1e-4


def test_what_is_joined_stands_as_near_as_words_in_a_sentence() -> None:
    speech = tone(0.5, 22_050, 800, 0.3).samples
    alone = Audio(numpy.concatenate([silence(0.2, 22_050), speech, silence(0.4, 22_050)]), 22_050)
    piece = to_telephone(alone, JOINED).samples
    loud = numpy.flatnonzero(numpy.abs(numpy.concatenate([piece, piece])) > 0.01)
    assert 0.03 <= numpy.diff(loud).max() / 8_000 <= 0.08


@pytest.mark.parametrize("samples", [silence(1, 22_050), tone(1, 22_050, 50, 0.0005).samples, silence(0.01, 22_050)])
def test_silence_is_no_prompt(samples: Samples) -> None:
    with pytest.raises(PromptError, match="silent"):
        to_telephone(Audio(samples, 22_050))


@pytest.mark.parametrize("samples", [1, 2, 39, 81])
def test_a_click_of_a_few_samples_is_no_crash(samples: int) -> None:
    click = Audio(numpy.full(samples, 0.5, dtype=numpy.float32), 8_000)
    try:
        assert measure(to_telephone(click)).peak_dbov <= PEAK_DBOV + 0.01
    except PromptError as fault:
        assert "silent" in str(fault)


def test_files_that_are_no_recording_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, numpy.eye(100, 2), 8_000)
    with pytest.raises(PromptError, match="2 channels"):
        read_audio(path)
    soundfile.write(path, numpy.zeros(100), 6_000)
    with pytest.raises(PromptError, match="6000 Hz"):
        read_audio(path)
    soundfile.write(path, numpy.zeros(0), 8_000)
    with pytest.raises(PromptError, match="no sound"):
        read_audio(path)
    soundfile.write(path, numpy.zeros(601 * 8_000, dtype=numpy.int16), 8_000)
    with pytest.raises(PromptError, match="plays for 601 s; at most 600"):
        read_audio(path)
    path.write_bytes(b"RIFF not really")
    with pytest.raises(PromptError, match="not a sound file"):
        read_audio(path)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_recordings_of_every_usual_kind_are_read(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, tone(0.5, 16_000, 440, 0.3).samples, 16_000, subtype=subtype)
    assert read_audio(path).duration_s == 0.5
