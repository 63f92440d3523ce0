"""The recording of one whole call, or of one talk of it, by ``uuid_record``: it belongs to the channel, so that a
bridge and the way back do not end it (seen on 1.11.1). Muting it is masking: the file holds silence meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from calls import log
from calls.errors import SwitchError, SwitchRefused
from calls.switch.freeswitch.message import UNAVAILABLE
from calls.switch.port import Done, RecordingFailed
from calls.wire.esl_commands import Command
from calls.wire.esl_control import Tape, TapeCall

RUNNING = "running"

Ask = Callable[[Command], Awaitable[str]]
"""What FreeSWITCH answers; raises as :meth:`EslConnection.ask` does."""


class CallRecording:
    """See the module."""

    def __init__(self, channel_id: str, ask: Ask) -> None:
        self._channel_id = channel_id
        self._ask = ask
        self._file = ""
        self._talks = ""

    async def start(self, file: str) -> Done | RecordingFailed:
        """Begin to record the call into ``file``.

        Raises:
            SwitchUnavailable, SwitchTimeout: unknown whether it is recorded.
        """
        if self._file:
            return RecordingFailed(RUNNING)
        if not await self._begin(file):
            return RecordingFailed(UNAVAILABLE)
        self._file = file
        return Done()

    async def start_talk(self, file: str) -> None:
        """Begin to record a talk. Where that cannot be done the two talk all the same."""
        try:
            if not self._file and await self._begin(file):
                self._talks = file
        except SwitchError as problem:
            log.get().error("a talk is not recorded", file=file, problem=str(problem))

    async def end_talk(self) -> None:
        """The talk is over, and its recording."""
        file, self._talks = self._talks, ""
        if file:
            await self._stop(file)

    async def mute(self, *, muted: bool) -> Done | RecordingFailed:
        """Let it hold silence, or no longer."""
        file = self._file or self._talks
        if not file:
            return Done()
        try:
            await self._ask(TapeCall(self._channel_id, Tape.MASK if muted else Tape.UNMASK, file))
        except SwitchError as problem:
            log.get().error("a recording was not muted", muted=muted, problem=str(problem))
            return RecordingFailed(UNAVAILABLE)
        return Done()

    async def stop(self) -> Done | RecordingFailed:
        """End the call's recording."""
        if not self._file:
            return Done()
        if not await self._stop(self._file):
            return RecordingFailed(UNAVAILABLE)
        self._file = ""
        return Done()

    async def _begin(self, file: str) -> bool:
        try:
            await self._ask(TapeCall(self._channel_id, Tape.START, file))
        except SwitchRefused as problem:
            log.get().error("FreeSWITCH does not record", file=file, problem=str(problem))
            return False
        return True

    async def _stop(self, file: str) -> bool:
        try:
            await self._ask(TapeCall(self._channel_id, Tape.STOP, file))
        except SwitchRefused:
            return True  # nothing records it
        except SwitchError as problem:
            log.get().error("a recording was not ended", file=file, problem=str(problem))
            return False
        return True
