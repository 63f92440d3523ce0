"""Talks, holds, transfers and messages: what FreeSWITCH is asked, what it tells, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from calls.errors import CommandRefused
from calls.ids import LegId
from calls.switch.events import CallConnected, LegAnswered, LegEnded
from calls.switch.port import (
    Answer,
    CallChannel,
    Connect,
    Done,
    EndedBy,
    Hangup,
    Hold,
    HungUp,
    Interrupted,
    KeyPlan,
    Match,
    NotConnected,
    Play,
    Record,
    Recorded,
    RecordEnd,
    Result,
    RingOutside,
    TalkEnded,
    Transfer,
    TransferFailed,
    Transferred,
)
from tests.calls.switch.freeswitch.fake_caller import Caller, Key, Leave, Say
from tests.calls.switch.freeswitch.fake_far_end import FarEnd
from tests.calls.switch.freeswitch.fake_freeswitch import FakeCall, FakeFreeSwitch
from tests.calls.switch.freeswitch.world import SHORT, World, soon, until, world
from tests.console.held_time import held

AGENT = LegId("agent-1")
BY_US = HungUp(EndedBy.US, 16)
BY_CALLER = HungUp(EndedBy.CALLER, 16)

Handle = Callable[[CallChannel, FakeCall], Awaitable[None]]


async def played(
    handle: Handle, caller: Caller | None = None, prepare: Callable[[FakeFreeSwitch], object] = lambda _: None
) -> tuple[World, FakeCall]:
    """One call that ``handle`` leads; an agent's leg is up."""
    calls: list[FakeCall] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        await handle(channel, calls[0])

    async with world(handler) as made:
        freeswitch = made.freeswitch()
        freeswitch.seat_agent(AGENT)
        prepare(freeswitch)
        calls.append(freeswitch.place(caller))
        seen = await calls[0].run()
    assert not seen.resumed, "the handler raised"
    return made, calls[0]


async def later(seconds: float, do: Callable[[], Awaitable[object]]) -> object:
    await asyncio.sleep(seconds)
    return await do()


@held
async def test_an_agent_ends_the_talk_and_the_customer_is_ours_again() -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        ending = asyncio.ensure_future(later(0.3, channel.end_talk))
        assert await soon(channel.perform(Connect(AGENT))) == TalkEnded(EndedBy.AGENT)
        await ending
        assert await channel.perform(Play((SHORT,))) == Done()

    made, call = await played(handle)
    assert [type(event) for event in made.events].count(CallConnected) == 1
    assert call.seen.commands.count("exit") == 1, "the connection of before the talk was ended in it"
    assert call.seen.cause == "NORMAL_CLEARING"


@held
async def test_the_agents_leg_ends_and_the_customer_is_ours_again() -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        asyncio.get_running_loop().call_later(0.3, call.drop_leg)
        assert await soon(channel.perform(Connect(AGENT))) == TalkEnded(EndedBy.AGENT)
        assert await channel.perform(Play((SHORT,))) == Done()

    await played(handle)


ENDS_AFTER_S = (0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.05, 0.07)
"""When an agent's leg ends, from the command that joins a customer to it: FreeSWITCH takes 42 ms for that."""


@held
async def test_an_agents_leg_that_ends_as_the_two_are_joined_leaves_the_customer_ours() -> None:
    """Who was sent to a leg that is no more is parked, and nobody's: it is fetched."""
    came_to: list[tuple[Result, float]] = []

    async def handle(channel: CallChannel, call: FakeCall) -> None:
        loop = asyncio.get_running_loop()
        for delay_s in ENDS_AFTER_S:
            leg = call.switch.seat_agent(f"agent-{round(delay_s * 1_000)}")
            loop.call_later(delay_s, partial(leg.end, "NORMAL_CLEARING", by_far_end=True))
            began = loop.time()
            talk = await soon(channel.perform(Connect(LegId(leg.uuid))))
            came_to.append((talk, loop.time() - began))
            assert await channel.perform(Play((SHORT,))) == Done()

    await played(handle)
    assert {talk for talk, _ in came_to} == {NotConnected(), TalkEnded(EndedBy.AGENT)}
    assert max(seconds for _, seconds in came_to) < 0.6


