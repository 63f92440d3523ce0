"""Connect and Hangup: what they interrupt, the way to the agent's room and back, and every way it can go wrong."""

from __future__ import annotations

import asyncio

import pytest

from calls.errors import SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import LegId
from calls.switch.asterisk import channel
from calls.switch.port import (
    Answer,
    Connect,
    Done,
    EndedBy,
    Hangup,
    Hold,
    HungUp,
    Interrupted,
    NotConnected,
    Play,
    Result,
    SwitchCommand,
    TalkEnded,
)
from tests.calls.switch.asterisk.agi_call import WELCOME, Call, live_call, result
from tests.calls.switch.asterisk.agi_peer import DEAD
from tests.calls.switch.asterisk.test_channel_end import EVERYWHERE, IN_EVERY_COMMAND

LEG = LegId("leg-7")
REDIRECT = ("redirect", "PJSIP/caller-00000000", "callwright-room", "leg-7", "1")
KICK = ("kick", "cw-leg-7", "PJSIP/caller-00000000")


async def held(call: Call) -> asyncio.Task[Result]:
    """A caller on hold."""
    holding = call.start(Hold(300.0))
    await call.peer.expect(b"EXEC MusicOnHold default,300")
    return holding


async def in_the_room(call: Call) -> asyncio.Task[Result]:
    """A caller who was held and now talks to the agent."""
    holding = await held(call)
    talking = call.start(Connect(LEG))
    await call.control.was_asked(*REDIRECT)
    call.peer.say(b"200 result=-1\n")
    await call.peer.closed()
    call.channel.joined(LEG)
    assert await holding == Interrupted()
    return talking


async def test_the_way_to_the_agent_and_back() -> None:
    async with live_call() as call:
        talking = await in_the_room(call)
        assert call.connected == [True] and not talking.done()
        call.channel.joined(LEG)
        call.channel.joined(LegId("leg-8"))
        assert call.connected == [True]
        peer = await call.come_back("ENDMARKED")
        assert await talking == TalkEnded(EndedBy.AGENT)
        playing = call.start(Play((WELCOME,)))
        await peer.expect(b'STREAM FILE /prompts/en/welcome ""', b"200 result=0 endpos=1\n")
        assert await result(playing) == Done()


async def test_our_side_closes_only_when_the_held_command_has_ended() -> None:
    async with live_call() as call:
        await held(call)
        call.start(Connect(LEG))
        await call.control.was_asked(*REDIRECT)
        connection = call.channel._connection
        assert connection is not None and not connection.closed
        call.peer.say(b"200 result=-1\nHANGUP\n")
        await call.peer.closed()


@pytest.mark.parametrize(
    ("problem", "recorded"), [(None, True), (SwitchRefused("no"), False), (SwitchUnavailable("away"), False),
                              (SwitchTimeout("late"), True)]
)  # fmt: skip
async def test_it_is_told_whether_the_talk_is_recorded(problem: SwitchError | None, recorded: bool) -> None:
    """A recording that may be there counts as there: it is named in the record, and muted for a card number."""
    async with live_call() as call:
        if problem is not None:
            call.control.faults["record_talk"] = problem
        holding = await held(call)
        talking = call.start(Connect(LEG, "call-1-talk-1"))
        await call.control.was_asked(*REDIRECT)
        call.peer.say(b"200 result=-1\n")
        await call.peer.closed()
        call.channel.joined(LEG)
        assert await holding == Interrupted()
        assert call.connected == [recorded]
        talking.cancel()


async def test_a_caller_who_hears_nothing_is_connected_too() -> None:
    async with live_call() as call:
        talking = call.start(Connect(LEG))
        await call.control.was_asked(*REDIRECT)
        await call.peer.closed()
        call.channel.joined(LEG)
        await call.come_back("KICKED")
        assert await result(talking) == TalkEnded(EndedBy.AGENT)


@IN_EVERY_COMMAND
async def test_connect_interrupts_it(command: SwitchCommand, line: bytes) -> None:
    async with live_call() as call:
        pending = call.start(command)
        await call.peer.expect(line)
        talking = call.start(Connect(LEG))
        assert await result(pending) == Interrupted()
        await call.control.was_asked(*REDIRECT)
        call.peer.say(b"200 result=-1\n")
        await call.peer.closed()
        call.channel.joined(LEG)
        await call.come_back("ENDMARKED")
        assert await result(talking) == TalkEnded(EndedBy.AGENT)


