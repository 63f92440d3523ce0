"""Answers by voice that come from files, through a recogniser."""

from __future__ import annotations

import wave
from datetime import date
from pathlib import Path

import pytest

from calls.errors import PromptError, SpeechError
from calls.switch.loopback.voice import said
from calls.switch.port import Prompt
from ivr.callers import ScriptedCaller
from ivr.script import parse
from ivr.speech.engines.scripted import ScriptedRecognizer
from ivr.speech.recognizer import Recognizer
from ivr.trail import Kind
from ivr.walk import Walk
from ivr.wav_caller import WavCaller
from tests.ivr.conftest import NOON, Make, at
from tests.ivr.test_voice import FLOW

DAY = NOON.date()


def spoken(folder: Path, words: str) -> Path:
    """A file in which the words are hidden as the loopback switch's callers say them."""
    path = folder / f"{words or 'nothing'}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(said(words, 1.0))
    return path


def scripted(language: str) -> Recognizer:
    return ScriptedRecognizer()


def texts(prompt: Prompt) -> str:
    return prompt.key


def walked(make: Make, script: str, *files: Path) -> Walk:
    caller = WavCaller(files, ScriptedCaller(parse(script)), scripted, DAY)
    walk = Walk(make(FLOW), caller, texts, at(0))
    list(walk.events())
    return walk


def test_files_answer_what_may_be_said_and_the_script_all_else(make: Make, tmp_path: Path) -> None:
    walk = walked(make, "q-", spoken(tmp_path, "pizza"), spoken(tmp_path, "new order"))
    choice = next(event for event in walk.session.trail if event.kind is Kind.CHOICE)
    assert (choice.detail["to"], choice.detail["words"], choice.detail["sure"]) == ("sales", "new order", True)
    missed = next(event for event in walk.session.trail if event.kind is Kind.NOMATCH)
    assert missed.detail["words"] == "pizza"
    assert walk.finished is not None and walk.finished.last_node == "bye", "nobody came in the queue"


def test_after_the_files_the_script_answers(make: Make, tmp_path: Path) -> None:
    walk = walked(make, "s=billing,q+", spoken(tmp_path, ""))
    assert [event.detail["words"] for event in walk.session.trail if event.kind is Kind.NOMATCH] == [""]
    assert walk.finished is not None and walk.finished.last_node == "billing"


def test_what_no_recogniser_serves_and_what_is_no_sound_is_refused(make: Make, tmp_path: Path) -> None:
    def none(language: str) -> Recognizer:
        raise SpeechError(f"no model understands {language}")

    for recognizer, file, problem in (
        (none, spoken(tmp_path, "sales"), SpeechError),
        (scripted, tmp_path / "not.wav", PromptError),
    ):
        caller = WavCaller([file], ScriptedCaller([]), recognizer, date(2026, 1, 1))
        with pytest.raises(problem):
            list(Walk(make(FLOW), caller, texts, at(0)).events())


def test_the_result_is_that_of_the_decision(make: Make, tmp_path: Path) -> None:
    walk = walked(make, "h", spoken(tmp_path, "belling"))
    exchanges = [event.detail["result"] for event in walk.session.record if "result" in event.detail]
    assert {"NotUnderstood": {"words": "belling"}} in exchanges
