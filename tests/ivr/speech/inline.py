"""Recognition without processes, for virtual time: a worker that does at once what it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import assert_never

from calls.errors import SpeechUnavailable
from ivr.speech.expected import Expected
from ivr.speech.frames import Failed, FromWorker, Load, Loaded, NotLoaded, Open, Pong, Refused, Taken, Told, ToWorker
from ivr.speech.grammar import grammar_of
from ivr.speech.hearing import Hearing
from ivr.speech.worker import Worker
from tests.ivr.speech.services import SCRIPTED


class InlineRecognition:
    """Hears the voices of the loopback switch. ``opened`` and ``closed`` count utterances."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._hearings: dict[int, Hearing] = {}
        self._worker = Worker(self._told)
        self._worker.take(Load(SCRIPTED))
        self.problem = ""
        self.is_held_off = False
        """Why nothing is heard; "": it is."""
        self.deaf = False
        """Nothing that is sent arrives any more."""
        self.opened = self.closed = 0
        self.languages: frozenset[str] | None = None
        """Those that it was started for."""
        self.outcomes: list[bool] = []

    async def start(self, languages: Iterable[str]) -> None:
        """As all of these: see :class:`console.engine.recognition.Recognises`."""
        self.languages = frozenset(languages)

    async def stop(self) -> None:
        self.problem = "the engine stops"

    def workers_up(self) -> int:
        return 0 if self.problem else 1

    def held_off(self) -> Mapping[str, bool]:
        return {"en": self.is_held_off}

    @asynccontextmanager
    async def open(self, expected: Expected) -> AsyncIterator[Hearing]:
        if self.problem:
            raise SpeechUnavailable(self.problem)
        session = next(self._ids)
        hearing = self._hearings[session] = Hearing(session, self._send, self.outcomes.append)
        self._send(Open(session, grammar_of(expected)))
        self.opened += 1
        try:
            yield hearing
        finally:
            hearing.close()
            del self._hearings[session]
            self.closed += 1

    def break_off(self) -> None:
        """The worker crashes."""
        for hearing in self._hearings.values():
            hearing.break_off("crashed")

    def _send(self, message: ToWorker) -> None:
        if not self.deaf:
            self._worker.take(message)

    def _told(self, message: FromWorker) -> None:
        match message:
            case Taken(session, count):
                if session in self._hearings:
                    self._hearings[session].taken(count)
            case Told(session, event):
                if session in self._hearings:
                    self._hearings[session].told(event)
            case Failed(session):
                self._hearings[session].fail("crashed")
            case Refused(session):
                self._hearings[session].break_off("unavailable")
            case Loaded() | NotLoaded() | Pong():
                pass
            case _:
                assert_never(message)
