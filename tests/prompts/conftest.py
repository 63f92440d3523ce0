"""An installation's prompts in a folder of the test's own, a fake engine, and the real espeak-ng."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from calls.errors import PromptError
from calls.settings import Prompts
from prompts.audio import Audio
from prompts.espeak import EspeakPlace, EspeakSynthesizer, find_espeak
from prompts.synthesis import EngineVersion, Utterance

ROOT = Path(__file__).resolve().parent.parent.parent
FETCHED = ROOT / "var" / "pbx" / "espeak"


@pytest.fixture(scope="session")
def place() -> EspeakPlace:
    """The real espeak-ng. Where there is none the tests fail, and the error says how to get it."""
    return find_espeak(os.environ, (FETCHED,))


@pytest.fixture(scope="session")
def espeak(place: EspeakPlace) -> EspeakSynthesizer:
    return EspeakSynthesizer(place)


@pytest.fixture
def settings(tmp_path: Path) -> Prompts:
    """Texts in two languages, one recording folder, an empty cache."""
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "en.yaml").write_text("main.welcome: Welcome to the company.\nmain.menu: Press one for sales.\n")
    (texts / "de.yaml").write_text("main.welcome: Willkommen.\n")
    (tmp_path / "recorded").mkdir()
    return Prompts(
        system_texts=False,
        texts=texts,
        recorded=tmp_path / "recorded",
        cache=tmp_path / "cache",
        languages=("en", "de"),
        voices={"en": "en-us"},
    )


class FakeSynthesizer:
    """A tone for each text, as long as the text; refuses what it is told to. Counts what it was asked."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.spoken: list[Utterance] = []
        self.refuse: Callable[[Utterance], bool] = lambda utterance: False
        self._lock = threading.Lock()

    @property
    def engine(self) -> EngineVersion:
        return EngineVersion("fake", self.version)

    def speak(self, utterance: Utterance) -> Audio:
        with self._lock:
            self.spoken.append(utterance)
        if self.refuse(utterance):
            raise PromptError("the fake will not say this")
        return tone(0.1 * len(utterance.text), 22_050, 440.0, 0.3)


@pytest.fixture
def fake() -> FakeSynthesizer:
    return FakeSynthesizer()


def tone(duration_s: float, rate_hz: int, frequency_hz: float, amplitude: float) -> Audio:
    at = numpy.arange(round(duration_s * rate_hz)) / rate_hz
    return Audio((amplitude * numpy.sin(2 * numpy.pi * frequency_hz * at)).astype(numpy.float32), rate_hz)
