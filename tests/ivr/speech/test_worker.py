"""What a worker does with an engine that breaks its word: one session is lost, and the process serves the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from calls.settings import SpeechModel
from calls.switch.loopback.voice import said
from ivr.speech.frames import Audio, Close, Decoder, Failed, Finish, FromWorker, Load, Open, Ping, Pong, Told, encode
from ivr.speech.recognizer import Final, Grammar, Partial
from ivr.speech.recognizer import Told as Heard
from ivr.speech.worker import Worker
from tests.ivr.speech.services import utterance

ANY = Grammar("en", frozenset())
SECRET = "my card is four two four two"


class Float32:
    """A number as numpy has them: no float, and no number to JSON."""

    def __float__(self) -> float:
        return 0.5


class OddSession:
    """Does as ``finish`` and ``close`` do."""

    def __init__(self, finish: Callable[[], Final], close: Callable[[], None]) -> None:
        self._finish = finish
        self.close = close

    def feed(self, pcm: bytes) -> list[Heard]:
        return []

    def finish(self) -> Final:
        return self._finish()


class OddRecognizer:
    """Its sessions do as they are told."""

    def __init__(self, finish: Callable[[], Final], close: Callable[[], None]) -> None:
        self._finish = finish
        self._close = close

    def unknown(self, words: Iterable[str]) -> frozenset[str]:
        return frozenset()

    def open(self, rate_hz: int, grammar: Grammar) -> OddSession:
        return OddSession(self._finish, self._close)


def fine() -> Final:
    return Final("sales")


def nothing() -> None:
    pass


def fails() -> None:
    raise RuntimeError(SECRET)


def fails_to_say() -> Final:
    raise RuntimeError(SECRET)


def came_of(
    monkeypatch: pytest.MonkeyPatch, finish: Callable[[], Final], close: Callable[[], None], last: Finish | Close
) -> list[object]:
    """All that a worker tells of one session to its ``last``, as it is on the pipe, but for the audio."""

    def load(model: SpeechModel) -> OddRecognizer:
        return OddRecognizer(finish, close)

    monkeypatch.setattr("ivr.speech.worker.load", load)
    frames: list[bytes] = []

    def tell(message: FromWorker) -> None:
        frames.append(encode(message))

    worker = Worker(tell)
    worker.take(Load(SpeechModel(language="en", engine="scripted")))
    worker.take(Open(1, ANY))
    worker.take(Audio(1, utterance("sales")))
    worker.take(last)
    worker.take(Close(1))
    worker.take(Ping())
    messages = list(Decoder().feed(b"".join(frames)))
    assert messages[-1] == Pong()
    return [each for each in messages if isinstance(each, Failed) or (isinstance(each, Told) and _is_words(each))]


def _is_words(told: Told) -> bool:
    return isinstance(told.event, Final | Partial)


def test_a_confidence_of_another_kind_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def finish() -> Final:
        return Final("sales", None, Float32())  # type: ignore[arg-type]

    assert came_of(monkeypatch, finish, nothing, Finish(1)) == [Told(1, Final("sales", None, 0.5))]


def test_what_no_frame_can_hold_loses_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def finish() -> Final:
        return Final(b"sales")  # type: ignore[arg-type]

    (failed,) = came_of(monkeypatch, finish, nothing, Finish(1))
    assert isinstance(failed, Failed)


@pytest.mark.parametrize("last", [Finish(1), Close(1)])
def test_an_engine_that_does_not_let_go_is_told_of(monkeypatch: pytest.MonkeyPatch, last: Finish | Close) -> None:
    *before, failed = came_of(monkeypatch, fine, fails, last)
    assert before == ([Told(1, Final("sales"))] if isinstance(last, Finish) else [])
    assert isinstance(failed, Failed)


def test_what_an_engine_says_of_its_failure_is_not_told_but_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    line = fails_to_say.__code__.co_firstlineno + 1
    assert came_of(monkeypatch, fails_to_say, fails, Finish(1)) == [
        Failed(1, f"RuntimeError in {Path(__file__)}, line {line}"),
        Failed(1, f"RuntimeError in {Path(__file__)}, line {fails.__code__.co_firstlineno + 1}"),
    ]


def test_where_nobody_takes_the_answers_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(message: FromWorker) -> None:
        if isinstance(message, Told):
            raise BrokenPipeError

    worker = Worker(tell)
    worker.take(Load(SpeechModel(language="en", engine="scripted")))
    worker.take(Open(1, ANY))
    with pytest.raises(BrokenPipeError):
        worker.take(Audio(1, said("sales", 1.0)))
