"""One command that FreeSWITCH runs from its beginning to its result.

A turn sends applications with ids of its own and waits for the events that carry them. FreeSWITCH knows nothing of
menus here: it plays, and tells each key as an event; :mod:`calls.switch.keys` decides, and a key that stops a prompt
does so by our ``uuid_break``, 21 ms after it (seen on 1.11.1). The playback that was broken says ``FILE PLAYED``.

Everything that a turn waits for goes through :meth:`Turn._until`, which another command or the call's end cuts short.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from calls.errors import CommandRefused, PromptError, SwitchRefused, SwitchTimeout
from calls.switch.freeswitch.connection import EslConnection
from calls.switch.keys import KEYS, Complete, KeyBuffer
from calls.switch.port import Answer, Done, Gather, Interrupted, Play, Prompt, PromptFiles, Result
from calls.text import printable
from calls.wire import esl_applications
from calls.wire.esl import ApiReply, Event, Headers, Reply
from calls.wire.esl_applications import Application
from calls.wire.esl_commands import BreakPlayback, Command, Execute

MARGIN_S = 5.0
"""How long an application may take beyond the time that it itself lasts: 40 ms were seen."""

BREAK_S = 0.5
BREAKS = 3
"""A break that reaches the channel just before the application begins is forgotten: it is said again."""

PLAYED = "FILE PLAYED"


class Cut(Exception):
    """Another command, or the end of the call, took the turn's place."""


@dataclass(frozen=True, slots=True)
class _Key:
    """A key, when it came, and whether a prompt of this turn was playing or still to be played."""

    key: str
    at_s: float
    in_prompt: bool


@dataclass(slots=True)
class _Run:
    """An application of ours under way."""

    event_id: str
    begun: bool = False
    ended: Headers | None = None


@dataclass(slots=True)
class _Ear:
    """Which keys count: none outside of a ``Gather``, and without barge-in none before its prompts are over.

    The caller's voice may end the prompts or the whole, but not once there was a key.
    """

    listening: bool = False
    barge_in: bool = False
    prompts_left: int = 0
    first_key_timeout_s: float = 0.0
    keys: deque[_Key] = field(default_factory=deque)
    until_s: float | None = None
    """When time is up; None while the prompts play."""
    keyed: bool = False
    stopped: bool = False

    @property
    def breaks(self) -> bool:
        """What plays is to end."""
        return bool(self.keys) or self.stopped or self.until_s is not None

    def hear(self, key: str, at_s: float) -> None:
        """A key of the caller."""
        in_prompt = self.prompts_left > 0
        if key in KEYS and self.listening and (self.barge_in or not in_prompt):
            self.keys.append(_Key(key, at_s, in_prompt))
            self.keyed = True

    def hush(self, at_s: float) -> None:
        """The caller begins to speak: no prompts any more, and time anew."""
        if self.listening and not self.keyed and (self.barge_in or self.prompts_left <= 0):
            self.until_s = at_s + self.first_key_timeout_s

    def stop(self) -> None:
        """The caller has said enough."""
        self.stopped = self.listening and not self.keyed


