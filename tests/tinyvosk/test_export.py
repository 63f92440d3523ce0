"""The test model is what the code writes, and hears new words without new training."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.speech.engines.vosk import load
from ivr.speech.recognizer import Grammar
from tests.ivr.speech.spoken import VOICES, heard, said
from tests.tinyvosk.export import MODEL, export

FRUIT = frozenset({"banana", "sales", "umbrella", "support"})


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_model_is_what_the_code_writes(tmp_path: Path) -> None:
    export(tmp_path)
    assert files(tmp_path) == files(MODEL)


def test_new_words_are_heard_without_training(tmp_path: Path) -> None:
    assert load("en", MODEL).unknown(FRUIT) == {"banana", "umbrella"}
    export(tmp_path, ["banana", "umbrella"])
    recognizer = load("en", tmp_path)
    assert recognizer.unknown(FRUIT) == frozenset()
    pairs = [(voice, word) for voice in VOICES for word in sorted(FRUIT)]
    right = [heard(recognizer, said(voice, word), Grammar("en", FRUIT))[1].words == word for voice, word in pairs]
    assert sum(right) >= 10, right


def test_a_word_that_nobody_can_pronounce_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not know blorf"):
        export(tmp_path, ["sales", "blorf"])
