"""Recording on Asterisk: the whole call by MixMonitor, a message of the caller by RECORD FILE.

MixMonitor is begun by AGI, because over AMI that needs the class ``system``; muting and ending it need ``call`` only
and go over AMI, which reaches a channel that is busy with a prompt or sits in an agent's room. It belongs to the
channel: a redirect, a room and a dialled destination do not end it (seen on 16.28 and 22.10).

RECORD FILE says ``timeout`` for silence too, and then its number means nothing: our own clock tells the two apart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from calls import log
from calls.errors import CommandRefused, RecordingError, SwitchError, SwitchRefused
from calls.recordings import RecordingFiles
from calls.switch.asterisk.control import ChannelControl
from calls.switch.port import Done, Record, Recorded, RecordEnd, RecordingFailed
from calls.wire import agi
from calls.wire.agi_replies import Reply

UNAVAILABLE = "unavailable"
RUNNING = "running"

NOT_RECORDED = "-"
"""What the dialplan's room takes for no recording."""

RATE_HZ = 8_000
LEFT_IN_S = 1.0
"""What RECORD FILE leaves of the silence that ended it. Source: handle_recordfile in res/res_agi.c."""

EARLY_S = 0.25
"""A recording that ends this much before its greatest length was not ended by it: silence counts in whole seconds."""

Say = Callable[[agi.Command], Awaitable[Reply]]


class Gone(Exception):
    """The call has ended; the channel knows how."""


class CallRecording:
    """The recording of one whole call."""

    def __init__(self, control: ChannelControl, channel: str) -> None:
        self._control = control
        self._channel = channel
        self._runs = False
        self.in_talk = False
        """The room of the talk that goes on records it."""
        self.announced = False
        """The dialplan knows of a recording of the next talk."""

    async def start(self, say: Say, path: str) -> Done | RecordingFailed:
        """Begin to record into ``path``, which is a whole file name.

        Raises:
            SwitchError: see :meth:`calls.switch.port.CallChannel.perform`.
        """
        if self._runs:
            return RecordingFailed(RUNNING)
        reply = await say(agi.StartMixMonitor(path))
        if reply.data.startswith("-"):
            await say(agi.ChannelStatus())  # raises where the call has ended
            log.get().error("Asterisk does not record", path=path, result=reply.data)
            return RecordingFailed(UNAVAILABLE)
        self._runs = True
        return Done()

    async def mute(self, *, muted: bool) -> Done | RecordingFailed:
        """Let it hold silence, or no longer. A recording that the PBX began itself is muted as well."""
        try:
            await self._control.mute_recording(self._channel, muted=muted)
        except SwitchRefused:
            return RecordingFailed(UNAVAILABLE) if self._runs or self.in_talk else Done()
        except SwitchError as problem:
            log.get().error("a recording was not muted", muted=muted, problem=str(problem))
            return RecordingFailed(UNAVAILABLE)
        return Done()

    async def stop(self) -> Done | RecordingFailed:
        """End it, if it was begun here."""
        if not self._runs:
            return Done()
        try:
            await self._control.stop_recording(self._channel)
        except SwitchError as problem:
            log.get().error("a recording was not ended", problem=str(problem))
            return RecordingFailed(UNAVAILABLE)
        self._runs = False
        return Done()


async def record(say: Say, path: str, command: Record, now: Callable[[], float]) -> Recorded | RecordingFailed:
    """Beep and record into ``path``, a file name without its extension; the prompts have been played.

    Raises:
        SwitchError: see :meth:`calls.switch.port.CallChannel.perform`.
        Gone: the call ended before the recording began.
    """
    file = agi.RecordFile(
        path, command.end_keys, max(1, round(command.longest_s * 1_000)), max(1, round(command.silence_s))
    )
    if command.beep:
        await say(agi.Beep())
    began = now()
    try:
        reply = await say(file)
    except Gone:
        return Recorded(command.name, min(now() - began, command.longest_s), RecordEnd.HANGUP)
    took_s = now() - began
    lasted_s = took_s if reply.endpos is None else max(0, reply.endpos) / RATE_HZ
    match reply.word:
        case "hangup":
            return Recorded(command.name, lasted_s, RecordEnd.HANGUP)
        case "dtmf":
            return Recorded(command.name, lasted_s, RecordEnd.KEY)
        case "timeout" if took_s >= command.longest_s - EARLY_S:
            return Recorded(command.name, lasted_s, RecordEnd.LONGEST)
        case "timeout":
            return Recorded(command.name, max(0.0, lasted_s - LEFT_IN_S), RecordEnd.SILENCE)
    await say(agi.ChannelStatus())  # raises where the call has ended
    log.get().error("Asterisk cannot write a recording", path=path, word=reply.word)
    return RecordingFailed(UNAVAILABLE)


def file_of(recordings: RecordingFiles, name: str) -> str:
    """The path of the recording ``name``.

    Raises:
        CommandRefused: it is no recording's name.
    """
    try:
        return str(recordings.path(name))
    except RecordingError as problem:
        raise CommandRefused(str(problem)) from problem
