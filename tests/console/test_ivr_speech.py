"""The commands about flows that load recognisers."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from calls.errors import SpeechError
from console import main
from ivr.speech.engines import scripted
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
    with pytest.raises(SpeechError, match="no engine of speech recognition is named 'none'"):
        invoke(settings, "ivr", "check", "--speech", str(settings.parent / "main.yaml"))


def test_a_walk_is_answered_by_files(settings: Path) -> None:
    wav = spoken(settings.parent, "flux capacitor")
    told = invoke(settings, "ivr", "walk", str(settings.parent / "main.yaml"), "--wav", str(wav), "--keys", "")
    assert "-> Heard sales, flux capacitor, True, 1.0" in told
    assert "The call has ended: sold at sales." in told
