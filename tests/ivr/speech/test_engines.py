"""Engines are found by name, and a language by the settings' models."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from calls.errors import SpeechError
from calls.settings import SpeechModel, SpeechSettings
from ivr.speech.engines import engines, model_for, recognizer_for
from ivr.speech.engines.scripted import ScriptedRecognizer

OURS = {"vosk", "pocketsphinx", "scripted"}


def installed(monkeypatch: pytest.MonkeyPatch, points: Mapping[str, str]) -> None:
    """Have packages with these entry points installed."""
    found = tuple(EntryPoint(name, value, "callwright.recognizers") for name, value in points.items())
    monkeypatch.setattr("ivr.speech.engines.entry_points", lambda group: found)


def only(engine: str, language: str = "en", folder: Path | None = None) -> SpeechSettings:
    return SpeechSettings(models=(SpeechModel(language=language, engine=engine, folder=folder),))


def test_our_own_are_always_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert OURS <= set(engines())
    installed(monkeypatch, {})
    assert set(engines()) == OURS


def test_a_package_brings_an_engine_and_takes_no_name_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = "ivr.speech.engines.scripted:load"
    installed(monkeypatch, {"theirs": theirs, "vosk": theirs})
    assert set(engines()) == OURS | {"theirs"}
    assert isinstance(recognizer_for(only("theirs"), "en"), ScriptedRecognizer)
    with pytest.raises(SpeechError):
        recognizer_for(only("vosk", folder=Path("/nowhere")), "en")


@pytest.mark.parametrize("value", ["no_such_package:load", "ivr.speech.engines.scripted:no_such_name"])
def test_an_engine_that_is_not_there_says_what_to_install(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    installed(monkeypatch, {"theirs": value})
    with pytest.raises(SpeechError, match=r"'theirs' cannot be loaded .* install"):
        recognizer_for(only("theirs"), "en")


def test_a_library_that_is_not_installed_stops_only_its_own_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vosk", None)
    monkeypatch.delitem(sys.modules, "ivr.speech.engines.vosk", raising=False)
    with pytest.raises(SpeechError, match="install the extra speech"):
        recognizer_for(only("vosk", folder=Path("/nowhere")), "en")
    assert isinstance(recognizer_for(only("scripted"), "en"), ScriptedRecognizer)


def test_an_unknown_engine_is_named_with_those_that_are_known() -> None:
    with pytest.raises(SpeechError, match=r"'whisper': expected one of pocketsphinx, scripted, vosk"):
        recognizer_for(only("whisper"), "en")


def test_a_language_without_a_model_says_how_to_add_one() -> None:
    with pytest.raises(SpeechError, match="callwright speech add es FOLDER"):
        recognizer_for(SpeechSettings(), "es")


def test_a_region_is_served_by_its_own_model_or_else_by_the_languages() -> None:
    british, english = SpeechModel(language="en-GB", engine="scripted"), SpeechModel(language="en", engine="scripted")
    settings = SpeechSettings(models=(english, british))
    assert model_for(settings, "en-GB") == british
    assert model_for(settings, "en-AU") == english
    assert model_for(settings, "e") is None


def test_scripted_takes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="takes no model"):
        recognizer_for(only("scripted", folder=tmp_path), "en")
