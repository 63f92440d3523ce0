"""The commands about flows that load recognisers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console import main
from console.building import PRIVATE_ESPEAK
from ivr.speech.engines import scripted
from prompts.audio import encode, to_telephone
from prompts.espeak import EspeakSynthesizer, find_espeak
from prompts.formats import Format
from prompts.synthesis import Utterance
from tests.ivr.test_wav_caller import spoken

FLOW = """\
language: en
start: main
nodes:
  main: {menu: [main.menu], keys: {"1": sales}, phrases: {sales: {en: [sales, flux capacitor]}}, failed: bye}
  sales: {hangup: [system.goodbye], outcome: sold}
  bye: {hangup: [system.goodbye]}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings with a recogniser that knows all words, and a flow."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "en.yaml").write_text("main.menu: Say sales.\nsaid.sales: sales\n", encoding="utf-8")
    (tmp_path / "main.yaml").write_text(FLOW, encoding="utf-8")
    path = tmp_path / "callwright.toml"
    path.write_text(
        f'[prompts]\ntexts = "{tmp_path}/prompts"\nlanguages = ["en"]\n'
        '[[speech.models]]\nlanguage = "en"\nengine = "scripted"\n',
        encoding="utf-8",
    )
    return path


def invoke(settings: Path, *words: str, status: int = 0) -> str:
    result = CliRunner().invoke(main.app, ["--settings", str(settings), *words], env={"COLUMNS": "200"})
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result.output


def test_check_finds_words_that_the_recogniser_does_not_know(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = str(settings.parent / "main.yaml")
    told = invoke(settings, "ivr", "check", "--speech", file)
    assert "0 errors" in told and "[unknown-word]" not in told
    monkeypatch.setattr(
        scripted.ScriptedRecognizer, "unknown", lambda self, words: frozenset(words) & {"flux", "capacitor"}
    )
    told = invoke(settings, "ivr", "check", "--speech", file, status=1)
    assert ':4: nodes.main.phrases.sales.en[1]: error: the recogniser of en does not know "flux", "capacitor"' in told
    assert "[unknown-word]" not in invoke(settings, "ivr", "check", file)


def test_check_says_where_no_model_serves_a_language(settings: Path) -> None:
    settings.write_text(settings.read_text(encoding="utf-8").replace('engine = "scripted"', 'engine = "none"'))
    told = invoke(settings, "ivr", "check", "--speech", str(settings.parent / "main.yaml"))
    assert ":1: language: warning: callers who speak en have keys alone: no engine of speech recognition is" in told


def test_a_walk_is_answered_by_files(settings: Path) -> None:
    wav = spoken(settings.parent, "flux capacitor")
    told = invoke(settings, "ivr", "walk", str(settings.parent / "main.yaml"), "--wav", str(wav), "--keys", "")
    assert "-> Heard sales, flux capacitor, True, 1.0" in told
    assert "The call has ended: sold at sales." in told


def test_a_synthetic_voice_is_understood_by_the_default_recogniser(settings: Path) -> None:
    """What espeak-ng says goes through the file, the recogniser that needs no settings, and the decision."""
    speaker = EspeakSynthesizer(find_espeak(os.environ, [PRIVATE_ESPEAK]))
    wav = settings.parent / "said.wav"
    speech = speaker.speak(Utterance("changed my mind", "en-us"))
    wav.write_bytes(encode(to_telephone(speech), Format.WAV))
    flow = settings.parent / "main.yaml"
    flow.write_text(FLOW.replace("[sales, flux capacitor]", "[changed my mind, person]"), encoding="utf-8")
    told = invoke(settings, "ivr", "walk", str(flow), "--alone", "--wav", str(wav), "--keys", "")
    assert "-> Heard sales, changed my mind" in told
