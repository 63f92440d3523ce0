"""What is said of a take: clipped, noisy, of another length than its text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy
import pytest

from calls.errors import PromptError
from prompts.audio import Audio, Samples
from prompts.espeak import EspeakPlace
from prompts.synthesis import Utterance
from prompts.takes import judged
from prompts.warm import WarmEspeak
from tests.prompts.conftest import tone

TEXTS = {
    "en": "Thank you for calling. All of our agents are busy, please hold the line.",
    "de": "Vielen Dank für Ihren Anruf. Bitte warten Sie einen Augenblick.",
    "es": "Gracias por llamar. Le atenderemos en un momento.",
    "fr": "Merci de votre appel. Nous allons vous répondre.",
}


@pytest.fixture(scope="module")
def speaker(place: EspeakPlace) -> Iterator[WarmEspeak]:
    with WarmEspeak(place) as made:
        yield made


def in_room(speech: Samples, rate_hz: int, noise_dbov: float) -> Samples:
    """A second of the room before and after, as takes have it."""
    draw = numpy.random.default_rng(3)
    take = numpy.zeros(len(speech) + 2 * rate_hz, dtype=numpy.float32)
    take[rate_hz : rate_hz + len(speech)] = speech
    return take + (10 ** (noise_dbov / 20) * draw.standard_normal(len(take))).astype(numpy.float32)


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("rate_wpm", [110, 165, 210])
def test_a_good_take_has_no_complaint(speaker: WarmEspeak, language: str, rate_wpm: int) -> None:
    audio = speaker.speak(Utterance(TEXTS[language], language, rate_wpm))
    speech = audio.samples * numpy.float32(0.5)
    assert judged(Audio(in_room(speech, audio.rate_hz, -75), audio.rate_hz), TEXTS[language]).complaints == ()


@pytest.mark.parametrize("word", ["one", "two hundred", "Press"])
def test_a_good_take_of_a_piece_has_none(speaker: WarmEspeak, word: str) -> None:
    audio = speaker.speak(Utterance(word, "en"))
    assert judged(Audio(audio.samples * numpy.float32(0.5), audio.rate_hz), word).complaints == ()


@pytest.mark.parametrize(("gain", "clipped"), [(0.5, False), (1.0, False), (3.0, True), (8.0, True)])
def test_a_clipped_take_is_told(speaker: WarmEspeak, gain: float, clipped: bool) -> None:
    audio = speaker.speak(Utterance(TEXTS["en"], "en"))
    loudest = audio.samples / numpy.abs(audio.samples).max() * numpy.float32(0.95)
    take = judged(Audio(numpy.clip(loudest * gain, -1, 1).astype(numpy.float32), audio.rate_hz), TEXTS["en"])
    assert take.clipped is clipped
    assert any("clipped" in complaint for complaint in take.complaints) is clipped


def test_what_was_clipped_and_then_turned_down_is_told(speaker: WarmEspeak) -> None:
    audio = speaker.speak(Utterance(TEXTS["en"], "en"))
    cut = numpy.clip(audio.samples * 5, -1, 1) * 0.7
    assert judged(Audio(cut.astype(numpy.float32), audio.rate_hz), TEXTS["en"]).clipped


@pytest.mark.parametrize("frequency_hz", [100.0, 440.0])
def test_a_steady_tone_is_not_clipped(frequency_hz: float) -> None:
    assert not judged(tone(1.0, 48_000, frequency_hz * 4, 0.99), "abcdefghij").clipped


@pytest.mark.parametrize(("noise_dbov", "noisy"), [(-75, False), (-58, False), (-42, True), (-36, True)])
def test_a_noisy_take_is_told(speaker: WarmEspeak, noise_dbov: float, noisy: bool) -> None:
    """Its speech is at about -22 dBov."""
    audio = speaker.speak(Utterance(TEXTS["en"], "en"))
    speech = audio.samples * numpy.float32(0.5)
    take = judged(Audio(in_room(speech, audio.rate_hz, noise_dbov), audio.rate_hz), TEXTS["en"])
    assert any("noisy" in complaint for complaint in take.complaints) is noisy


def test_a_take_of_another_text_is_told_by_its_length(speaker: WarmEspeak) -> None:
    long, short = speaker.speak(Utterance(TEXTS["en"], "en")), speaker.speak(Utterance("Hello.", "en"))
    assert "is long for its text: " in judged(long, "Hello.").complaints[0]
    assert "is short for its text: " in judged(short, TEXTS["en"]).complaints[0]


def test_silence_is_no_take() -> None:
    with pytest.raises(PromptError, match="silent"):
        judged(tone(1.0, 8_000, 440, 0.0), "Hello.")
