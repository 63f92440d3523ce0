"""Sentences composed of pieces flow like sentences spoken whole, by the real espeak-ng."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy
import pytest

from calls.settings import Prompts
from calls.switch.port import Prompt
from prompts.audio import LEVEL_DBOV, PEAK_DBOV, Audio, Samples, decode_ulaw, measure, to_telephone
from prompts.espeak import EspeakPlace
from prompts.library import PromptLibrary
from prompts.phrases import compose
from prompts.rendering import render_all
from prompts.spoken import Value
from prompts.synthesis import Utterance
from prompts.texts import PromptText
from prompts.warm import WarmEspeak

TEXTS = {
    "en": "a: Your balance is {sum:money EUR}\nb: We will call you on {day:date} at {at:time}\n",
    "de": "a: Ihr Kontostand beträgt {sum:money EUR}\nb: Wir rufen Sie am {day:date} um {at:time} an\n",
    "es": "a: Su saldo es de {sum:money EUR}\nb: Le llamaremos el {day:date} a las {at:time}\n",
    "fr": "a: Votre solde est de {sum:money EUR}\nb: Nous vous appellerons le {day:date} à {at:time}\n",
}
VALUES: dict[str, Value | None] = {"sum": "1234.56", "day": "2026-12-01", "at": "14:30"}

Spoken = tuple[PromptLibrary, WarmEspeak]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory, place: EspeakPlace) -> Iterator[Spoken]:
    """Every piece that the texts can need."""
    folder = tmp_path_factory.mktemp("composed")
    for language, text in TEXTS.items():
        (folder / f"{language}.yaml").write_text(text, encoding="utf-8")
    library = PromptLibrary(Prompts(texts=folder, cache=folder / "cache", languages=tuple(TEXTS)))
    with WarmEspeak(place) as speaker:
        assert render_all(library, speaker).failed == ()
        yield library, speaker


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("key", ["a", "b"])
def test_a_composed_sentence_flows(rendered: Spoken, language: str, key: str) -> None:
    library, speaker = rendered
    played = [each for each in compose(library.phrases[language][key], VALUES, language) if isinstance(each, Prompt)]
    pieces = [decode_ulaw(library.path(prompt).read_bytes()).samples for prompt in played]
    composed = measure(Audio(numpy.concatenate(pieces), 8_000))
    assert composed.active_dbov == pytest.approx(LEVEL_DBOV, abs=0.5)
    assert composed.peak_dbov <= PEAK_DBOV + 0.5
    sources = [library.sources[prompt] for prompt in played]
    text = " ".join(source.text for source in sources if isinstance(source, PromptText))
    whole = to_telephone(speaker.speak(Utterance(text, language)))
    assert 1.0 < composed.duration_s / whole.duration_s < 1.3
    gaps = [round(gap_s_between(one, other), 2) for one, other in pairwise(pieces)]
    assert 0.03 <= min(gaps) <= max(gaps) <= 0.08, gaps


def gap_s_between(one: Samples, other: Samples) -> float:
    """How long nothing is heard: frames of 10 ms that are 40 dB under the loud ones of their piece."""
    ends = [frame for piece in (one[::-1], other) for frame in [numpy.argmax(heard(piece))]]
    return float(sum(ends)) * 0.01


def heard(samples: Samples) -> Samples:
    frames = samples[: len(samples) // 80 * 80].reshape(-1, 80)
    rms = numpy.sqrt(numpy.mean(frames.astype(numpy.float64) ** 2, axis=1))
    return numpy.asarray(rms >= numpy.percentile(rms, 95) * 0.01)
