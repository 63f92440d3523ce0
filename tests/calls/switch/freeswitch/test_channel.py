"""What a call on FreeSWITCH does beyond the conformance scripts."""

from __future__ import annotations

import asyncio

import pytest

from calls.errors import CommandRefused, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import BootId, CallId, LegId
from calls.recordings import DEPLOYED
from calls.switch.freeswitch import turn
from calls.switch.freeswitch.channel import FreeSwitchChannel
from calls.switch.port import (
    Answer,
    CallChannel,
    CallInfo,
    Connect,
    Done,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    Interrupted,
    KeyPlan,
    Match,
    MuteRecording,
    NotConnected,
    Play,
    Prompt,
    RecordingFailed,
    Result,
    StartRecording,
    StopRecording,
)
from calls.wire.esl_commands import Command
from tests.calls.switch.freeswitch.fake_caller import Caller, Key, Leave
from tests.calls.switch.freeswitch.fake_freeswitch import FakeCall
from tests.calls.switch.freeswitch.world import LONG, MISSING, SHORT, Files, soon, until, world
from tests.console.held_time import held

ONE = KeyPlan(frozenset({"1", "2", "#"}))


def menu(*prompts: Prompt, barge_in: bool = True) -> Gather:
    return Gather(prompts, ONE, first_key_timeout_s=0.4, next_key_timeout_s=0.3, barge_in=barge_in)


async def results(*commands: Answer | Play | Gather | Hangup, caller: Caller | None = None) -> list[Result]:
    """What one call's commands came to."""
    found: list[Result] = []

    async def handler(channel: CallChannel) -> None:
        for command in commands:
            found.append(await soon(channel.perform(command)))

    async with world(handler) as made:
        await made.freeswitch().call(caller)
        await made.settled()
    return found


@held
async def test_no_key_ends_a_prompt_that_ignores_keys() -> None:
    seconds: list[float] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        began = asyncio.get_running_loop().time()
        assert await channel.perform(Play((SHORT,))) == Done()
        seconds.append(asyncio.get_running_loop().time() - began)

    async with world(handler) as made:
        seen = await made.freeswitch().call(Caller((Key(0.1, "*"), Key(0.15, "1"))))
    assert seconds[0] >= 0.3
    assert any("playback_terminators=none" in command for command in seen.commands)


@held
async def test_a_key_between_two_prompts_stops_the_second() -> None:
    caller = Caller((Key(0.36, "1"),))
    assert await results(Answer(), menu(SHORT, LONG), caller=caller) == [Done(), Match("1", barged_in=True)]


@held
async def test_a_key_before_the_prompt_has_begun_stops_it() -> None:
    """FreeSWITCH forgets a break that comes before the application: it has to wait for the beginning."""
    calls: list[FakeCall] = []
    found: list[Result] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        gather = asyncio.ensure_future(channel.perform(menu(LONG)))
        sent = len(calls[0].seen.commands)
        await until(lambda: len(calls[0].seen.commands) > sent)
        calls[0].press("2")  # the playback waits for the channel's next 20 ms
        assert calls[0].seen.played == []
        async with asyncio.timeout(turn.BREAK_S * 0.8):  # by the first break, not by its repetition
            found.append(await gather)

    async with world(handler) as made:
        calls.append(made.freeswitch().place())
        await calls[0].run()
    assert found == [Match("2", barged_in=True)]


@held
async def test_a_break_that_is_forgotten_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "BREAK_S", 0.05)
    calls: list[FakeCall] = []
    said: list[str] = []

    def forgets(command: str) -> str:
        if not command.startswith("uuid_break"):
            return FakeCall.api(calls[0], command)
        said.append(command)
        return "+OK\n" if len(said) == 1 else FakeCall.api(calls[0], command)

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        assert await soon(channel.perform(menu(LONG))) == Match("1", barged_in=True)

    async with world(handler) as made:
        calls.append(made.freeswitch().place(Caller((Key(0.2, "1"),))))
        monkeypatch.setattr(calls[0], "api", forgets)
        await calls[0].run()
    assert len(said) == 2


@held
async def test_hash_alone() -> None:
    assert await results(Answer(), menu(SHORT), caller=Caller((Key(0.5, "#"),))) == [Done(), Match("#")]


