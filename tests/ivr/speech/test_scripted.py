"""The scripted engine hears what the loopback switch's voices say, and does what its special words are for."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from calls.errors import SpeechError
from calls.settings import SpeechModel, SpeechSettings
from calls.switch.loopback.voice import said
from ivr.speech.engines import recognizer_for
from ivr.speech.engines.scripted import CRASHED, SLOW_S
from ivr.speech.recognizer import Final, Grammar, Partial, RecognizerSession, Told

MENU = Grammar("en", frozenset({"sales", "technical support"}))
SETTINGS = SpeechSettings(models=(SpeechModel(language="en", engine="scripted"),))
TEN_MS = 160


def session(grammar: Grammar = MENU) -> RecognizerSession:
    return recognizer_for(SETTINGS, "en").open(8000, grammar)


def heard(pcm: bytes, grammar: Grammar = MENU, piece: int = TEN_MS) -> tuple[list[Told], Final]:
    one = session(grammar)
    told = [each for at in range(0, len(pcm), piece) for each in one.feed(pcm[at : at + piece])]
    final = one.finish()
    one.close()
    one.close()
    return told, final


@pytest.mark.parametrize("piece", [1, 7, TEN_MS, 2000, 100_000])
def test_a_phrase_grows_word_by_word(piece: int) -> None:
    told, final = heard(bytes(3200) + said("technical support", 1.0) + bytes(3200), piece=piece)
    assert told == [Partial("technical"), Partial("technical support")]
    assert final == Final("technical support", "technical support")


def test_what_is_not_in_the_grammar_is_free_only() -> None:
    assert heard(said("support technical", 1.0))[1] == Final("", "support technical")


def test_silence_and_a_voice_without_words_are_nothing() -> None:
    assert heard(bytes(16_000)) == ([], Final("", ""))
    assert heard(said("", 1.0)) == ([], Final("", ""))


def test_words_of_a_grammar_that_repeats_come_in_any_number() -> None:
    digits = Grammar("en", frozenset({"one", "two"}), repeated=True)
    assert heard(said("two two one", 1.0), digits)[1].words == "two two one"
    assert heard(said("two three", 1.0), digits)[1] == Final("", "two three")


def test_anything_is_heard_where_nothing_is_expected() -> None:
    assert heard(said("my printer burns", 1.0), Grammar("en", frozenset()))[1].words == "my printer burns"


def test_special_words_are_done_and_not_told() -> None:
    begun = time.monotonic()
    assert heard(said("sales !slow", 1.0))[1] == Final("sales", "sales")
    assert time.monotonic() - begun >= SLOW_S
    with pytest.raises(RuntimeError, match="!fail"):
        heard(said("!fail", 1.0))


SAID = """
from calls.switch.loopback.voice import said
from ivr.speech.engines.scripted import load
from ivr.speech.recognizer import Grammar
print("ready", flush=True)
load("en", None).open(8000, Grammar("en", frozenset())).feed(said({word!r}, 1.0))
print("still there")
"""


def test_crash_ends_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAID.format(word="!crash")], capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (CRASHED, b"ready\n")


def test_hang_does_not_come_back() -> None:
    with subprocess.Popen([sys.executable, "-c", SAID.format(word="!hang")], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.kill()
        assert process.stdout.read() == b""


def test_a_model_or_another_rate_is_refused() -> None:
    with pytest.raises(SpeechError, match="8000 Hz only"):
        recognizer_for(SETTINGS, "en").open(16_000, MENU)
