"""One question to a caller on the loopback switch, in virtual time, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from calls.switch.hearing import CallerAudio
from calls.switch.loopback.callers import CallerScript, Step, Wait
from calls.switch.port import (
    Answer,
    CallChannel,
    CallInfo,
    Gather,
    Hangup,
    KeyPlan,
    SwitchCommand,
)
from calls.switch.port import Result as PortResult
from console.engine.hearing import Listener, SpeechFigures
from ivr.commands import Listen, Result
from ivr.speech.expected import Expected, SpokenKind
from tests.calls.switch.loopback.bench import DURATIONS_S, MENU, WELCOME, Bench
from tests.ivr.speech.inline import InlineRecognition
from tests.virtual_time import run

MENU_EXPECTED = Expected(
    SpokenKind.CHOICE, "en", {"sales": "1", "sales abroad": "4", "opening hours": "2", "agent": "0"}, longest_s=6.0
)
GATHER = Gather((WELCOME, MENU), KeyPlan(frozenset({"1", "2", "42", "0"})), 5.0, 2.0)
"""Its prompts last five seconds."""

LISTEN = Listen(GATHER, MENU_EXPECTED)


class LoopClock:
    """The loop's own time, from a Monday on."""

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return datetime(2026, 1, 5, 23, 30, tzinfo=UTC) + timedelta(seconds=self.monotonic_s())


@dataclass
class Came:
    """What came of one question."""

    result: Result
    after_s: float
    figures: SpeechFigures
    performed: list[str] = field(default_factory=list)


class Watched:
    """A channel that notes what is performed on it, and how many hear it."""

    def __init__(self, channel: CallChannel) -> None:
        self._channel = channel
        self.performed: list[str] = []
        self.hearers = 0
        self.heard_until_s = 0.0

    @property
    def info(self) -> CallInfo:
        return self._channel.info

    async def perform(self, command: SwitchCommand) -> PortResult:
        self.performed.append(type(command).__name__)
        return await self._channel.perform(command)

    async def end_talk(self) -> None:
        await self._channel.end_talk()

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        async with self._channel.hear() as audio:
            self.hearers += 1
            try:
                yield audio
            finally:
                self.hearers -= 1
                self.heard_until_s = asyncio.get_running_loop().time()


Wrap = Callable[[Watched], Watched]
Meanwhile = Callable[[InlineRecognition], None]


def asked(
    *steps: Step,
    listen: Listen = LISTEN,
    wrap: Wrap = lambda channel: channel,
    recognition: InlineRecognition | None = None,
    at_s: float = 0.0,
    meanwhile: Meanwhile = lambda recognition: None,
) -> Came:
    """What came of ``listen`` with a caller who does ``steps``; ``meanwhile`` happens ``at_s``."""
    found: list[Came] = []

    async def main() -> None:
        inline = recognition or InlineRecognition()
        listener = Listener(inline, LoopClock(), DURATIONS_S.__getitem__)
        bench = Bench()
        over = asyncio.Event()

        async def handle(channel: CallChannel) -> None:
            try:
                await listened_to(channel)
            finally:
                over.set()

        async def listened_to(channel: CallChannel) -> None:
            watched = wrap(Watched(channel))
            await watched.perform(Answer())
            loop = asyncio.get_running_loop()
            others = asyncio.all_tasks()
            began_s = loop.time()
            loop.call_later(at_s, meanwhile, inline)
            result = await listener.listen(watched, listen)
            found.append(Came(result, loop.time() - began_s, listener.figures, watched.performed[1:]))
            assert asyncio.all_tasks() <= others
            assert watched.hearers == 0
            assert inline.opened == inline.closed
            await watched.perform(Hangup())

        bench.handle = handle
        await bench.start()
        bench.switch.place_call(CallerScript("100", (*steps, Wait(60.0))))
        await over.wait()

    run(main())
    (came,) = found
    return came