class Turn:
    """See the module."""

    def __init__(
        self, connection: EslConnection, channel_id: str, prompts: PromptFiles, new_id: Callable[[], str]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._channel_id = channel_id
        self._prompts = prompts
        self._new_id = new_id
        self._news = asyncio.Event()
        self._cut = False
        self.interrupted = False
        """It was cut by another command, not by the end of the call."""
        self._run: _Run | None = None
        self._ear = _Ear()

    async def run(self, command: Answer | Play | Gather) -> Result:
        """The command's result.

        Raises:
            Cut: see :meth:`cut`.
            SwitchError: the connection failed, or the switch refused the command.
        """
        match command:
            case Answer():
                await self._execute(esl_applications.Answer(), MARGIN_S)
                return Done()
            case Play():
                for file, lasts_s in self._files(command.prompts):
                    await self._play(file, lasts_s)
                return Done()
            case Gather():
                return await self._gather(command)
            case _:
                assert_never(command)

    # --- what the channel tells --------------------------------------------------------------------------------

    def cut(self, *, interrupted: bool = False) -> None:
        """End it: whatever waits raises :class:`Cut`, now and later."""
        self._cut = True
        self.interrupted = self.interrupted or interrupted
        self._news.set()

    def hush(self) -> None:
        """The prompts of a ``Gather`` end; see :class:`calls.switch.port.StopPrompts`."""
        self._ear.hush(self._loop.time())
        self._news.set()

    def stop(self) -> None:
        """A ``Gather`` ends; see :class:`calls.switch.port.StopGather`."""
        self._ear.stop()
        self._news.set()

    def heard(self, event: Event) -> None:
        """An event of the call."""
        run, ids = self._run, event.headers.get("Application-UUID")
        match event.name:
            case "DTMF":
                self._ear.hear(event.headers.get("DTMF-Digit"), self._loop.time())
            case "CHANNEL_EXECUTE" if run is not None and ids == run.event_id:
                run.begun = True
            case "CHANNEL_EXECUTE_COMPLETE" if run is not None and ids == run.event_id and run.ended is None:
                run.ended = event.headers
                self._ear.prompts_left -= 1
            case _:
                return
        self._news.set()

    # --- prompts and keys --------------------------------------------------------------------------------------

    def _files(self, prompts: Sequence[Prompt]) -> list[tuple[str, float]]:
        """The files, and how long they play in seconds."""
        try:
            return [(str(self._prompts.path(prompt)), self._prompts.duration_s(prompt)) for prompt in prompts]
        except PromptError as error:
            raise CommandRefused(str(error)) from error

    async def _play(self, file: str, lasts_s: float) -> None:
        ended = await self._execute(esl_applications.Playback(file), lasts_s + MARGIN_S)
        _check_played(ended, file)

    async def _gather(self, command: Gather) -> Result:
        files = self._files(command.prompts)
        ear = self._ear = _Ear(True, command.barge_in, len(files), command.first_key_timeout_s)
        for file, lasts_s in files:
            if ear.breaks:
                break
            await self._play(file, lasts_s)
        ear.prompts_left = 0
        if ear.until_s is None:
            ear.until_s = self._loop.time() + command.first_key_timeout_s
        buffer = KeyBuffer(command.plan)
        while await self._key_or_stop(ear):
            if ear.stopped:
                return Interrupted()
            key = ear.keys.popleft()
            decision = buffer.press(key.key, in_prompt=key.in_prompt)
            if isinstance(decision, Complete):
                return decision.result
            ear.until_s = key.at_s + command.next_key_timeout_s
        return buffer.timed_out()

    async def _key_or_stop(self, ear: _Ear) -> bool:
        """Wait for either; False: time is up, which a caller who begins to speak puts off."""
        while not (ear.keys or ear.stopped):
            until_s = ear.until_s

            def news(until_s: float | None = until_s) -> bool:
                return bool(ear.keys) or ear.stopped or ear.until_s != until_s

            if not await self._until(news, until_s):
                return False
        return True

    # --- applications ------------------------------------------------------------------------------------------

    async def _execute(self, application: Application, within_s: float) -> Headers:
        """How ``application`` ended: by itself, or broken by a key that counts or by the caller's voice."""
        run = self._run = _Run(self._new_id())
        until = self._loop.time() + within_s
        await self._say(Execute(application, run.event_id))
        if await self._until(lambda: run.ended is not None or (run.begun and self._ear.breaks), until):
            await self._break(run)
        if run.ended is None:
            raise SwitchTimeout(f"FreeSWITCH: {application.words()[0]} did not end within {within_s} s")
        if run.ended.get("Answer-State") == "hangup":
            await self._until(lambda: False, self._loop.time() + MARGIN_S)  # the call's end follows, and cuts
            raise SwitchTimeout("FreeSWITCH: a call that has been hung up did not end")
        return run.ended

    async def _break(self, run: _Run) -> None:
        """End ``run``; nothing happens where it has ended."""
        for _ in range(BREAKS):
            if run.ended is not None:
                return
            await self._say(BreakPlayback(self._channel_id))
            await self._until(lambda: run.ended is not None, self._loop.time() + BREAK_S)

    async def _say(self, command: Command) -> Reply | ApiReply:
        """The reply to ``command``; a refused application is an error, a refused break finds nothing to break."""
        reply = self._connection.submit(command)
        reply.add_done_callback(lambda _: self._news.set())
        await self._until(reply.done, None)
        answer = reply.result()
        if isinstance(answer, Reply) and answer.refused:
            raise SwitchRefused(f"FreeSWITCH: {type(command).__name__}: {printable(answer.text)[:200]}")
        return answer

    async def _until(self, ready: Callable[[], bool], until_s: float | None) -> bool:
        """Wait until ``ready``; False: the time of the event loop's clock came first.

        Raises:
            Cut: see :meth:`cut`.
        """
        try:
            async with asyncio.timeout_at(until_s):
                while not self._cut and not ready():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass
        if self._cut:
            raise Cut
        return ready()


def _check_played(ended: Headers, file: str) -> None:
    """A broken playback counts as played, as FreeSWITCH says itself."""
    response = ended.get("Application-Response")
    if response != PLAYED:
        raise SwitchRefused(f"FreeSWITCH: playback of {file}: {printable(response)[:80]}")