@IN_EVERY_COMMAND
async def test_hangup_interrupts_it(command: SwitchCommand, line: bytes) -> None:
    async with live_call() as call:
        pending = call.start(command)
        await call.peer.expect(line)
        ended = call.start(Hangup(17))
        assert await result(pending) == Interrupted()
        assert await result(ended) == HungUp(EndedBy.US, 17)
        assert call.control.asked == [("hang_up", "PJSIP/caller-00000000", "17")]
        assert await result(call.channel.perform(Answer())) == HungUp(EndedBy.US, 17)


async def test_an_interrupted_play_never_goes_on_to_its_next_prompt() -> None:
    async with live_call() as call:
        pending = call.start(Play((WELCOME, WELCOME)))
        await call.peer.expect(b'STREAM FILE /prompts/en/welcome ""', b"200 result=0 endpos=1\n")
        await call.peer.expect(b'STREAM FILE /prompts/en/welcome ""')
        call.peer.say(b"200 result=0 endpos=1\n")
        call.start(Connect(LEG))
        assert await result(pending) in (Interrupted(), Done())
        await call.peer.closed()


@pytest.mark.parametrize("ended", ["NO_AGENT", "OCCUPIED", "FAILED", ""])
async def test_the_agent_had_gone(ended: str) -> None:
    async with live_call() as call:
        await held(call)
        talking = call.start(Connect(LEG))
        await call.control.was_asked(*REDIRECT)
        call.peer.say(b"200 result=-1\n")
        peer = await call.come_back(ended)
        assert await result(talking) == NotConnected() and call.connected == []
        holding = call.start(Hold(300.0))
        await peer.expect(b"EXEC MusicOnHold default,300")
        assert not holding.done()


async def test_a_talk_of_which_ami_told_nothing_is_a_talk_all_the_same() -> None:
    async with live_call() as call:
        talking = call.start(Connect(LEG))
        await call.control.was_asked(*REDIRECT)
        await call.come_back("ENDMARKED")
        assert await result(talking) == TalkEnded(EndedBy.AGENT)


async def test_the_caller_hangs_up_in_the_talk() -> None:
    async with live_call() as call:
        talking = await in_the_room(call)
        call.channel.left(EndedBy.CALLER, 16)
        assert await talking == HungUp(EndedBy.CALLER, 16)
        assert await result(call.channel.perform(Hangup())) == HungUp(EndedBy.CALLER, 16)


async def test_the_caller_hangs_up_on_the_way() -> None:
    async with live_call() as call:
        talking = call.start(Connect(LEG))
        await call.control.was_asked(*REDIRECT)
        await call.peer.closed()
        call.channel.left(EndedBy.CALLER, 16)
        assert await result(talking) == HungUp(EndedBy.CALLER, 16) and call.connected == []


async def test_end_talk_takes_the_caller_out_of_the_room() -> None:
    async with live_call() as call:
        talking = await in_the_room(call)
        await call.channel.end_talk()
        assert call.control.asked[-1] == KICK
        await call.come_back("KICKED")
        assert await talking == TalkEnded(EndedBy.AGENT)


async def test_hangup_in_a_talk_goes_by_ami() -> None:
    async with live_call() as call:
        talking = await in_the_room(call)
        ended = call.start(Hangup())
        assert await talking == Interrupted()
        assert await result(ended) == HungUp(EndedBy.US, 16)
        assert call.control.asked[-1] == ("hang_up", "PJSIP/caller-00000000", "16")


async def test_hangup_on_the_way_to_the_agent_goes_by_ami_too() -> None:
    """The redirect may have been done: by AGI the channel would end in the room instead."""
    async with live_call() as call:
        way = asyncio.Event()
        call.control.on_redirect = way.set
        connecting = call.start(Connect(LEG))
        await way.wait()
        ended = call.start(Hangup(17))
        assert await result(connecting) == Interrupted()
        assert await result(ended) == HungUp(EndedBy.US, 17)
        assert call.control.asked[-1] == ("hang_up", "PJSIP/caller-00000000", "17")
        await call.peer.closed()