@held
async def test_a_file_that_the_switch_does_not_find_is_told_and_the_call_goes_on() -> None:
    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        with pytest.raises(SwitchRefused, match="FILE NOT FOUND"):
            await channel.perform(Play((MISSING,)))
        with pytest.raises(CommandRefused, match="no prompt"):
            await channel.perform(Play((Prompt("nobody-made-it", "en"),)))
        assert await channel.perform(Play((SHORT,))) == Done()

    async with world(handler) as made:
        seen = await made.freeswitch().call()
        assert (await made.handled.get()) is made.channels[0]
    assert (seen.cause, seen.by_caller, seen.resumed) == ("NORMAL_CLEARING", False, False)


@held
async def test_a_caller_who_gives_up_before_the_answer() -> None:
    found = await results(Play((LONG,)), Play((SHORT,)), caller=Caller((Leave(0.2, unanswered=True),)))
    assert found == [HungUp(EndedBy.CALLER, None)] * 2


@held
async def test_the_switch_hangs_up() -> None:
    calls: list[FakeCall] = []
    found: list[Result] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        asyncio.get_running_loop().call_later(0.1, lambda: calls[0].end("NORMAL_CLEARING", by_caller=False))
        found.append(await soon(channel.perform(Play((LONG,)))))

    async with world(handler) as made:
        calls.append(made.freeswitch().place())
        await calls[0].run()
    assert found == [HungUp(EndedBy.SWITCH, 16)]


@held
async def test_a_caller_who_was_faster_than_our_hang_up() -> None:
    calls: list[FakeCall] = []
    found: list[Result] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        ours = asyncio.ensure_future(channel.perform(Hangup(17)))
        await asyncio.sleep(0)  # it is sent
        calls[0].leave()
        found.append(await soon(ours))

    async with world(handler) as made:
        calls.append(made.freeswitch().place())
        await calls[0].run()
    assert found == [HungUp(EndedBy.CALLER, 16)]


@held
async def test_two_hang_ups_at_once_have_one_end() -> None:
    found: list[Result] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        play = asyncio.ensure_future(channel.perform(Play((LONG,))))
        await asyncio.sleep(0)
        found.extend(await asyncio.gather(channel.perform(Hangup()), channel.perform(Hangup()), play))

    async with world(handler) as made:
        await made.freeswitch().call()
    assert found == [HungUp(EndedBy.US, 16), HungUp(EndedBy.US, 16), Interrupted()]


@held
async def test_one_command_at_a_time() -> None:
    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        play = asyncio.ensure_future(channel.perform(Play((SHORT,))))
        await asyncio.sleep(0)
        with pytest.raises(CommandRefused, match="while another command is pending"):
            await channel.perform(Play((SHORT,)))
        assert await play == Done()
        await channel.end_talk()

    async with world(handler) as made:
        seen = await made.freeswitch().call()
        assert (await made.handled.get()) is made.channels[0]
    assert not seen.resumed, "the handler raised"


@held
async def test_a_call_is_recorded_once_at_a_time_and_muted_and_stopped() -> None:
    async def handler(channel: CallChannel) -> None:
        assert await channel.perform(MuteRecording(True)) == Done(), "nothing is recorded"
        assert await channel.perform(StartRecording("a")) == Done()
        assert await channel.perform(StartRecording("b")) == RecordingFailed("running")
        for muted in (True, False):
            assert await channel.perform(MuteRecording(muted)) == Done()
        assert await channel.perform(StopRecording()) == Done()
        assert await channel.perform(StopRecording()) == Done()

    async with world(handler) as made:
        seen = await made.freeswitch().call()
    assert not seen.resumed, "the handler raised"
    file = DEPLOYED.path("a")
    said = [command for command in seen.commands if "uuid_record" in command]
    assert said == [f"api uuid_record {seen.uuid} {each} {file}" for each in ("start", "mask", "unmask", "stop")]


@held
async def test_a_leg_that_is_not_there_is_not_connected_and_the_call_goes_on() -> None:
    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        assert await channel.perform(Connect(LegId("nobody"))) == NotConnected()
        assert await channel.perform(Play((SHORT,))) == Done()

    async with world(handler) as made:
        seen = await made.freeswitch().call()
    assert not seen.resumed, "the handler raised"
    set_again = f"api uuid_setvar_multi {seen.uuid} socket_resume=true;transfer_after_bridge="
    assert set_again in seen.commands, "the dialplan has the call again when we end"


