"""Tells a person that their talk is recorded, and takes a no by a key: only then is anything recorded.

Where the law wants the announcement on the recording itself, the recording of the call begins right before it; what
a person refuses, or does not hear out, is ended and deleted at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from calls import log
from calls.errors import RecordingError, SwitchError
from calls.switch.port import (
    CallChannel,
    Done,
    Gather,
    HungUp,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    Prompt,
    StartRecording,
    StopRecording,
)
from console.engine.recorder import CallRecorder
from dialer.recording_notice import NOT_RECORDED, Notice

KEY_WITHIN_S = 3.0
"""So long after the announcement its key still counts; the agent waits meanwhile."""

PLAYS = 2
"""A wrong key cuts the announcement off; then it is played once more from its beginning."""


class Notices:
    """Tells people of recordings. ``name``: of a call's next recording, "" for none; ``drop`` deletes one."""

    def __init__(self, name: Callable[[CallRecorder], str], drop: Callable[[str], Awaitable[None]]) -> None:
        self._name = name
        self._drop = drop

    async def tell(self, channel: CallChannel, recorder: CallRecorder, notice: Notice) -> HungUp | None:
        """Play the announcement. Afterwards ``recorder`` knows whether the talk may be recorded, and whether it
        already is. How the call ended, None where it is still up.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        if recorder.told_on_recording:
            name = self._name(recorder)
            begun = await channel.perform(StartRecording(name)) if name else None
            if not isinstance(begun, Done):
                if name:
                    recorder.note("recording_refused", {"because": "it could not begin before its announcement"})
                return begun if isinstance(begun, HungUp) else None
            recorder.note("recording_started", {"recording": name})
            recorder.holds_notice = name
        try:
            return await self._tell(channel, recorder, notice)
        finally:
            if recorder.untold:  # also where the switch failed, or we end: it was not heard out
                await self._undo(channel, recorder)

    async def end(self, channel: CallChannel, recorder: CallRecorder) -> None:
        """The talk is over, and with it the recording that holds the announcement: the next needs its own."""
        if recorder.holds_notice:
            recorder.holds_notice, recorder.untold = "", recorder.may_record
            try:
                await channel.perform(StopRecording())
            except SwitchError as problem:
                log.get().error("a recording was not ended", problem=str(problem))

    async def _tell(self, channel: CallChannel, recorder: CallRecorder, notice: Notice) -> HungUp | None:
        result = await _play(channel, notice)
        detail = {"prompt": notice.prompt.key}
        match result:
            case HungUp():
                recorder.note("recording_not_announced", detail | {"because": "hangup"})
                return result
            case Match(key):
                recorder.may_record = recorder.untold = False
                recorder.note("recording_refused", detail | {"key": key})
                await self._undo(channel, recorder)
                result = await channel.perform(Play((Prompt(NOT_RECORDED, notice.prompt.language),)))
                return result if isinstance(result, HungUp) else None
            case Done() | NoInput():
                recorder.untold = False
                if held := recorder.holds_notice:
                    recorder.note_recording(held)
                    detail |= {"recording": held}
                recorder.note("recording_announced", detail)
            case _:  # by a wrong key, or by our own hang-up
                recorder.note("recording_not_announced", detail | {"because": "cut off"})
        return None

    async def _undo(self, channel: CallChannel, recorder: CallRecorder) -> None:
        """Nothing is kept of a recording whose announcement was refused, or not heard out."""
        name = recorder.holds_notice
        if not name:
            return
        await self.end(channel, recorder)
        try:
            await self._drop(name)
        except RecordingError as problem:
            log.get().error("a refused recording was not deleted", recording=name, problem=str(problem))
        recorder.note("recording_dropped", {"recording": name})


async def _play(channel: CallChannel, notice: Notice) -> object:
    if not notice.refuse_key:
        result = await channel.perform(Play((notice.prompt,)))
        return result if isinstance(result, HungUp | Done) else NoMatch("")
    gather = Gather((notice.prompt,), KeyPlan(frozenset({notice.refuse_key})), KEY_WITHIN_S, KEY_WITHIN_S)
    for _ in range(PLAYS):
        result = await channel.perform(gather)
        if not isinstance(result, NoMatch):
            break
    return result
