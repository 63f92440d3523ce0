"""A process that recognises speech: ``python -I -m ivr.speech.worker``, started by ``ivr/speech/process.py``.

It inherits nothing but its three pipes. Standard input and output carry frames (``ivr/speech/frames.py``); what
libraries print goes nowhere. It does one thing after the other, and answers a ping in its turn: what keeps it from
that keeps it from its callers too. It ends when its input does, which is when whoever started it has gone, however;
and where an engine hangs, so that it cannot see that, by its own alarm. An engine that raises loses the session in
which it did; one that crashes takes the process with it, which is what the process is for.

An engine hears nothing before the caller begins to speak, and then also what was said just before that: a caller who
is silent costs next to nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import replace
from io import FileIO
from typing import assert_never

from calls.errors import SpeechError
from calls.settings import SpeechModel
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from ivr.speech.engines import load
from ivr.speech.events import SpeechBegan, SpeechEnded
from ivr.speech.frames import (
    Audio,
    Close,
    Decoder,
    Failed,
    Finish,
    FromWorker,
    Load,
    Loaded,
    NotLoaded,
    Open,
    Ping,
    Pong,
    Refused,
    Taken,
    Told,
    encode,
)
from ivr.speech.grammar import known_of
from ivr.speech.recognizer import Final, Grammar, Partial, Recognizer, RecognizerSession
from ivr.speech.voice_activity import Began, Ended, VoiceActivity

BEFORE_S = 0.6
"""What an engine hears from before speech was known to have begun: that comes 200 to 360 ms late, and an engine needs
a moment of silence to begin with."""

_BEFORE_BYTES = int(BEFORE_S * RATE_HZ) * SAMPLE_BYTES

ALARM_S = 10
"""Nothing was heard for so long of an engine that pings four times a second: it has gone, and this process hangs or
cannot see it. Its last resort; the engine itself is quicker."""

LOAD_ALARM_S = 120
"""The same while models are loaded, during which nothing is read."""

NICE = 1
"""Calls come before recognition, where both want the machine."""

OOM_SCORE = 500
"""Where memory runs out a worker ends and not the engine. Source: proc(5), -1000 (never) to 1000 (first)."""

_READ_BYTES = 65_536

_MOST_LETTERS = 500
"""Of a problem: one that names thousands of words fills no log."""

Tell = Callable[[FromWorker], None]
Event = SpeechBegan | SpeechEnded | Partial | Final


def main() -> None:
    """Serve standard input until it ends."""
    answers = FileIO(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the engine, which may want us for its last calls
        signal.signal(number, signal.SIG_IGN)
    _stand_back()
    with FileIO(0, "rb") as requests:
        serve(requests, answers)
    os._exit(0)


def _stand_back() -> None:
    """Let the engine have the machine first, as far as a process may ask for that: units of systemd may forbid it."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write(str(OOM_SCORE))


def serve(requests: FileIO, answers: FileIO) -> None:
    """Do what ``requests`` ask until they end, or nobody takes the answers."""

    def tell(message: FromWorker) -> None:
        frame = memoryview(encode(message))
        while frame:
            frame = frame[answers.write(frame) :]

    decoder = Decoder()
    worker = Worker(tell)
    signal.alarm(LOAD_ALARM_S)
    try:
        while data := requests.read(_READ_BYTES):
            for message in decoder.feed(data):
                worker.take(message)
            if worker.is_loaded:
                signal.alarm(ALARM_S)
    except BrokenPipeError:
        return


class Worker:
    """The recogniser of one process, and its sessions."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._recognizer: Recognizer | None = None
        self._sessions: dict[int, _Session] = {}

    @property
    def is_loaded(self) -> bool:
        """True once callers can be heard."""
        return self._recognizer is not None

    def take(self, message: object) -> None:
        """Do what ``message`` asks."""
        match message:
            case Load(model):
                self._load(model)
            case Open(session, grammar) if self._recognizer is not None:
                self._open(session, self._recognizer, grammar)
            case Audio(session, pcm):
                self._in(session, lambda found: found.feed(pcm))
                self._tell(Taken(session, len(pcm)))
            case Finish(session):
                self._in(session, lambda found: found.finish())
                self._close(session)
            case Close(session):
                self._close(session)
            case Ping():
                self._tell(Pong())
            case _:
                raise ValueError(f"{type(message).__name__} is not for a worker, or not yet")

    def _load(self, model: SpeechModel) -> None:
        try:
            self._recognizer = load(model)
        except SpeechError as problem:
            self._tell(NotLoaded(str(problem)))
        else:
            self._tell(Loaded())

    def _open(self, session: int, recognizer: Recognizer, grammar: Grammar) -> None:
        try:
            engine = recognizer.open(RATE_HZ, known_of(grammar, recognizer.unknown))
        except SpeechError as problem:
            self._tell(Refused(session, str(problem)[:_MOST_LETTERS]))
        except Exception as problem:  # noqa: BLE001 - as below
            self._tell(Failed(session, _place(problem)))
        else:
            self._sessions[session] = _Session(engine)

    def _in(self, session: int, work: Callable[[_Session], list[Event]]) -> None:
        """Do ``work`` in ``session``, if there still is one, and tell what it gives."""
        found = self._sessions.get(session)
        if found is None:
            return
        try:
            for event in work(found):
                self._tell(Told(session, _plain(event)))
        except BrokenPipeError:  # nobody takes the answers
            raise
        except Exception as problem:  # noqa: BLE001 - an engine that raises loses this session and no other
            self._tell(Failed(session, _place(problem)))
            self._close(session)

    def _close(self, session: int) -> None:
        found = self._sessions.pop(session, None)
        if found is None:
            return
        try:
            found.close()
        except Exception as problem:  # noqa: BLE001 - as above
            self._tell(Failed(session, _place(problem)))


class _Session:
    """One caller: what is judged of the voice, and the engine, which hears nothing before there is one."""

    def __init__(self, engine: RecognizerSession) -> None:
        self._engine = engine
        self._activity = VoiceActivity()
        self._before = b""
        self._has_begun = False

    def feed(self, pcm: bytes) -> list[Event]:
        heard, changes = self._activity.take(pcm)
        events: list[Event] = [_event(change, self._activity.taken_s) for change in changes]
        if not self._has_begun:
            heard = (self._before + heard)[-_BEFORE_BYTES:]
            self._before = heard
            self._has_begun = bool(changes)
        if self._has_begun and heard:
            events += self._engine.feed(heard)
        return events

    def finish(self) -> list[Event]:
        return [self._engine.finish() if self._has_begun else Final("")]

    def close(self) -> None:
        self._engine.close()


def _place(problem: Exception) -> str:
    """What sort of problem it is, and where: its own words may hold what a caller said."""
    *_, last = traceback.extract_tb(problem.__traceback__)
    return f"{type(problem).__name__} in {last.filename}, line {last.lineno}"


def _plain(event: Event) -> Event:
    """``event`` with a confidence that is a float of Python's: engines have them from numpy."""
    return replace(event, confidence=float(event.confidence)) if isinstance(event, Final) else event


def _event(change: Began | Ended, taken_s: float) -> SpeechBegan | SpeechEnded:
    match change:
        case Began(at_s):
            return SpeechBegan(taken_s - at_s)
        case Ended(at_s):
            return SpeechEnded(taken_s - at_s)
        case _:
            assert_never(change)


if __name__ == "__main__":
    main()