async def test_a_second_connect_takes_the_caller_to_another_agent() -> None:
    async with live_call() as call:
        first = await in_the_room(call)
        second = call.start(Connect(LegId("leg-8")))
        assert await first == Interrupted()
        await call.control.was_asked("redirect", "PJSIP/caller-00000000", "callwright-room", "leg-8", "1")
        call.channel.joined(LegId("leg-8"))
        assert call.connected == [True, True]
        await call.come_back("ENDMARKED")
        assert await result(second) == TalkEnded(EndedBy.AGENT)


async def test_a_call_that_never_enters_the_room_is_fetched_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "ENTERS_ROOM_S", 0.02)
    async with live_call() as call:
        talking = call.start(Connect(LEG))
        await call.control.was_asked(*REDIRECT)
        await call.control.was_asked(*KICK)
        await call.come_back("")
        assert await result(talking) == NotConnected()


async def test_a_call_that_is_nowhere_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "ENTERS_ROOM_S", 0.02)
    monkeypatch.setattr(channel, "COMES_BACK_S", 0.02)
    async with live_call() as call:
        with pytest.raises(SwitchTimeout, match="never came there"):
            await result(call.channel.perform(Connect(LEG)))
        assert await result(call.channel.perform(Hangup())) == HungUp(EndedBy.US, 16)


async def test_no_such_channel_is_a_caller_who_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "REDIRECTED_S", 0.02)
    async with live_call() as call:
        call.control.fault = SwitchRefused("Channel does not exist")
        assert await result(call.channel.perform(Connect(LEG))) == NotConnected()
        done = call.start(Answer())
        await call.peer.expect(b"ANSWER", b"HANGUP\n" + DEAD)
        await call.peer.expect(b"GET VARIABLE HANGUPCAUSE", b"200 result=1 (16)\n")
        assert await result(done) == HungUp(EndedBy.CALLER, 16)


async def test_no_such_channel_and_ami_tells_the_end() -> None:
    async with live_call() as call:
        call.control.fault = SwitchRefused("Channel does not exist")
        talking = call.start(Connect(LEG))
        await call.control.was_asked(*REDIRECT)
        call.channel.left(EndedBy.CALLER, 16)
        assert await result(talking) == HungUp(EndedBy.CALLER, 16)


@pytest.mark.parametrize("fault", [SwitchUnavailable("no AMI"), SwitchTimeout("no answer")])
async def test_without_ami_the_caller_stays_on_hold(
    fault: SwitchUnavailable | SwitchTimeout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "REDIRECTED_S", 0.02)
    async with live_call() as call:
        await held(call)
        call.control.fault = fault
        assert await result(call.channel.perform(Connect(LEG))) == NotConnected()
        connection = call.channel._connection
        assert connection is not None and connection.pending and not connection.closed
        again = call.start(Hold(60.0))
        call.peer.say(b"200 result=0\n")
        await call.peer.expect(b"EXEC MusicOnHold default,60")
        assert not again.done()


async def test_ami_did_not_answer_but_the_channel_moves() -> None:
    """What ends the held command is the evidence that the redirect was done."""
    async with live_call() as call:
        await held(call)
        call.control.fault = SwitchTimeout("no answer")
        talking = call.start(Connect(LEG))
        await call.control.was_asked(*REDIRECT)
        call.peer.say(b"200 result=-1\n")
        await call.peer.closed()
        await call.come_back("ENDMARKED")
        assert await result(talking) == TalkEnded(EndedBy.AGENT)


async def test_hangup_without_ami_is_an_error_and_may_be_tried_again() -> None:
    async with live_call() as call:
        await held(call)
        call.control.fault = SwitchUnavailable("no AMI")
        with pytest.raises(SwitchUnavailable):
            await result(call.channel.perform(Hangup()))
        call.control.fault = None
        assert await result(call.channel.perform(Hangup())) == HungUp(EndedBy.US, 16)


async def test_a_call_that_has_ended_is_not_taken_up_again() -> None:
    async with live_call() as call:
        talking = await in_the_room(call)
        call.channel.left(EndedBy.CALLER, 16)
        peer = await call.come_back("HANGUP")
        await peer.closed()
        assert await talking == HungUp(EndedBy.CALLER, 16)


def test_every_command_that_agi_runs_is_interrupted_here() -> None:
    assert {type(command).__name__ for command, _ in EVERYWHERE} == {"Answer", "Play", "Gather", "Hold", "Transfer"}
