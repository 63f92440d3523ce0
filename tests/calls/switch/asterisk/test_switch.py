"""The Asterisk switch and its manager: what is sent, believed and forgotten of legs, and how it starts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pydantic import SecretStr

from calls.errors import CommandRefused, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import AttemptId, BootId, LegId
from calls.switch.asterisk import switch
from calls.switch.asterisk.audio_way import Way
from calls.switch.asterisk.channels import Channel, rows
from calls.switch.asterisk.switch import ROWS_AT_ONCE, AsteriskSwitch
from calls.switch.events import LegAnswered, LegEnded, LegRinging, SwitchDown, SwitchEvent, SwitchUp
from calls.switch.port import (
    DialAttempt,
    RingAgent,
)
from calls.wire.ami import Event
from tests.calls.switch.asterisk.agi_peer import settled
from tests.calls.switch.asterisk.fake_ami import Answer as Answered
from tests.calls.switch.asterisk.fake_ami import FakeAmi, Fields
from tests.calls.switch.asterisk.switch_room import (
    BOOT,
    DIAL,
    RING,
    NoPrompts,
    Room,
    busy_channels,
    config,
    listing,
    running,
)

pytestmark = pytest.mark.usefixtures("short_grace")


class TestOriginate:
    async def test_an_attempt_on_the_wire(self, room: Room) -> None:
        await room.switch.originate(replace(DIAL, detect_machine=True))
        (sent,) = room.pbx.of("Originate")
        assert {key: value for key, value in sent.items() if key not in ("ActionID", "Variable")} == {
            **{"Action": "Originate", "ChannelId": "att-1", "Channel": "PJSIP/+4930123456@carrier"},
            **{"Context": "callwright-dialled", "Exten": "s", "Priority": "1", "Timeout": "20000"},
            **{"CallerID": "+493099", "EarlyMedia": "false", "Async": "true"},
        }
        assert sent["Variable"] == "CW_AMD=1", "the last of two"

    async def test_a_trunk_without_plus(self, room: Room) -> None:
        await room.switch.originate(replace(DIAL, trunk="bare"))
        assert room.pbx.of("Originate")[0]["Channel"] == "PJSIP/4930123456@bare"

    async def test_an_agents_leg_on_the_wire(self, room: Room) -> None:
        await room.switch.originate(RING)
        (sent,) = room.pbx.of("Originate")
        assert [sent[key] for key in ("ChannelId", "Channel", "Context", "Exten", "Timeout")] == [
            *("leg-1", "PJSIP/agent1", "callwright-agent", "leg-1", "10000")
        ]

    @pytest.mark.parametrize(
        "request_",
        [
            replace(DIAL, number="4930123456"),
            replace(DIAL, number="+49301&PJSIP/900"),
            replace(DIAL, number="+4930123456\r\nAction: Logoff"),
            replace(DIAL, trunk="none"),
            replace(DIAL, caller_id="Doe,FILE(/x)=y"),
            replace(DIAL, attempt_id=AttemptId("a b")),
            replace(RING, endpoint="PJSIP/a&PJSIP/b"),
            replace(RING, leg_id=LegId("")),
        ],
    )
    async def test_what_must_not_reach_the_wire_is_refused_and_forgotten(
        self, room: Room, request_: DialAttempt | RingAgent
    ) -> None:
        with pytest.raises(CommandRefused):
            await room.switch.originate(request_)
        assert room.pbx.of("Originate") == [] and len(room.switch._book) == 0
        assert room.switch._desk.dialled == {}

    async def test_refused_by_the_switch_leaves_nothing(self, room: Room) -> None:
        room.pbx.answers["Originate"] = room.pbx.no_such_channel
        with pytest.raises(SwitchRefused):
            await room.switch.originate(DIAL)
        assert len(room.switch._book) == 0 and room.switch._desk.dialled == {}

    async def test_the_same_id_twice_is_refused_before_it_is_sent(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        with pytest.raises(SwitchRefused, match="has a channel already"):
            await room.switch.originate(DIAL)
        assert len(room.pbx.of("Originate")) == 1

    async def test_an_id_that_lives_on_the_switch_already_is_refused(self, pbx: FakeAmi) -> None:
        pbx.answers["CoreShowChannels"] = listing("att-1")
        async with running(pbx) as room:
            with pytest.raises(SwitchRefused, match="has a channel already"):
                await room.switch.originate(DIAL)

    async def test_from_ringing_to_the_end(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        room.say(
            *("Newchannel|Uniqueid: att-1|ChannelState: 0", "Newstate|Uniqueid: att-1|ChannelState: 5"),
            *("Newstate|Uniqueid: att-1|ChannelState: 6", "Hangup|Uniqueid: att-1|ChannelState: 6|Cause: 16"),
        )
        leg = LegId("att-1")
        await room.told(LegEnded(leg, 16))
        assert room.events == [SwitchUp(BOOT, frozenset()), LegRinging(leg), LegAnswered(leg), LegEnded(leg, 16)]
        assert room.switch._desk.dialled == {} and len(room.switch._book) == 0

    async def test_a_bad_channel_ends_after_the_grace(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        action_id = room.pbx.of("Originate")[0]["ActionID"]
        room.say(f"OriginateResponse|ActionID: {action_id}|Response: Failure|Reason: 0|Uniqueid: att-1")
        await room.told(LegEnded(LegId("att-1"), None, never_existed=True))

    async def test_no_answer_to_originate_is_unknown_and_the_list_tells(self, room: Room) -> None:
        room.pbx.answers["Originate"] = lambda _: None
        with pytest.raises(SwitchTimeout):
            await room.switch.originate(DIAL)
        room.pbx.answers["CoreShowChannels"] = listing("att-1")
        await room.switch._compare()
        await room.told(LegAnswered(LegId("att-1")))
        room.pbx.answers["CoreShowChannels"] = listing()
        await room.switch._compare()
        await room.told(LegEnded(LegId("att-1"), None))

    async def test_callers_have_their_turn_while_a_long_list_is_read(
        self, room: Room, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await room.switch.originate(DIAL)
        room.pbx.answers["CoreShowChannels"] = listing(*(f"other-{number}" for number in range(1_000)), "att-1")
        turns, read = 0, list[tuple[int, int]]()

        def noted(events: tuple[Event, ...]) -> tuple[Channel, ...]:
            read.append((turns, len(events)))
            return rows(events)

        async def caller() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        monkeypatch.setattr(switch, "rows", noted)
        task = asyncio.create_task(caller())
        await room.switch._compare()
        task.cancel()
        await room.told(LegAnswered(LegId("att-1")))
        assert sum(count for _, count in read) == 1_001 and max(count for _, count in read) <= ROWS_AT_ONCE
        assert len({turn for turn, _ in read}) == len(read), "somebody else ran between any two"

    async def test_hang_up(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        await room.switch.hang_up(LegId("att-1"), 17)
        (sent,) = room.pbx.of("Hangup")
        assert (sent["Channel"], sent["Cause"]) == ("att-1", "17")

    async def test_hang_up_before_there_is_a_channel_is_done_at_its_birth(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        hang_up, room.pbx.answers["Hangup"] = room.pbx.answers["Hangup"], room.pbx.no_such_channel
        await room.switch.hang_up(LegId("att-1"))
        room.pbx.answers["Hangup"] = hang_up
        room.say("Newchannel|Uniqueid: att-1|ChannelState: 0")
        assert [sent["Channel"] for sent in await room.pbx.asked("Hangup", 2)] == ["att-1"] * 2

    async def test_hang_up_of_a_channel_that_is_born_with_the_answer(self, room: Room) -> None:
        """Answer and event in one read: the event is handled before whoever waits for the answer runs."""
        await room.switch.originate(DIAL)
        born = b"Event: Newchannel\r\nPrivilege: call,all\r\nUniqueid: att-1\r\nChannelState: 0\r\n\r\n"
        answers: list[Answered] = [room.pbx.answers["Hangup"], lambda f: (room.pbx.no_such_channel(f) or b"") + born]
        room.pbx.answers["Hangup"] = lambda fields: answers.pop()(fields)
        await room.switch.hang_up(LegId("att-1"))
        assert [sent["Channel"] for sent in room.pbx.of("Hangup")] == ["att-1"] * 2

    async def test_hang_up_of_what_is_gone_is_no_error(self, room: Room) -> None:
        room.pbx.answers["Hangup"] = room.pbx.no_such_channel
        await room.switch.hang_up(LegId("att-9"))
        assert room.switch._doomed == {}


class TestOutage:
    async def test_down_and_up_again_with_what_lives(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        room.pbx.answers["CoreShowChannels"] = listing("att-1")
        room.pbx.drop()
        await room.told(SwitchUp(BOOT, frozenset(("att-1", "PJSIP/x-0"))))
        await room.told(LegAnswered(LegId("att-1")))
        down, up, answered = room.events[1:]
        assert isinstance(down, SwitchDown) and isinstance(up, SwitchUp) and isinstance(answered, LegAnswered)

    async def test_nothing_is_sent_twice(self, room: Room) -> None:
        room.pbx.answers["Originate"] = lambda _: room.pbx.drop()
        with pytest.raises(SwitchUnavailable):
            await room.switch.originate(DIAL)
        await room.until(lambda: len([e for e in room.events if isinstance(e, SwitchUp)]) == 2)
        await room.told(LegEnded(LegId("att-1"), None))
        assert len(room.pbx.of("Originate")) == 1

    async def test_while_it_is_down_nothing_is_expected(self, room: Room) -> None:
        await room.pbx.die()
        await room.until(lambda: isinstance(room.events[-1], SwitchDown))
        with pytest.raises(SwitchUnavailable, match="nothing was sent"):
            await room.switch.originate(DIAL)
        assert len(room.switch._book) == 0 and not room.switch.is_up

    async def test_a_new_boot_ends_every_leg_after_it_was_told(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        await room.switch.originate(RING)
        status = room.pbx.answers["CoreStatus"]
        room.pbx.answers["CoreStatus"] = lambda f: (status(f) or b"").replace(b"22:11:09", b"22:15:00")
        room.pbx.drop()
        await room.told(LegEnded(LegId("leg-1"), None))
        up = SwitchUp(BootId("2026-11-21T22:15:00-first"), frozenset())
        assert room.events[2:] == [up, LegEnded(LegId("att-1"), None), LegEnded(LegId("leg-1"), None)]

    async def test_a_lost_hangup_is_found_by_the_sweep(self, pbx: FakeAmi) -> None:
        async with running(pbx, replace(config(pbx), sweep_s=0.05)) as room:
            await room.switch.originate(DIAL)
            room.say("Newstate|Uniqueid: att-1|ChannelState: 6")
            await room.told(LegEnded(LegId("att-1"), None))

    async def test_a_better_way_to_hear_callers_is_found_by_the_sweep_though_no_call_is_there(
        self, pbx: FakeAmi
    ) -> None:
        tell = pbx.answers["Getvar"]

        def no_module(fields: Fields) -> bytes | None:
            return (tell(fields) or b"").replace(b"Value: \r", b"Value: 0\r")

        pbx.answers["Getvar"] = no_module
        async with running(pbx, replace(config(pbx), sweep_s=0.05)) as room:
            await settled(lambda: room.switch._hearings._way is Way.RECORD)
            pbx.answers["Getvar"] = tell
            await settled(lambda: room.switch._hearings._way is Way.RTP)

    async def test_an_engine_that_raises_in_its_handler_harms_nothing(self, room: Room) -> None:
        failed: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context.get("exception")))
        tell, room.switch._handlers = room.tell, (lambda event: 1 / 0, room.serve)  # type: ignore[assignment]
        await room.switch.originate(DIAL)
        room.say("Newstate|Uniqueid: att-1|ChannelState: 6")
        await room.caught_up()
        room.switch._handlers = (tell, room.serve)
        room.say("Hangup|Uniqueid: att-1|ChannelState: 6|Cause: 16")
        await room.told(LegEnded(LegId("att-1"), 16))
        assert [type(error) for error in failed] == [ZeroDivisionError]


class TestStart:
    async def test_live_names_what_lives(self, pbx: FakeAmi) -> None:
        pbx.answers["CoreShowChannels"] = busy_channels
        async with running(pbx) as room:
            (up,) = room.events
            assert isinstance(up, SwitchUp) and up.boot == BOOT
            assert "PJSIP/agent1-0000000a" in up.live and len(up.live) == 10

    async def test_the_switch_is_left_to_settle_before_it_is_judged(self, pbx: FakeAmi) -> None:
        began = asyncio.get_running_loop().time()
        async with running(pbx, replace(config(pbx), settle_s=0.3)) as room:
            assert room.events == [SwitchUp(BOOT, frozenset())]
            assert asyncio.get_running_loop().time() - began >= 0.3
            status, listed = pbx.received_at("CoreStatus"), pbx.received_at("CoreShowChannels")
            assert listed - status >= 0.3

    async def test_a_wrong_secret(self, pbx: FakeAmi) -> None:
        wrong = replace(config(pbx), ami=replace(config(pbx).ami, secret=SecretStr("wrong")))
        switch = AsteriskSwitch(wrong, NoPrompts())
        with pytest.raises(SwitchRefused):
            await switch.start(lambda event: None, Room.answer_and_go)

    async def test_a_start_that_failed_is_made_again(self, pbx: FakeAmi) -> None:
        """As the engine does that was there before its Asterisk."""
        challenge, pbx.answers["Challenge"] = pbx.answers["Challenge"], lambda fields: None
        hurried = replace(config(pbx).ami, connect_timeout_s=0.3)
        switch = AsteriskSwitch(replace(config(pbx), ami=hurried), NoPrompts())
        told: list[SwitchEvent] = []
        with pytest.raises(SwitchTimeout):
            await switch.start(told.append, Room.answer_and_go)
        pbx.answers["Challenge"] = challenge
        await switch.start(told.append, Room.answer_and_go)
        assert switch.is_up and [type(event) for event in told] == [SwitchUp]
        await switch.stop()

    async def test_a_taken_agi_port_leaves_no_connection(self, room: Room) -> None:
        taken = replace(config(room.pbx), agi_port=room.switch.agi_port)
        with pytest.raises(OSError, match="in use"):
            await AsteriskSwitch(taken, NoPrompts()).start(lambda event: None, Room.answer_and_go)
        await room.pbx.asked("Logoff")
