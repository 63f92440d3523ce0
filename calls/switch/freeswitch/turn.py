"""One command that FreeSWITCH runs from its beginning to its result.

A turn sends applications with ids of its own and waits for the events that carry them. FreeSWITCH knows nothing of
menus here: it plays, and tells each key as an event; :mod:`calls.switch.keys` decides, and a key that stops a prompt
does so by our ``uuid_break``, 21 ms after it (seen on 1.11.1). The playback that was broken says ``FILE PLAYED``.

Everything that a turn waits for goes through :meth:`Turn.until`, which another command or the call's end cuts short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from calls import log
from calls.errors import CommandRefused, PromptError, SwitchRefused, SwitchTimeout
from calls.recordings import DEPLOYED, RecordingFiles
from calls.switch.freeswitch.connection import EslConnection
from calls.switch.freeswitch.ear import Ear
from calls.switch.freeswitch.hearings import Hearings
from calls.switch.keys import Complete, KeyBuffer
from calls.switch.port import Gather, Hold, Interrupted, Match, Play, Prompt, PromptFiles, Result
from calls.switch.results import Done
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
class Surroundings:
    """What all calls of one switch have in common."""

    prompts: PromptFiles
    new_id: Callable[[], str]
    """Ids that are safe on the wire and never come again."""
    ask: Callable[[Command], Awaitable[str]]
    """The event socket's answer, for a channel that is away from ours; raises as :meth:`EslClient.ask` does."""
    destinations: Mapping[str, str] = field(default_factory=dict)
    """Transfer targets of the settings: name to dial string."""
    trunks: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    """What is dialled for a number, by the trunk's name."""
    recordings: RecordingFiles = DEPLOYED
    context: str = "callwright"
    """The dialplan's context that is ours."""
    hearings: Hearings | None = None
    """By which callers are heard; None: nobody is."""


@dataclass(slots=True)
class Run:
    """An application of ours under way."""

    event_id: str
    begun: bool = False
    ended: Headers | None = None


