"""Voices, recorded takes and pieces are equally loud, as a speech voltmeter hears them and by a measure not ours."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from prompts.audio import PEAK_DBOV, Audio, Samples, measure, read_audio, to_telephone
from prompts.espeak import EspeakPlace
from prompts.formats import JOINED
from prompts.synthesis import Utterance
from prompts.warm import WarmEspeak
from tests.prompts.p56 import active_level_dbov
from tests.tinyvosk.speakers import PROGRAMS

SENTENCES = (
    ("en-us", "For sales, press one. For support, press two."),
    ("en-gb", "Thank you for calling, please hold the line."),
    ("de", "Vielen Dank für Ihren Anruf, bitte warten Sie einen Augenblick."),
    ("es", "Gracias por llamar, le atenderemos en un momento."),
    ("fr", "Merci de votre appel, nous allons vous répondre."),
)
PIECES = (("en-us", "seven"), ("en-us", "two hundred"), ("de", "vierunddreißig"), ("es", "siete"), ("fr", "quatorze"))


@pytest.fixture(scope="module")
def speaker(place: EspeakPlace) -> Iterator[WarmEspeak]:
    with WarmEspeak(place) as made:
        yield made


def takes(audio: Audio) -> dict[str, Audio]:
    """One speech as studios and kitchens deliver it."""
    draw = numpy.random.default_rng(7)
    samples, rate_hz = audio.samples, audio.rate_hz
    room = (10 ** (-62 / 20) * draw.standard_normal(len(samples) + 3 * rate_hz)).astype(numpy.float32)
    quiet = room.copy()
    quiet[rate_hz : rate_hz + len(samples)] += samples * numpy.float32(0.05)
    click = numpy.concatenate([samples, numpy.zeros(rate_hz, dtype=numpy.float32)])
    click[-rate_hz // 2] = 1.0
    dull = numpy.convolve(samples, numpy.full(16, 1 / 16, dtype=numpy.float32), mode="same")
    return {
        "as it is": audio,
        "quiet, in a room, with silence around it": Audio(quiet, rate_hz),
        "too loud": Audio(numpy.clip(samples * 4, -1, 1).astype(numpy.float32), rate_hz),
        "a click": Audio(click * numpy.float32(0.5), rate_hz),
        "direct current": Audio(samples * numpy.float32(0.2) + numpy.float32(0.2), rate_hz),
        "a dull microphone": Audio((dull * numpy.float32(0.3)).astype(numpy.float32), rate_hz),
    }


def heard_db(samples: Samples) -> float:
    """Loudness by another way than ours: BS.1770's weighting, the loudest 0.2 s of it averaged over the loud half."""
    spectrum = numpy.fft.rfft(samples, 2 * len(samples))
    z = numpy.exp(-2j * numpy.pi * numpy.fft.rfftfreq(2 * len(samples), 1 / 8_000) / 48_000)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    weighted = numpy.fft.irfft(spectrum * shelf)[: len(samples)]
    blocks = numpy.lib.stride_tricks.sliding_window_view(numpy.pad(weighted, (0, 800)) ** 2, 800)[::200].mean(axis=1)
    loud = blocks[blocks >= blocks.max() / 10]
    return float(10 * numpy.log10(loud.mean()))


def spread(levels: list[float]) -> float:
    return max(levels) - min(levels)


def test_a_sentence_is_at_the_nominal_level_of_telephone_speech(speaker: WarmEspeak) -> None:
    levels = [
        active_level_dbov(to_telephone(speaker.speak(Utterance(text, voice))).samples) for voice, text in SENTENCES
    ]
    assert numpy.mean(levels) == pytest.approx(-26.0, abs=0.7)
    assert spread(levels) < 2.0


@pytest.mark.parametrize(("voice", "text"), SENTENCES)
def test_takes_of_any_level_come_out_equally_loud(speaker: WarmEspeak, voice: str, text: str) -> None:
    """Before: over 30 dB apart. After: what few people hear at all."""
    given = takes(speaker.speak(Utterance(text, voice)))
    before = [measure(audio).active_dbov for audio in given.values()]
    after = {name: to_telephone(audio) for name, audio in given.items()}
    assert spread(before) > 30
    assert spread([active_level_dbov(audio.samples) for audio in after.values()]) < 1.0
    assert spread([heard_db(audio.samples) for audio in after.values()]) < 2.0
    assert max(measure(audio).peak_dbov for audio in after.values()) <= PEAK_DBOV + 0.01
    lengths = [audio.duration_s for audio in after.values()]
    assert spread(lengths) < 0.2


FLITE = ("kal", "kal16", "awb", "rms", "slt")
ESPEAK = ("en-us", "en-gb", "en-us+f5", "en-us+m7")


def spoken_by(program: str, arguments: list[str], path: Path) -> Audio:
    """What one of the fetched programs says (docker/fetch-asterisk --voices)."""
    subprocess.run([str(PROGRAMS / program / "run"), *arguments], check=True, capture_output=True, timeout=60)
    return read_audio(path)


def test_voices_of_different_engines_are_equally_loud(tmp_path: Path) -> None:
    """Nine voices of two engines, men and women, at 8, 16 and 22.05 kHz."""
    text, path = "Thank you for calling. Please hold the line.", tmp_path / "said.wav"
    given = [
        *(spoken_by("flite", ["-voice", name, "-t", text, "-o", str(path)], path) for name in FLITE),
        *(spoken_by("espeak", ["-v", name, "-w", str(path), text], path) for name in ESPEAK),
    ]
    after = [to_telephone(audio).samples for audio in given]
    assert {audio.rate_hz for audio in given} == {8_000, 16_000, 22_050}
    assert spread([measure(audio).active_dbov for audio in given]) > 10
    assert spread([active_level_dbov(samples) for samples in after]) < 1.0
    assert spread([heard_db(samples) for samples in after]) < 2.0


def test_a_piece_is_as_loud_as_the_sentence_that_it_stands_in(speaker: WarmEspeak) -> None:
    spoken = [to_telephone(speaker.speak(Utterance(text, voice))) for voice, text in SENTENCES]
    pieces = [to_telephone(speaker.speak(Utterance(text, voice)), JOINED) for voice, text in PIECES]
    heard = [heard_db(audio.samples) for audio in (*spoken, *pieces)]
    assert spread(heard) < 3.0
    assert numpy.mean(heard[: len(spoken)]) == pytest.approx(numpy.mean(heard[len(spoken) :]), abs=1.0)
