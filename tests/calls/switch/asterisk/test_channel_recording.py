"""Recording on Asterisk: each result of RECORD FILE and MixMonitor, with the replies of the recordings."""

from __future__ import annotations

import pytest

from calls.errors import CommandRefused, SwitchRefused, SwitchUnavailable
from calls.ids import LegId
from calls.recordings import DEPLOYED
from calls.switch.port import (
    Connect,
    Done,
    EndedBy,
    HungUp,
    MuteRecording,
    Play,
    PlayRecording,
    Record,
    Recorded,
    RecordEnd,
    RecordingFailed,
    StartRecording,
    StopRecording,
)
from tests.calls.switch.asterisk.agi_call import WELCOME, Call, live_call, result

FOLDER = str(DEPLOYED.folder).encode()
RECORD = b"RECORD FILE " + FOLDER + b"/m-1 wav # 10000 s=4"
MESSAGE = Record("m-1", (WELCOME,), 10.0, 4.0)


async def begun(call: Call, command: Record = MESSAGE) -> None:
    """The prompt has been played, and the beep is heard."""
    if command.prompts:
        await call.peer.expect(b"STREAM FILE /prompts/en/welcome #", b"200 result=0 endpos=100\n")
    if command.beep:
        await call.peer.expect(b'EXEC PlayTones "!1000/300"', b"200 result=0\n")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"200 result=35 (dtmf) endpos=28800\n", Recorded("m-1", 3.6, RecordEnd.KEY)),
        (b"200 result=4983 (timeout) endpos=28160\n", Recorded("m-1", 2.52, RecordEnd.SILENCE)),
        (b"200 result=0 (timeout) endpos=5920\n", Recorded("m-1", 0.0, RecordEnd.SILENCE)),
        (b"200 result=-1 (hangup) endpos=8320\n", Recorded("m-1", 1.04, RecordEnd.HANGUP)),
    ],
)
async def test_what_ended_a_message(reply: bytes, expected: Recorded) -> None:
    async with live_call() as call:
        recorded = call.start(MESSAGE)
        await begun(call)
        await call.peer.expect(RECORD, reply)
        assert await result(recorded) == expected


@pytest.mark.parametrize("reply", [b"200 result=0 (timeout) endpos=800\n", b"200 result=1 (timeout) endpos=800\n"])
async def test_the_greatest_length_is_told_from_silence_by_the_clock(reply: bytes) -> None:
    """16.28 says 0 and 22.10 says 1 for it, and a number without a meaning for silence."""
    async with live_call() as call:
        command = Record("m-1", (), 0.2, 4.0, beep=False)
        recorded = call.start(command)
        await call.peer.expect(b"RECORD FILE " + FOLDER + b"/m-1 wav # 200 s=4", reply)
        assert await result(recorded) == Recorded("m-1", 0.1, RecordEnd.LONGEST)


async def test_a_key_ends_the_prompts_and_the_message_begins() -> None:
    async with live_call() as call:
        recorded = call.start(Record("m-1", (WELCOME, WELCOME), 10.0, 4.0))
        await call.peer.expect(b"STREAM FILE /prompts/en/welcome #", b"200 result=35 endpos=100\n")
        await call.peer.expect(b'EXEC PlayTones "!1000/300"', b"200 result=0\n")
        await call.peer.expect(RECORD, b"200 result=35 (dtmf) endpos=800\n")
        assert await result(recorded) == Recorded("m-1", 0.1, RecordEnd.KEY)


async def test_a_hang_up_that_ami_tells_first_still_gives_the_message() -> None:
    async with live_call() as call:
        recorded = call.start(MESSAGE)
        await begun(call)
        await call.peer.expect(RECORD)
        call.channel.left(EndedBy.CALLER, 16)
        done = await result(recorded)
        assert isinstance(done, Recorded) and done.ended_by is RecordEnd.HANGUP and done.duration_s < 5.0
        assert await result(call.start(Play((WELCOME,)))) == HungUp(EndedBy.CALLER, 16)


