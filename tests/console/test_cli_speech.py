"""``callwright speech``: what understands callers, and what they could not say."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from calls.errors import SpeechError
from calls.settings import load
from tests.console.command_line import invoke
from tests.console.served import install
from tests.tinyvosk.export import MODEL

SAMPLES = Path(__file__).resolve().parents[2] / "docs" / "samples" / "callwright.toml"

FLOW = """\
language: en
start: menu
nodes:
  menu:
    menu: [main.menu]
    keys: {"1": bye, "2": bye2}
    phrases:
      bye: {en: [opening hours, blorfing]}
      bye2: {en: [sales]}
    failed: bye
  bye: {hangup: [system.goodbye]}
  bye2: {hangup: [system.goodbye]}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return install(tmp_path)


def with_model(path: Path, language: str, folder: Path) -> None:
    more = f'\n[[speech.models]]\nlanguage = "{language}"\nfolder = "{folder}"\n'
    path.write_text(path.read_text() + more, encoding="utf-8")


def test_the_bundled_model_serves_english_by_itself(path: Path) -> None:
    (row,) = json.loads(invoke(path, "speech", "list", "--json"))
    assert (row["language"], row["engine"], row["model"]) == ("en", "pocketsphinx", "its own")
    assert row["state"].startswith("loaded in ")


def test_a_model_that_does_not_load_is_listed_with_why(path: Path, tmp_path: Path) -> None:
    with_model(path, "de", MODEL)
    text = invoke(path, "speech", "list", status=1)
    assert "no model of de" in " ".join(text.split())
    assert "pocketsphinx" in text


def test_what_add_prints_is_what_the_settings_take(path: Path) -> None:
    told = invoke(path, "speech", "add", "en", str(MODEL))
    assert told.startswith(f"en: vosk can use {MODEL}, loaded in ")
    assert "beside what is there" in told
    printed = told[told.index("[[speech.models]]\n") :]
    assert tomllib.loads(printed)["speech"]["models"][0]["folder"] == str(MODEL)
    path.write_text(path.read_text() + printed, encoding="utf-8")
    (model,) = load(path, {}).speech.served
    assert (model.language, model.engine, model.folder) == ("en", "vosk", MODEL)
    assert "in the place of the [[speech.models]] of en" in invoke(path, "speech", "add", "en", str(MODEL))


def test_a_bad_model_is_not_added(path: Path, tmp_path: Path) -> None:
    shutil.copytree(MODEL, tmp_path / "model")
    (tmp_path / "model/graph/Gr.fst").unlink()
    with pytest.raises(SpeechError, match=r"lacks graph/Gr\.fst"):
        invoke(path, "speech", "add", "en", str(tmp_path / "model"))
    with pytest.raises(SpeechError, match="expected a language such as de"):
        invoke(path, "speech", "add", "German", str(MODEL))


def test_check_loads_the_models_where_nobody_speaks(path: Path) -> None:
    told = invoke(path, "speech", "check")
    assert "en: pocketsphinx with its own model, loaded in " in told
    assert "1 models, 0 problems" in told


def test_check_finds_words_that_the_model_lacks(path: Path, tmp_path: Path) -> None:
    flow = tmp_path / "flows" / "talking.yaml"
    flow.write_text(FLOW, encoding="utf-8")
    with (tmp_path / "texts" / "en.yaml").open("a", encoding="utf-8") as texts:
        texts.write("said.bye: The opening hours.\nsaid.bye2: Sales.\n")
    told = invoke(path, "speech", "check", str(flow), status=1)
    assert "talking.nodes.menu.phrases: the model of en does not know blorfing" in told
    assert "1 models, 1 problems" in told
    flow.write_text(FLOW.replace(", blorfing", ""), encoding="utf-8")
    assert "1 models, 0 problems" in invoke(path, "speech", "check", str(flow))


def test_check_tells_what_an_engine_does_not_take_and_a_language_without_a_model() -> None:
    told = invoke(SAMPLES, "speech", "check", status=1)
    assert "returns.nodes.day.spoken: pocketsphinx is too slow for free speech, days and codes" in told
    assert "de: no model understands it" in told


def test_check_says_which_model_does_not_load(path: Path) -> None:
    with_model(path, "de", MODEL)
    told = invoke(path, "speech", "check", status=1)
    assert "de: " in told
    assert "is no model of de" in told