@held
async def test_a_customer_who_leaves_in_a_talk_is_told_by_the_event_socket() -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        assert await soon(channel.perform(Connect(AGENT))) == BY_CALLER
        assert await channel.perform(Play((SHORT,))) == BY_CALLER

    _, call = await played(handle, Caller((Leave(0.4),)))
    assert call.seen.by_caller


@held
async def test_a_customer_who_leaves_as_the_two_are_to_be_joined_has_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        monkeypatch.setattr(call, "api", lambda _: "-ERR No such channel!\n")  # its end is told a moment later
        assert await soon(channel.perform(Connect(AGENT))) == BY_CALLER
        assert await channel.perform(Play((SHORT,))) == BY_CALLER

    _, call = await played(handle, Caller((Leave(0.4),)))
    assert call.seen.by_caller


@held
async def test_a_customer_who_is_sent_to_a_leg_is_at_no_moment_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """``socket_resume`` is off on the way: between that and the way itself we wait for no answer."""
    held_back: list[str] = []

    async def handle(channel: CallChannel, call: FakeCall) -> None:
        answer = call._api_reply

        def behind_the_last(text: str) -> None:
            held_back.append(text)
            if call.seen.commands[-1].startswith("api uuid_bridge"):
                monkeypatch.undo()
                for each in held_back:
                    answer(each)

        monkeypatch.setattr(call, "_api_reply", behind_the_last)
        asyncio.get_running_loop().call_later(0.3, call.drop_leg)
        assert await soon(channel.perform(Connect(AGENT))) == TalkEnded(EndedBy.AGENT)

    await played(handle)
    assert len(held_back) == 3


@held
async def test_our_hang_up_ends_a_talk() -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        ending = asyncio.ensure_future(later(0.3, lambda: channel.perform(Hangup())))
        assert await soon(channel.perform(Connect(AGENT))) == Interrupted()
        assert await ending == BY_US

    _, call = await played(handle)
    assert call.seen.cause == "NORMAL_CLEARING"


@held
async def test_a_connect_interrupts_a_hold() -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        connecting = asyncio.ensure_future(later(0.2, lambda: channel.perform(Connect(AGENT))))
        assert await soon(channel.perform(Hold(30.0))) == Interrupted()
        assert await connecting == BY_CALLER

    await played(handle, Caller((Leave(0.6),)))


@held
async def test_a_recording_of_one_talk_ends_with_it() -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        ending = asyncio.ensure_future(later(0.3, channel.end_talk))
        assert await soon(channel.perform(Connect(AGENT, "talk-1"))) == TalkEnded(EndedBy.AGENT)
        await ending

    made, call = await played(handle)
    (event_socket_said,) = [command for command in made.commands_of_talks if "uuid_record" in command]
    assert event_socket_said.endswith("start /var/lib/callwright/recordings/talk-1.wav")
    assert any(command.startswith(f"api uuid_record {call.seen.uuid} stop") for command in call.seen.commands)


@pytest.mark.parametrize(
    ("plan", "caller", "expected"),
    [
        (None, Caller(), Done()),
        (KeyPlan(frozenset({"1"})), Caller((Key(0.1, "3"), Key(0.2, "1"))), Match("1")),
        (KeyPlan(frozenset({"1"})), Caller((Key(0.1, "3"),)), Done()),
    ],
)
@pytest.mark.parametrize("music", ["default", "none-of-that-name"])
@held
async def test_a_hold(plan: KeyPlan | None, caller: Caller, expected: Result, music: str) -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        assert await soon(channel.perform(Hold(0.5, music, plan))) == expected

    await played(handle, caller)


