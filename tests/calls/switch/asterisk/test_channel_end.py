"""How one call on Asterisk ends, in whatever command it is, with the bytes of the recordings."""

from __future__ import annotations

import asyncio

import pytest

from calls.errors import CommandRefused, RemoteProtocolError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import CallId, LegId
from calls.switch.port import (
    Answer,
    Connect,
    Done,
    EndedBy,
    Hangup,
    Hold,
    HungUp,
    Play,
    SwitchCommand,
    Transfer,
)
from calls.wire import agi
from tests.calls.switch.asterisk import agi_peer
from tests.calls.switch.asterisk.agi_call import (
    MENU,
    MENU_FILE,
    WELCOME,
    WELCOME_FILE,
    Call,
    gather,
    live_call,
    result,
)
from tests.calls.switch.asterisk.agi_peer import DEAD


async def hang_up_replies(call: Call, cause: bytes = b"200 result=1 (16)\n") -> None:
    """A dead channel still tells its cause."""
    await call.peer.expect(b"GET VARIABLE HANGUPCAUSE", cause)


async def test_hangup_by_agi_tells_the_dialplan_that_it_is_done_and_gives_the_cause() -> None:
    async with live_call() as call:
        done = call.start(Hangup(17))
        await call.peer.expect(b"SET VARIABLE IVR_DONE 1", b"200 result=1\n")
        await call.peer.expect(b"EXEC Hangup 17", b"200 result=-1\n")
        await call.peer.expect(b"HANGUP", b"200 result=1\nHANGUP\n")
        assert await result(done) == HungUp(EndedBy.US, 17)
        await call.peer.closed()
        assert await result(call.channel.perform(Answer())) == HungUp(EndedBy.US, 17)
        assert call.control.asked == []


EVERYWHERE: list[tuple[SwitchCommand, bytes]] = [
    (Answer(), b"ANSWER"),
    (Play((WELCOME, MENU)), b"STREAM FILE " + WELCOME_FILE + b' ""'),
    (gather(), b"GET DATA " + MENU_FILE + b" 4000 1"),
    (gather(prompts=()), b"WAIT FOR DIGIT 4000"),
    (gather(barge_in=False), b"STREAM FILE " + MENU_FILE + b" D"),
    (Hold(30.0), b"EXEC MusicOnHold default,30"),
    (Transfer("sales", 20.0), b"EXEC Dial PJSIP/sales@carrier,20,gS(14400)"),
]
IN_EVERY_COMMAND = pytest.mark.parametrize(
    ("command", "line"), EVERYWHERE, ids=[type(command).__name__ for command, _ in EVERYWHERE]
)


@IN_EVERY_COMMAND
@pytest.mark.parametrize(
    "reply", [b"200 result=-1\n", b"200 result=-1 (hangup) endpos=8320\n", b"200 result=-1 endpos=1\n"]
)
async def test_the_caller_hangs_up_in_it(command: SwitchCommand, line: bytes, reply: bytes) -> None:
    """As recorded: -1 first, then the HANGUP line before the next reply."""
    async with live_call() as call:
        done = call.start(command)
        await call.peer.expect(line, reply)
        await call.peer.expect(b"CHANNEL STATUS", b"HANGUP\n" + DEAD)
        await hang_up_replies(call)
        assert await result(done) == HungUp(EndedBy.CALLER, 16)
        await call.peer.closed()
        for again in (Answer(), Connect(LegId("leg-1")), Hangup()):
            assert await result(call.channel.perform(again)) == HungUp(EndedBy.CALLER, 16)
        assert call.control.asked == []


@IN_EVERY_COMMAND
async def test_the_caller_has_hung_up_before_it(command: SwitchCommand, line: bytes) -> None:
    """As recorded in agi-dead-channel: HANGUP between commands."""
    async with live_call() as call:
        call.peer.say(b"HANGUP\n")
        await agi_peer.settled(lambda: call.channel._connection is not None and call.channel._connection.hung_up)
        done = call.start(command)
        await hang_up_replies(call, b"200 result=1 (0)\n")
        assert await result(done) == HungUp(EndedBy.CALLER, None)
        await call.peer.closed()


