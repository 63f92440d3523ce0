"""A model is tried in a process of its own, which may die."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from calls.errors import SpeechError
from calls.settings import SpeechModel
from ivr.speech.engines.scripted import ScriptedRecognizer, ScriptedSession
from ivr.speech.model_trial import answer
from ivr.speech.models import try_model
from ivr.speech.recognizer import Grammar
from tests.tinyvosk.export import MODEL

TINY = SpeechModel(language="en", folder=MODEL)
BUNDLED = SpeechModel(language="en", engine="pocketsphinx")


def test_a_trial_says_what_a_model_lacks_and_refuses() -> None:
    menu = Grammar("en", frozenset({"sales"}))
    trial = try_model(
        TINY, ["sales", "banana"], [menu, Grammar("en", frozenset()), Grammar("en", frozenset({"oops"}))]
    )
    assert trial.unknown == {"banana"}
    assert trial.refused == {}
    assert 0 < trial.load_s < 60
    assert 10 < trial.memory_mb < 1000


def test_a_trial_counts_its_own_memory_and_not_that_of_who_asks() -> None:
    held = b"x" * 600_000_000
    trial = try_model(TINY, ["sales"], [])
    assert 10 < trial.memory_mb < len(held) // 2_000_000


def test_a_grammar_that_is_refused_is_named_by_its_place() -> None:
    trial = try_model(BUNDLED, [], [Grammar("en", frozenset({"sales"})), Grammar("en", frozenset())])
    assert list(trial.refused) == [1]
    assert "too slow" in trial.refused[1]


class Poor(ScriptedRecognizer):
    """Its model lacks a word, and it opens nothing that holds it."""

    def unknown(self, words: Iterable[str]) -> frozenset[str]:
        return frozenset({"nought"}).intersection(words)

    def open(self, rate_hz: int, grammar: Grammar) -> ScriptedSession:
        if self.unknown(grammar.phrases):
            raise SpeechError("nought is no word")
        return super().open(rate_hz, grammar)


def test_of_words_that_repeat_those_are_tried_that_the_model_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(model: SpeechModel) -> Poor:
        return Poor()

    monkeypatch.setattr("ivr.speech.model_trial.load", load)
    digits = ["en", ["nought", "one", "two"], True, []]
    model = {"language": "en", "engine": "scripted"}
    tried = answer({"model": model, "words": ["nought"], "grammars": [digits]})
    assert (tried["unknown"], tried["refused"]) == (["nought"], {})


def test_a_model_that_is_refused_says_why() -> None:
    with pytest.raises(SpeechError, match="no model of de"):
        try_model(SpeechModel(language="de", folder=MODEL))
    with pytest.raises(SpeechError, match="no engine of speech recognition is named 'whisper'"):
        try_model(SpeechModel(language="en", engine="whisper"))


def test_a_model_that_ends_its_process_ends_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(MODEL, tmp_path / "model")
    graph = tmp_path / "model/graph/HCLr.fst"
    graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])
    with pytest.raises(
        SpeechError, match=r"model ends the process that loads it \(SIG(SEGV|ABRT)\): unpack it again"
    ):
        try_model(SpeechModel(language="en", folder=tmp_path / "model"))


def test_a_model_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(SpeechError, match=r"not loaded within 0\.01 s"):
        try_model(BUNDLED, deadline_s=0.01)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import os; os._exit(3)", r"\(status 3\)"),
        ("import os; os.kill(os.getpid(), 9)", r"\(SIGKILL\)"),
        ("import os; os.kill(os.getpid(), 40)", r"\(signal 40\)"),
        ("import sys; sys.stderr.write('odd')", "without an answer: odd"),
    ],
)
def test_a_process_that_answers_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, words: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{program}"\n')
    python.chmod(0o755)
    monkeypatch.setattr("ivr.speech.models.sys.executable", str(python))
    with pytest.raises(SpeechError, match=words):
        try_model(BUNDLED)