async def test_a_hang_up_before_the_message_is_only_that() -> None:
    async with live_call() as call:
        recorded = call.start(MESSAGE)
        await call.peer.expect(b"STREAM FILE /prompts/en/welcome #")
        call.channel.left(EndedBy.CALLER, 16)
        assert await result(recorded) == HungUp(EndedBy.CALLER, 16)


async def test_a_file_that_cannot_be_written_is_told() -> None:
    async with live_call() as call:
        recorded = call.start(MESSAGE)
        await begun(call)
        await call.peer.expect(RECORD, b"200 result=-1 (writefile)\n")
        await call.peer.expect(b"CHANNEL STATUS", b"200 result=6\n")
        assert await result(recorded) == RecordingFailed("unavailable")


async def test_a_call_is_recorded_once_at_a_time() -> None:
    async with live_call() as call:
        started = call.start(StartRecording("call-1"))
        await call.peer.expect(b"EXEC MixMonitor " + FOLDER + b"/call-1.wav", b"200 result=0\n")
        assert await result(started) == Done()
        assert await result(call.start(StartRecording("call-2"))) == RecordingFailed("running")
        assert await result(call.start(MuteRecording(True))) == Done()
        assert await result(call.start(StopRecording())) == Done()
        assert await result(call.start(StopRecording())) == Done()
        name = call.channel.name
        assert call.control.asked == [("mute_recording", name, "True"), ("stop_recording", name)]


async def test_an_asterisk_without_mixmonitor_is_told() -> None:
    async with live_call() as call:
        started = call.start(StartRecording("call-1"))
        await call.peer.expect(b"EXEC MixMonitor " + FOLDER + b"/call-1.wav", b"200 result=-2\n")
        await call.peer.expect(b"CHANNEL STATUS", b"200 result=6\n")
        assert await result(started) == RecordingFailed("unavailable")


async def test_muting_interrupts_nothing_and_goes_on_in_a_talk() -> None:
    async with live_call() as call:
        playing = call.start(Play((WELCOME,)))
        await call.peer.expect(b'STREAM FILE /prompts/en/welcome ""')
        assert await result(call.start(MuteRecording(True))) == Done()
        assert not playing.done()
        call.peer.say(b"200 result=0 endpos=100\n")
        assert await result(playing) == Done()
        talk = call.start(Connect(LegId("leg-1")))
        await call.control.was_asked("redirect", call.channel.name, "callwright-room", "leg-1", "1")
        assert await result(call.start(MuteRecording(False))) == Done()
        call.channel.left(EndedBy.CALLER, 16)
        assert await result(talk) == HungUp(EndedBy.CALLER, 16)


@pytest.mark.parametrize("fault", [SwitchUnavailable("gone"), SwitchRefused("Cannot set mute flag")])
async def test_a_recording_that_was_not_muted_is_told(fault: SwitchUnavailable | SwitchRefused) -> None:
    async with live_call() as call:
        started = call.start(StartRecording("call-1"))
        await call.peer.expect(b"EXEC MixMonitor " + FOLDER + b"/call-1.wav", b"200 result=0\n")
        await result(started)
        call.control.fault = fault
        assert await result(call.start(MuteRecording(True))) == RecordingFailed("unavailable")


async def test_muting_where_nothing_records_is_done_when_the_switch_says_so() -> None:
    async with live_call() as call:
        call.control.fault = SwitchRefused("Cannot set mute flag")
        assert await result(call.start(MuteRecording(True))) == Done()
        call.control.fault = SwitchUnavailable("gone")
        assert await result(call.start(MuteRecording(True))) == RecordingFailed("unavailable")


async def test_only_our_ids_become_files() -> None:
    async with live_call() as call:
        for name in ("../x", "a/b", "a,b", "", "a\nb"):
            for command in (StartRecording(name), Record(name, (), 1.0, 1.0), PlayRecording(name, 1.0)):
                with pytest.raises(CommandRefused):
                    await call.channel.perform(command)


async def test_a_recording_that_is_gone_is_told() -> None:
    async with live_call() as call:
        assert await result(call.start(PlayRecording("m-9", 1.0))) == RecordingFailed("unavailable")