@IN_EVERY_COMMAND
async def test_the_channel_is_dead_already(command: SwitchCommand, line: bytes) -> None:
    async with live_call() as call:
        done = call.start(command)
        await call.peer.expect(line, DEAD)
        await hang_up_replies(call, b"200 result=0\n")
        assert await result(done) == HungUp(EndedBy.CALLER, None)


@IN_EVERY_COMMAND
async def test_the_switch_goes_away_in_it(command: SwitchCommand, line: bytes) -> None:
    async with live_call() as call:
        done = call.start(command)
        await call.peer.expect(line)
        await call.peer.close()
        assert await result(done) == HungUp(EndedBy.SWITCH, None)
        assert await result(call.channel.perform(Hangup())) == HungUp(EndedBy.SWITCH, None)


@IN_EVERY_COMMAND
async def test_ami_says_that_it_is_gone(command: SwitchCommand, line: bytes) -> None:
    async with live_call() as call:
        done = call.start(command)
        await call.peer.expect(line)
        call.channel.left(EndedBy.CALLER, 31)
        assert await result(done) == HungUp(EndedBy.CALLER, 31)
        call.channel.left(EndedBy.SWITCH, 16)
        assert await result(call.channel.perform(Answer())) == HungUp(EndedBy.CALLER, 31)
        await call.peer.closed()


@IN_EVERY_COMMAND
async def test_a_stream_out_of_step_is_closed_and_hangup_still_works(command: SwitchCommand, line: bytes) -> None:
    async with live_call() as call:
        done = call.start(command)
        await call.peer.expect(line, b"200 result=0\n200 result=1 (forged)\n")
        with pytest.raises(RemoteProtocolError):
            await result(done)
        await call.peer.closed()
        with pytest.raises(SwitchUnavailable):
            await call.channel.perform(Answer())
        assert await result(call.channel.perform(Hangup(16))) == HungUp(EndedBy.US, 16)
        assert call.control.asked == [("hang_up", "PJSIP/caller-00000000", "16")]


@IN_EVERY_COMMAND
async def test_no_reply_in_time_ends_the_connection(
    command: SwitchCommand, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in (agi.Answer, agi.StreamFile, agi.GetKey, agi.WaitForDigit, agi.MusicOnHold, agi.Dial):
        monkeypatch.setattr(kind, "deadline_s", 0.02)
    async with live_call() as call:
        with pytest.raises(SwitchTimeout):
            await result(call.channel.perform(command))
        await call.peer.expect(line)
        await call.peer.closed()


async def test_a_refusal_of_the_switch_is_an_error() -> None:
    async with live_call() as call:
        done = call.start(Answer())
        await call.peer.expect(b"ANSWER", b"510 Invalid or unknown command\n")
        with pytest.raises(SwitchRefused, match="510 Invalid or unknown command"):
            await result(done)


@pytest.mark.parametrize("planned", [True, False])
async def test_the_dialplan_learns_whether_the_call_went_as_planned(planned: bool) -> None:
    async with live_call() as call:
        finished = asyncio.ensure_future(call.channel.finish(planned=planned))
        if planned:
            await call.peer.expect(b"SET VARIABLE IVR_DONE 1", b"200 result=1\n")
        await call.peer.closed()
        await finished
        await call.channel.finish(planned=planned)


async def test_only_one_command_at_a_time() -> None:
    async with live_call() as call:
        done = call.start(Answer())
        await call.peer.expect(b"ANSWER")
        with pytest.raises(CommandRefused, match="Play while another command is pending"):
            await call.channel.perform(Play((WELCOME,)))
        call.peer.say(b"200 result=0\n")
        assert await result(done) == Done()


async def test_end_talk_with_no_talk_does_nothing() -> None:
    async with live_call() as call:
        await call.channel.end_talk()
        assert call.control.asked == []


def test_a_call_id_is_a_safe_value() -> None:
    with pytest.raises(CommandRefused):
        agi.SetVariable(agi.Variable.CALL, CallId("x\ny"))