# --- how a call is given back -----------------------------------------------------------------------------------


@held
async def test_a_handler_that_raises_gives_the_call_back_to_its_dialplan() -> None:
    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        raise ValueError("a bug of ours")

    async with world(handler) as made:
        seen = await made.freeswitch().call()
        await made.settled()
    assert seen.commands[-1] == "exit"
    assert seen.resumed


@held
async def test_a_handler_that_just_ends_has_the_call_hung_up() -> None:
    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())

    async with world(handler) as made:
        seen = await made.freeswitch().call()
    assert (seen.cause, seen.by_caller, seen.resumed) == ("NORMAL_CLEARING", False, False)


@held
async def test_stopping_gives_live_calls_back() -> None:
    up = asyncio.Event()

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        up.set()
        await channel.perform(Play((LONG,)))

    async with world(handler) as made:
        call = made.freeswitch().place()
        running = asyncio.ensure_future(call.run())
        await up.wait()
        await made.switch.stop()
        seen = await running
    assert seen.resumed


# --- a switch that fails ----------------------------------------------------------------------------------------


@held
async def test_an_application_that_never_ends_is_an_error_and_not_the_end_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """greenswitch raises gevent.Timeout there, which is a BaseException."""
    monkeypatch.setattr(turn, "MARGIN_S", 0.1)
    calls: list[FakeCall] = []
    found: list[SwitchError] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        calls[0].asked = frozenset({"CHANNEL_HANGUP_COMPLETE"})
        for _ in range(2):
            with pytest.raises(SwitchError) as raised:
                await soon(channel.perform(Play((SHORT,))))
            found.append(raised.value)

    async with world(handler) as made:
        calls.append(made.freeswitch().place())
        assert (await calls[0].run()).resumed
        await made.settled()
    assert [type(error) for error in found] == [SwitchTimeout, SwitchUnavailable]
    assert isinstance(found[0], Exception)


@held
async def test_an_application_of_somebody_elses_ends_nothing_of_ours() -> None:
    """Completions are matched by id: the same application, another id."""
    calls: list[FakeCall] = []
    seconds: list[float] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        loop = asyncio.get_running_loop()
        other = {
            "Application": "playback",
            "Application-UUID": "somebody-elses",
            "Application-Response": "FILE PLAYED",
        }
        loop.call_later(0.1, lambda: calls[0].tell("CHANNEL_EXECUTE_COMPLETE", other))
        began = loop.time()
        await channel.perform(Play((SHORT,)))
        seconds.append(loop.time() - began)

    async with world(handler) as made:
        calls.append(made.freeswitch().place())
        await calls[0].run()
    assert seconds[0] >= 0.3


@held
async def test_events_of_another_call_change_nothing() -> None:
    calls: list[FakeCall] = []
    found: list[Result] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        loop = asyncio.get_running_loop()
        other = {"Unique-ID": "another-call", "Hangup-Cause": "NORMAL_CLEARING", "DTMF-Digit": "1"}
        loop.call_later(0.05, lambda: calls[0].tell("DTMF", other))
        loop.call_later(0.1, lambda: calls[0].tell("CHANNEL_HANGUP_COMPLETE", other))
        found.append(await soon(channel.perform(menu(SHORT))))

    async with world(handler) as made:
        calls.append(made.freeswitch().place(Caller((Key(0.5, "2"),))))
        await calls[0].run()
    assert found == [Match("2")]


class Written:
    """A connection that only takes."""

    def __init__(self) -> None:
        self.data = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.data += data

    def close(self) -> None:
        self.closed = True


@held
async def test_a_call_that_is_back_before_it_was_seen_in_a_talk_is_ours_on_its_new_connection() -> None:
    async def ask(command: Command) -> str:
        raise AssertionError(command)

    info = CallInfo(CallId("call-1"), "fs", BootId("boot"), "channel-1", "4930111", "", "8084")
    before, now = Written(), Written()
    around = turn.Surroundings(Files(), lambda: "event-1", ask)
    channel = FreeSwitchChannel(info, before, around, lambda: None)
    channel.rebind(now)
    performing = asyncio.create_task(channel.perform(Answer()))
    await asyncio.sleep(0)
    assert before.closed
    assert b"execute-app-name: answer" in now.data
    channel.left(HungUp(EndedBy.CALLER))
    assert await performing == HungUp(EndedBy.CALLER)
