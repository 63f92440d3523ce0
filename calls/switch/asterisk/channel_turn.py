"""One command that AGI runs from its beginning to its result: what is said to the switch, and what its replies mean.

A turn knows nothing of the call's state. It says each AGI command through its channel, which raises when another
command took the turn's place or the call has ended.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import assert_never

from calls import log
from calls.errors import CommandRefused, PromptError, SwitchRefused
from calls.recordings import RecordingFiles
from calls.switch.asterisk.channel_gather import Gathering, key_of, milliseconds
from calls.switch.asterisk.channel_recording import UNAVAILABLE, file_of, record
from calls.switch.asterisk.tape import Tape
from calls.switch.port import (
    Answer,
    Done,
    Gather,
    Hold,
    Match,
    Play,
    PlayRecording,
    Prompt,
    PromptFiles,
    Record,
    RecordingFailed,
    Result,
    Transfer,
    TransferFailed,
    Transferred,
)
from calls.wire import agi
from calls.wire.agi import Variable
from calls.wire.agi_replies import Reply

_DIAL_FAILURES = {"BUSY": "busy", "NOANSWER": "no_answer", "CANCEL": "no_answer"}
"""DIALSTATUS. What is not here is ``unavailable``. Source: docs.asterisk.org, application Dial."""

_CALL_REJECTED = "21"
"""Q.850 "call rejected", e.g. SIP 403 and 603."""

_NOT_ANSWERED = ("17", _CALL_REJECTED)
"""The causes of a busy telephone. One that answered and did not take the call, for which our dialplan says BUSY too,
ended with 16 (seen on 16.28 and 22.10), as calls do that were up."""

_ROUND_S = 0.02
"""A hold of whole seconds is not a frame short for the time that it took to begin."""

_TAIL_S = 2.0
"""A recording plays a little longer than what was said in it: the silence that ended it is in there."""

_EARLY_S = 0.5
"""Music that ends this much before its time was none."""


class Turn:
    """One command of the port in the hands of AGI."""

    def __init__(
        self,
        say: Callable[[Turn, agi.Command], Awaitable[Reply]],
        prompts: PromptFiles,
        destinations: Mapping[str, str],
        recordings: RecordingFiles,
        trunks: Mapping[str, Callable[[str], str]],
        context_prefix: str,
        tape: Callable[[], Tape | None],
    ) -> None:
        """``trunks`` give the dial string of a number; ``tape``: see :class:`Gathering`."""
        self._say = say
        self._prompts = prompts
        self._destinations = destinations
        self._recordings = recordings
        self._trunks = trunks
        self._context_prefix = context_prefix
        self._tape = tape
        self._loop = asyncio.get_running_loop()
        self.cut = False
        """Another command took its place."""
        self._answered_at: float | None = None
        self._gathering: Gathering | None = None

    def hush(self) -> bool:
        """The caller begins to speak: whether the command that AGI runs is to be ended by a signal."""
        return self._gathering is not None and self._gathering.hush()

    def stop(self) -> bool:
        """The caller has said enough: whether the command that AGI runs is to be ended by a signal."""
        return self._gathering is not None and self._gathering.stop()

    def target_answered(self) -> None:
        """Somebody else tells that the target of the transfer has answered just now."""
        self._answered_at = self._loop.time()

    async def run(self, command: Answer | Play | Gather | Hold | Transfer | Record | PlayRecording) -> Result:
        """The command's result.

        Raises:
            SwitchError: the connection failed, or the switch refused the command.
        """
        match command:
            case Answer():
                await self._must(agi.Answer())
                return Done()
            case Play():
                await self._play(command.prompts)
                return Done()
            case Gather():
                self._gathering = Gathering(
                    command, self._files(command.prompts), self._must, partial(self._say, self), self._tape
                )
                return await self._gathering.run()
            case Hold(plan=plan) if plan is not None and plan.choices:
                return await self._hold_for_key(command, plan.choices)
            case Hold():
                return await self._hold(command)
            case Transfer():
                return await self._transfer(command)
            case Record():
                return await self._record(command)
            case PlayRecording():
                return await self._play_recording(command)
            case _:
                assert_never(command)

    async def _must(self, command: agi.Command) -> Reply:
        """The reply to ``command``; result -1 is an error where the caller is still there."""
        reply = await self._say(self, command)
        if reply.data.startswith("-"):
            await self._say(self, agi.ChannelStatus())
            raise SwitchRefused(f"AGI {type(command).__name__}: result {reply.data}")
        return reply

    # --- prompts and keys --------------------------------------------------------------------------------------

    def _files(self, prompts: Sequence[Prompt]) -> list[tuple[str, float]]:
        """The files without their extensions, which Asterisk adds, and how long they play in seconds."""
        try:
            return [
                (_without_extension(self._prompts.path(prompt)), self._prompts.duration_s(prompt))
                for prompt in prompts
            ]
        except PromptError as error:
            raise CommandRefused(str(error)) from error

    async def _play(self, prompts: Sequence[Prompt]) -> None:
        for path, lasts_s in self._files(prompts):
            await self._must(agi.StreamFile(path, "", lasts_s))

    async def _wait_for_key(self, timeout_s: float) -> str | None:
        return key_of(await self._must(agi.WaitForDigit(milliseconds(timeout_s))))

    # --- recordings --------------------------------------------------------------------------------------------

    async def _record(self, command: Record) -> Result:
        path = _without_extension(Path(file_of(self._recordings, command.name)))
        for file, lasts_s in self._files(command.prompts):
            if key_of(await self._must(agi.StreamFile(file, command.end_keys, lasts_s))) is not None:
                break
        return await record(partial(self._say, self), path, command, self._loop.time)

    async def _play_recording(self, command: PlayRecording) -> Result:
        path = file_of(self._recordings, command.name)
        if self._recordings.size(command.name) is None:
            return RecordingFailed(UNAVAILABLE)
        lasts_s = min(command.duration_s + _TAIL_S, agi.MAX_PLAY_S)
        try:
            await self._must(agi.StreamFile(_without_extension(Path(path)), "", lasts_s))
        except SwitchRefused as problem:
            log.get().error("Asterisk cannot play a recording", path=path, problem=str(problem))
            return RecordingFailed(UNAVAILABLE)
        return Done()

    # --- holding and transferring ------------------------------------------------------------------------------

    async def _hold_for_key(self, command: Hold, choices: frozenset[str]) -> Match | Done:
        """Music behind the waits for keys: MusicOnHold itself hears none. A redirect leaves it on, and the room's
        dialplan turns it off."""
        until = self._loop.time() + command.for_s
        await self._must(agi.SetMusic(command.music))
        while (rest_s := until - self._loop.time()) > 0:
            key = await self._wait_for_key(rest_s)
            if key in choices:
                await self._must(agi.SetMusic(None))
                return Match(key)
        await self._must(agi.SetMusic(None))
        return Done()

    async def _hold(self, command: Hold) -> Done:
        """Music for the whole seconds, since Asterisk's knows no others; what is left, or all of it where the switch
        has no music, is waited for in silence. A hold ends in time: a dialled person's is under two seconds."""
        until = self._loop.time() + command.for_s
        while (rest_s := until - self._loop.time() + _ROUND_S) >= 1.0:
            for_s = min(math.floor(rest_s), int(agi.MAX_PLAY_S))
            reply = await self._say(self, agi.MusicOnHold(command.music, for_s))
            if reply.data.startswith("-"):
                await self._say(self, agi.ChannelStatus())
            if until - self._loop.time() > max(rest_s - for_s, 0.0) + _EARLY_S:
                log.get().warning("the switch has no music on hold", music=command.music)
                break
        await self._wait_in_silence(until)
        return Done()

    async def _wait_in_silence(self, until: float) -> None:
        while (rest_s := until - self._loop.time()) > 0:
            await self._must(agi.WaitForDigit(milliseconds(rest_s)))

    async def _transfer(self, command: Transfer) -> Result:
        """Dial, talk, and what became of it.

        The talk's length is ours to measure: ANSWEREDTIME, which Dial leaves behind, counts from the caller's own
        answer, so that every menu is in it (seen on 16.28 and 22.10). Where nobody told of the target's answer, its
        ringing is in the length.
        """
        dial = self._dial(command)
        if dial is None:
            log.get().error("no such destination or trunk in the settings", destination=command.destination)
            return TransferFailed("unavailable")
        files = tuple(file for file, _ in self._files(command.whisper))
        began = self._loop.time()
        await self._must(
            agi.Dial(
                dial,
                max(1, math.ceil(command.ring_timeout_s)),
                max(1, math.ceil(command.talk_limit_s)),
                command.music,
                f"{self._context_prefix}-whisper" if files else "",
                files,
                command.take_key,
            )
        )
        ended = self._loop.time()
        status = (await self._say(self, agi.GetVariable(Variable.DIAL_STATUS))).value or ""
        if status == "ANSWER":
            return Transferred(max(0.0, ended - (self._answered_at or began)))
        cause = (await self._say(self, agi.GetVariable(Variable.HANGUP_CAUSE))).value
        if status == "BUSY" and command.take_key and cause not in _NOT_ANSWERED:
            return TransferFailed("declined")
        if cause == _CALL_REJECTED:
            return TransferFailed("refused")
        return TransferFailed(_DIAL_FAILURES.get(status, "unavailable"))

    def _dial(self, command: Transfer) -> str | None:
        """What is dialled; None where the settings have no such destination or trunk.

        Raises:
            CommandRefused: the number must never reach a dial string.
        """
        if not command.number:
            return self._destinations.get(command.destination)
        trunk = self._trunks.get(command.destination)
        return None if trunk is None else trunk(command.number)


def _without_extension(path: Path) -> str:
    return str(path.with_suffix(""))