@pytest.mark.parametrize(
    ("far", "command", "expected"),
    [
        (None, Transfer("desk", 5.0), TransferFailed("busy")),
        (FarEnd(None), Transfer("desk", 0.3), TransferFailed("no_answer")),
        (FarEnd(0.1, 0.3), Transfer("desk", 5.0), Transferred(0.3)),
        (FarEnd(0.1, 30.0), Transfer("desk", 5.0, talk_limit_s=0.3), Transferred(0.3)),
        (FarEnd(0.1, 0.75), Transfer("desk", 5.0, whisper=(SHORT,), take_key="1"), Transferred(0.3)),
        (None, Transfer("nowhere", 5.0), TransferFailed("unavailable")),
    ],
)
@held
async def test_a_transfer(far: FarEnd | None, command: Transfer, expected: Result) -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        got = await soon(channel.perform(command))
        if isinstance(expected, Transferred) and isinstance(got, Transferred):
            assert expected.talk_s - 0.1 <= got.talk_s <= expected.talk_s + 1.0
        else:
            assert got == expected
        assert await channel.perform(Play((SHORT,))) == Done(), "the caller is ours still"

    await played(handle, prepare=lambda made: made.answers.update({"user/desk": far} if far is not None else {}))


@held
async def test_a_target_that_does_not_take_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.switch.freeswitch.transfer.TAKES_S", 0.2)

    async def handle(channel: CallChannel, call: FakeCall) -> None:
        command = Transfer("desk", 5.0, whisper=(SHORT,), take_key="1")
        assert await soon(channel.perform(command)) == TransferFailed("declined")

    await played(handle, prepare=lambda made: made.answers.update({"user/desk": FarEnd(0.1, key_after_s=None)}))


@held
async def test_a_number_of_a_trunk_is_dialled() -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        result = await soon(channel.perform(Transfer("carrier", 5.0, number="+15550100001")))
        assert isinstance(result, Transferred)

    far = {"sofia/gateway/carrier/+15550100001": FarEnd(0.1, 0.2)}
    await played(handle, prepare=lambda made: made.answers.update(far))


@pytest.mark.parametrize(
    ("caller", "longest_s", "expected"),
    [
        (Caller((Key(1.2, "#"),)), 10.0, RecordEnd.KEY),
        (Caller(), 0.6, RecordEnd.LONGEST),
        (Caller((Say(0.0, 1.2),)), 10.0, RecordEnd.SILENCE),
        (Caller((Leave(1.2),)), 10.0, RecordEnd.HANGUP),
    ],
)
@held
async def test_a_message(caller: Caller, longest_s: float, expected: RecordEnd) -> None:
    async def handle(channel: CallChannel, call: FakeCall) -> None:
        got = await soon(channel.perform(Record("message", (SHORT,), longest_s, 1.0)))
        assert isinstance(got, Recorded)
        assert got.ended_by is expected
        assert 0.3 <= got.duration_s <= 1.2

    await played(handle, caller)


async def nobody(channel: CallChannel) -> None:
    raise AssertionError(channel)


@pytest.mark.parametrize(
    ("place", "number", "dialled", "limit_s", "told"),
    [
        ("desk", "", "user/desk", 0.3, 1),
        ("carrier", "+15550100001", "sofia/gateway/carrier/+15550100001", 60.9, 60),
    ],
)
@held
async def test_somebody_outside_is_rung_and_the_switch_ends_the_leg_in_time(
    place: str, number: str, dialled: str, limit_s: float, told: int
) -> None:
    async with world(nobody) as made:
        freeswitch = made.freeswitch()
        freeswitch.answers[dialled] = FarEnd(0.05, 1.5)
        await made.switch.originate(RingOutside(LegId("third-1"), place, number, "", 10.0, limit_s))
        (said,) = [command for command in made.event_socket.said if command.startswith("bgapi originate")]
        assert f",cw_limit_s={told}}}{dialled} cw-outside XML callwright" in said
        await until(lambda: LegAnswered(LegId("third-1")) in made.events)
        await until(lambda: isinstance(made.events[-1], LegEnded))
        assert made.events[-1] == LegEnded(LegId("third-1"), 102 if told == 1 else 16)


@pytest.mark.parametrize(("place", "number"), [("nowhere", ""), ("nowhere", "+15550100001"), ("carrier", "1,2|3")])
@held
async def test_nobody_outside_is_rung_whom_the_settings_do_not_know(place: str, number: str) -> None:
    async with world(nobody) as made:
        made.freeswitch()
        with pytest.raises(CommandRefused):
            await made.switch.originate(RingOutside(LegId("third-1"), place, number, "", 10.0, 60.0))
        assert not any(command.startswith("bgapi") for command in made.event_socket.said)
