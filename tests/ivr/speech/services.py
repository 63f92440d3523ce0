"""Speech services with real workers and the engine that hears hidden words."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from calls.breaker import Breaker
from calls.settings import SpeechModel
from calls.switch.loopback.voice import said
from ivr.speech.events import Broken, SpeechEvent
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.hearing import Hearing
from ivr.speech.process import WorkerProcess
from ivr.speech.recognizer import Final
from ivr.speech.service import SpeechService

SCRIPTED = SpeechModel(language="en", engine="scripted")
ANYTHING = Expected(SpokenKind.FREE, "en")
NEVER = 10**6
"""As many failures in a row as no test has."""


@asynccontextmanager
async def serving(workers: int = 1, breaker: Breaker | None = None) -> AsyncIterator[SpeechService]:
    """A service whose workers are all up."""
    async with asyncio.timeout(60):
        async with SpeechService(SCRIPTED, workers, breaker=breaker or Breaker(failures=NEVER)) as service:
            await up(service, workers)
            yield service


async def up(service: SpeechService, workers: int = 1) -> list[WorkerProcess]:
    """The workers, once there are so many."""
    while len(service.workers) < workers:
        await service.changed()
    return list(service.workers)


def utterance(words: str, seconds: float = 1.0) -> bytes:
    """Half a second of silence, the words, and half a second of silence."""
    return bytes(8_000) + said(words, seconds) + bytes(8_000)


def feed(hearing: Hearing, audio: bytes) -> None:
    """All of ``audio``, as a telephone sends it."""
    for at in range(0, len(audio), 320):
        hearing.feed(audio[at : at + 320])


async def told(hearing: Hearing) -> list[SpeechEvent]:
    """All that is told, to the end."""
    events: list[SpeechEvent] = []
    while not (events and isinstance(events[-1], Final | Broken)):
        events.append(await hearing.next_event())
    return events


async def gone(pid: int, within_s: float) -> bool:
    """True once no process has this id, which need not be a child of ours; False where one has it still."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        readable, _, _ = await asyncio.to_thread(select.select, [handle], [], [], within_s)
        return bool(readable)
    finally:
        os.close(handle)
