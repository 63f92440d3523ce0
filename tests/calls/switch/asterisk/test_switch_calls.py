"""The Asterisk switch and its callers: who is served, lost and left, and the legs of a run before this one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from calls.errors import SwitchTimeout
from calls.ids import CallId, LegId
from calls.switch.asterisk import legs
from calls.switch.asterisk.switch import AsteriskSwitch
from calls.switch.events import CallLost, LegEnded
from calls.switch.port import (
    Answer,
    CallChannel,
    EndedBy,
    HungUp,
    Result,
    Transfer,
    Transferred,
)
from tests.calls.switch.asterisk.fake_ami import FakeAmi
from tests.calls.switch.asterisk.switch_room import (
    DIAL,
    LIMIT,
    OK,
    UNIQUE,
    NoPrompts,
    Room,
    config,
    listing,
    running,
)

pytestmark = pytest.mark.usefixtures("short_grace")


class TestCalls:
    async def test_an_inbound_call_is_named_served_and_forgotten(self, room: Room) -> None:
        peer = await room.request("inbound")
        await room.take(peer, "call-1")
        await peer.expect(b"ANSWER", b"200 result=0\n")
        await peer.expect(b"SET VARIABLE IVR_DONE 1", OK)
        await peer.closed()
        assert room.calls[0].info.call_id == "call-1" and room.calls[0].info.channel == UNIQUE
        room.say(f"Hangup|Uniqueid: {UNIQUE}|Cause: 16")
        await room.caught_up()
        assert len(room.switch._desk) == 0

    async def test_a_call_that_asks_again_after_its_handler_failed_is_left_to_the_dialplan(self, room: Room) -> None:
        async def fails(call: CallChannel) -> None:
            raise ZeroDivisionError

        room.handler = fails
        peer = await room.request("inbound")
        await room.take(peer, "call-1")
        await peer.closed()
        await (await room.request("inbound")).closed()
        assert len(room.calls) == 1

    async def test_an_answered_attempt(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        peer = await room.request("dialled", "att-1", "HUMAN", "x", unique_id="att-1")
        await room.take(peer, "att-1", inbound=False)
        await peer.expect(b"ANSWER", b"200 result=0\n")
        info = room.calls[0].info
        assert (info.call_id, info.attempt_id, info.called, info.caller) == ("att-1", "att-1", DIAL.number, "+493099")

    @pytest.mark.parametrize(("attempt_id", "unique_id"), [("att-2", "att-2"), ("att-1", UNIQUE), ("", "att-1")])
    async def test_an_answered_leg_that_is_not_ours_gets_no_command(
        self, room: Room, attempt_id: str, unique_id: str
    ) -> None:
        await room.switch.originate(DIAL)
        peer = await room.request("dialled", attempt_id, unique_id=unique_id)
        await peer.closed()
        assert room.calls == []

    async def test_a_channel_that_carries_another_call_is_let_go(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        peer = await room.request("dialled", "att-1", unique_id="att-1")
        await peer.expect(LIMIT, OK)
        await peer.expect(b"GET VARIABLE CW_CALL", b"200 result=1 (att-2)\n")
        await peer.closed()
        assert room.calls == []

    async def test_the_end_of_a_dialled_call_is_believed_at_once(self, room: Room) -> None:
        results = []

        async def serve(call: CallChannel) -> None:
            results.append(await call.perform(Answer()))

        room.handler = serve
        await room.switch.originate(DIAL)
        peer = await room.request("dialled", "att-1", unique_id="att-1")
        await room.take(peer, "att-1", inbound=False)
        await peer.expect(b"ANSWER")
        room.say("Hangup|Uniqueid: att-1|ChannelState: 6|Cause: 16")
        await room.until(lambda: bool(results))
        assert results == [HungUp(EndedBy.CALLER, 16)] and room.pbx.of("Status") == []

    async def test_the_end_of_an_inbound_call_is_believed_when_the_switch_agrees(self, room: Room) -> None:
        """Its id can be guessed, so its end can be forged by any caller."""
        results = []

        async def serve(call: CallChannel) -> None:
            results.append(await call.perform(Answer()))

        room.handler = serve
        peer = await room.request("inbound")
        await room.take(peer, "call-1")
        await peer.expect(b"ANSWER")
        room.say(*[f"Hangup|Uniqueid: {UNIQUE}|Cause: 16"] * 50)
        await room.pbx.asked("Status")
        await room.caught_up()
        assert results == [] and len(room.pbx.of("Status")) <= 3, "a flood of forged ends is one check"
        room.pbx.answers["Status"] = room.pbx.no_such_channel
        room.say(f"Hangup|Uniqueid: {UNIQUE}|Cause: 16")
        await room.until(lambda: bool(results))
        assert results == [HungUp(EndedBy.CALLER, 16)]

    async def test_the_list_overtakes_the_end_of_a_call(self, pbx: FakeAmi, monkeypatch: pytest.MonkeyPatch) -> None:
        """The switch's list has the channel no more before its Hangup, which says who ended it, has come or is
        checked."""
        results = []
        monkeypatch.setattr(legs, "GRACE_S", 20.0)

        async def serve(call: CallChannel) -> None:
            results.append(await call.perform(Answer()))

        pbx.answers["Status"] = pbx.no_such_channel
        async with running(pbx, replace(config(pbx), sweep_s=0.05)) as room:
            room.handler = serve
            peer = await room.request("inbound")
            await room.take(peer, "call-1")
            await peer.expect(b"ANSWER")
            await pbx.asked("CoreShowChannels", len(pbx.of("CoreShowChannels")) + 2)
            await room.caught_up()
            room.say(f"Hangup|Uniqueid: {UNIQUE}|Cause: 16")
            await room.until(lambda: bool(results))
            assert results == [HungUp(EndedBy.CALLER, 16)]

    async def test_a_call_whose_end_is_never_told_ends(self, pbx: FakeAmi) -> None:
        results = []

        async def serve(call: CallChannel) -> None:
            results.append(await call.perform(Answer()))

        async with running(pbx, replace(config(pbx), sweep_s=0.05)) as room:
            room.handler = serve
            peer = await room.request("inbound")
            await room.take(peer, "call-1")
            await peer.expect(b"ANSWER")
            await room.until(lambda: bool(results))
            assert results == [HungUp(EndedBy.SWITCH, None)]

    async def test_a_transferred_talk_counts_from_the_answer_that_the_switch_tells(self, room: Room) -> None:
        results: list[Result] = []

        async def serve(call: CallChannel) -> None:
            results.append(await call.perform(Transfer("sales", 20.0)))

        room.handler = serve
        peer = await room.request("inbound")
        await room.take(peer, "call-1")
        await peer.expect(b"EXEC Dial PJSIP/sales,20,gS(14400)")
        await asyncio.sleep(0.3)
        answered_s = time.monotonic()
        room.say(
            "DialEnd|Uniqueid: somebody-else|DialStatus: ANSWER", f"DialEnd|Uniqueid: {UNIQUE}|DialStatus: ANSWER"
        )
        await room.caught_up()
        peer.say(b"200 result=0\n")
        await peer.expect(b"GET VARIABLE DIALSTATUS", b"200 result=1 (ANSWER)\n")
        await room.until(lambda: bool(results))
        most_s = time.monotonic() - answered_s + 0.05
        assert isinstance(results[0], Transferred) and results[0].talk_s < most_s, "it rang for 0.3 s before"
        assert len(room.switch._desk) == 1, "the end of a dialling is not the end of the call"

    async def test_a_frame_made_by_a_value_changes_nothing(self, room: Room) -> None:
        await room.switch.originate(DIAL)
        room.pbx.push(b"Event: Hangup\r\nUniqueid: att-1\r\nCause: 16\r\n\r\n")
        room.pbx.push(b"Event: Newchannel\r\nPrivilege: call,all\r\nEvent: Hangup\r\nUniqueid: att-1\r\n\r\n")
        await room.caught_up()
        assert len(room.events) == 1 and LegId("att-1") in room.switch._book


class TestAdopted:
    async def test_the_end_of_an_adopted_talk_is_told(self, pbx: FakeAmi) -> None:
        pbx.answers["CoreShowChannels"] = listing(UNIQUE, "leg-1")
        async with running(pbx) as room:
            room.switch.adopt(frozenset((LegId("leg-1"),)), {CallId("old"): UNIQUE})
            pbx.answers["Status"] = pbx.no_such_channel
            room.say(f"Hangup|Uniqueid: {UNIQUE}|Cause: 16", "Hangup|Uniqueid: leg-1|ChannelState: 6|Cause: 16")
            await room.told(CallLost(CallId("old"), 16))
            await room.told(LegEnded(LegId("leg-1"), 16))
            assert len(room.switch._desk) == 0

    async def test_what_is_gone_already_is_told(self, room: Room) -> None:
        room.switch.adopt(frozenset((LegId("leg-1"),)), {CallId("old"): UNIQUE})
        await room.told(CallLost(CallId("old"), None))
        await room.told(LegEnded(LegId("leg-1"), None, unseen=True))

    async def test_the_end_of_a_call_whose_handler_failed_is_told_at_once(self, pbx: FakeAmi) -> None:
        """Nobody holds it any more, and what it had dialled may be up until then."""
        pbx.answers["CoreShowChannels"] = listing(UNIQUE)
        async with running(pbx) as room:

            async def fails(call: CallChannel) -> None:
                raise SwitchTimeout("no answer")

            room.handler = fails
            peer = await room.request("inbound")
            await room.take(peer, "call-1")
            await peer.closed()
            assert room.switch._desk._calls == {}
            room.switch.adopt(frozenset(), {CallId("call-1"): UNIQUE})
            await room.caught_up()
            assert not [each for each in room.events if isinstance(each, CallLost)]
            pbx.answers["Status"] = pbx.no_such_channel
            room.say(f"Hangup|Uniqueid: {UNIQUE}|Cause: 16")
            await room.told(CallLost(CallId("call-1"), 16))

    async def test_adopted_before_the_start(self, pbx: FakeAmi) -> None:
        pbx.answers["CoreShowChannels"] = listing("leg-1")
        room = Room(pbx, AsteriskSwitch(config(pbx), NoPrompts()))
        room.switch.adopt(frozenset((LegId("leg-1"), LegId("leg-2"))), {})
        await room.switch.start(room.tell, room.serve)
        await room.told(LegEnded(LegId("leg-2"), None, unseen=True))
        assert LegId("leg-1") in room.switch._book
        await room.switch.stop()

    async def test_an_adopted_talk_that_comes_back_is_ended_without_an_excuse(self, pbx: FakeAmi) -> None:
        pbx.answers["CoreShowChannels"] = listing(UNIQUE)
        async with running(pbx) as room:
            room.switch.adopt(frozenset(), {CallId("old"): UNIQUE})
            peer = await room.request("resume", "old", "HANGUP")
            await room.take(peer, "old", inbound=False)
            await peer.expect(b"SET VARIABLE IVR_DONE 1", OK)
            await peer.closed()

    async def test_a_person_back_from_an_adopted_talk_hears_no_excuse(self, pbx: FakeAmi) -> None:
        pbx.answers["CoreShowChannels"] = listing("att-1")
        async with running(pbx) as room:
            room.switch.adopt(frozenset((LegId("att-1"),)), {})
            peer = await room.request("resume", "att-1", "KICKED", unique_id="att-1")
            await room.take(peer, "att-1", inbound=False)
            await peer.expect(b"SET VARIABLE IVR_DONE 1", OK)
            await peer.closed()
            stranger = await room.request("resume", "att-1", "KICKED", unique_id="1.2")
            await stranger.closed()

    async def test_an_adopted_caller_who_asks_again_is_a_new_call(self, pbx: FakeAmi) -> None:
        pbx.answers["CoreShowChannels"] = listing(UNIQUE)
        async with running(pbx) as room:
            room.switch.adopt(frozenset(), {CallId("old"): UNIQUE})
            peer = await room.request("inbound")
            await room.take(peer, "call-1")
            assert CallLost(CallId("old"), None) in room.events
            await peer.expect(b"ANSWER", b"200 result=0\n")

    async def test_a_talks_end_of_no_call_of_ours_gets_no_command(self, room: Room) -> None:
        await (await room.request("resume", "call-77", "HANGUP")).closed()