class Turn:
    """See the module."""

    def __init__(self, connection: EslConnection, channel_id: str, around: Surroundings) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._news = asyncio.Event()
        self._cut = False
        self._run: Run | None = None
        self.channel_id = channel_id
        self.around = around
        self.interrupted = False
        """It was cut by another command, not by the end of the call."""
        self.dials = False
        """The channel dials or talks, and reads no messages of its socket."""
        self.ear = Ear()
        self.watch: Callable[[float], object] = lambda _: None
        """Has the call sent on when we are silent for so many seconds."""
        self.hears: Callable[[Event], object] = lambda _: None
        """Who else is told of the events that come: of other channels, too, which :meth:`say` has asked for."""

    # --- what the channel tells --------------------------------------------------------------------------------

    def cut(self, *, interrupted: bool = False) -> None:
        """End it: whatever waits raises :class:`Cut`, now and later."""
        self._cut = True
        self.interrupted = self.interrupted or interrupted
        self._news.set()

    def hush(self) -> None:
        """The prompts of a ``Gather`` end; see :class:`calls.switch.port.StopPrompts`."""
        self.ear.hush(self._loop.time())
        self._news.set()

    def stop(self) -> None:
        """A ``Gather`` ends; see :class:`calls.switch.port.StopGather`."""
        self.ear.stop()
        self._news.set()

    def heard(self, event: Event) -> None:
        """An event of the call, or of a leg that the turn dials."""
        self.hears(event)
        if event.headers.get("Unique-ID") == self.channel_id:
            self._heard(event)
        self._news.set()

    def _heard(self, event: Event) -> None:
        run, ids = self._run, event.headers.get("Application-UUID")
        match event.name:
            case "DTMF":
                self.ear.hear(event.headers.get("DTMF-Digit"), self._loop.time())
            case "CHANNEL_EXECUTE" if run is not None and ids == run.event_id:
                run.begun = True
            case "CHANNEL_EXECUTE_COMPLETE" if run is not None and ids == run.event_id and run.ended is None:
                run.ended = event.headers
                self.ear.prompts_left -= 1

    # --- prompts and keys --------------------------------------------------------------------------------------

    def files(self, prompts: Sequence[Prompt]) -> list[tuple[str, float]]:
        """The files, and how long they play in seconds."""
        prompt_files = self.around.prompts
        try:
            return [(str(prompt_files.path(prompt)), prompt_files.duration_s(prompt)) for prompt in prompts]
        except PromptError as error:
            raise CommandRefused(str(error)) from error

    async def answer(self) -> Result:
        """Answer the call."""
        await self.execute(esl_applications.Answer(), MARGIN_S)
        return Done()

    async def play_all(self, command: Play) -> Result:
        """Play the prompts."""
        for file, lasts_s in self.files(command.prompts):
            await self.play(file, lasts_s)
        return Done()

    async def play(self, file: str, lasts_s: float) -> None:
        """Play one file, until a key that counts breaks it.

        Raises:
            SwitchRefused: the switch has no such file.
        """
        ended = await self.execute(esl_applications.Playback(file), lasts_s + MARGIN_S)
        response = ended.get("Application-Response")
        if response != PLAYED:  # what was broken says so as well
            raise SwitchRefused(f"FreeSWITCH: playback of {file}: {printable(response)[:80]}")

    async def gather(self, command: Gather) -> Result:
        """Play the prompts and take keys."""
        files = self.files(command.prompts)
        ear = self.ear = Ear(
            True,
            command.barge_in,
            voice=True,
            prompts_left=len(files),
            first_key_timeout_s=command.first_key_timeout_s,
        )
        for file, lasts_s in files:
            if ear.breaks:
                break
            await self.play(file, lasts_s)
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

    async def _key_or_stop(self, ear: Ear) -> bool:
        """Wait for either; False: time is up, which a caller who begins to speak puts off."""
        while not (ear.keys or ear.stopped):
            until_s = ear.until_s

            def news(until_s: float | None = until_s) -> bool:
                return bool(ear.keys) or ear.stopped or ear.until_s != until_s

            if not await self.until(news, until_s):
                return False
        return True

    async def hold(self, command: Hold) -> Result:
        """Music for so long, or until a key of the plan."""
        until_s = self._loop.time() + command.for_s
        choices = command.plan.choices if command.plan is not None else frozenset()
        ear = self.ear = Ear(bool(choices), True, choices)
        ended = await self.run_until(esl_applications.Music(command.music), until_s, lambda: bool(ear.keys))
        if ended.get("Application-Response") != PLAYED and not ear.keys and self._loop.time() < until_s:
            log.get().warning("the switch has no music on hold", music=command.music)
        await self.until(lambda: bool(ear.keys), until_s)
        return Match(ear.keys[0].key) if ear.keys else Done()

    # --- applications ------------------------------------------------------------------------------------------

    async def execute(self, application: Application, within_s: float) -> Headers:
        """How ``application`` ended: by itself, or broken by a key that counts or by the caller's voice."""
        run = await self.begin(application)
        until = self._loop.time() + within_s
        if await self.until(lambda: run.ended is not None or (run.begun and self.ear.breaks), until):
            await self.end(run)
        return await self.outcome(run, application)

    async def run_until(self, application: Application, until_s: float, stops: Callable[[], bool]) -> Headers:
        """How ``application`` ended: by itself, or broken at ``until_s`` or as soon as ``stops``."""
        run = await self.begin(application)
        await self.until(lambda: run.ended is not None or (run.begun and stops()), until_s)
        await self.end(run)
        return await self.outcome(run, application)

    async def begin(self, application: Application) -> Run:
        """Have the channel run ``application``."""
        run = self._run = Run(self.around.new_id())
        await self.say(Execute(application, run.event_id))
        return run

    async def end(self, run: Run) -> None:
        """End ``run``; nothing happens where it has ended."""
        for _ in range(BREAKS):
            if run.ended is not None:
                return
            await self.say(BreakPlayback(self.channel_id))
            await self.until(lambda: run.ended is not None, self._loop.time() + BREAK_S)

    async def outcome(self, run: Run, application: Application) -> Headers:
        """How ``run`` ended.

        Raises:
            SwitchTimeout: it did not.
        """
        if run.ended is None:
            raise SwitchTimeout(f"FreeSWITCH: {application.words()[0]} did not end in time")
        if run.ended.get("Answer-State") == "hangup":
            await self.until(lambda: False, self._loop.time() + MARGIN_S)  # the call's end follows, and cuts
            raise SwitchTimeout("FreeSWITCH: a call that has been hung up did not end")
        return run.ended

    async def say(self, command: Command) -> Reply | ApiReply:
        """The reply to ``command``; a refused application is an error, a refused break finds nothing to break."""
        reply = self._connection.submit(command)
        reply.add_done_callback(lambda _: self._news.set())
        await self.until(reply.done, None)
        answer = reply.result()
        if isinstance(answer, Reply) and answer.refused:
            raise SwitchRefused(f"FreeSWITCH: {type(command).__name__}: {printable(answer.text)[:200]}")
        return answer

    async def until(self, ready: Callable[[], bool], until_s: float | None) -> bool:
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
