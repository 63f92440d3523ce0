"""An Asterisk that was started anew while we stayed: what of its two runs is believed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from calls.errors import SwitchUnavailable
from calls.ids import LegId
from calls.switch.asterisk import switch
from calls.switch.events import LegEnded, SwitchDown, SwitchUp
from calls.switch.port import Answer, CallChannel, Done, Result
from tests.calls.switch.asterisk.agi_peer import Peer
from tests.calls.switch.asterisk.fake_ami import FakeAmi
from tests.calls.switch.asterisk.switch_room import BOOT, DIAL, LIMIT, OK, UNIQUE, Room, config, listing, running

NO_MARK = b"200 result=0\n"


@pytest.fixture
async def pbx() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as fake:
        yield fake


async def lost(room: Room) -> None:
    """Asterisk dies, and its next run has no mark yet."""
    await room.pbx.die()
    await room.until(lambda: isinstance(room.events[-1], SwitchDown))
    status = room.pbx.answers["CoreStatus"]
    room.pbx.answers["CoreStatus"] = lambda f: (status(f) or b"").replace(b"22:11:09", b"22:15:00")
    room.pbx.globals.clear()


async def comes(room: Room, call_id: str, mark: bytes) -> Peer:
    """A caller, up to the question of which run they are."""
    peer = await room.request("inbound")
    await peer.expect(f"SET VARIABLE CW_CALL {call_id}".encode(), OK)
    await peer.expect(LIMIT, OK)
    await peer.expect(b"GET VARIABLE CW_CALL", f"200 result=1 ({call_id})\n".encode())
    await peer.expect(b"GET VARIABLE CW_BOOT", mark)
    return peer


async def test_a_caller_of_the_new_run_who_came_before_ami_is_of_it_and_stays(pbx: FakeAmi) -> None:
    results: list[Result] = []

    async def serve(call: CallChannel) -> None:
        results.append(await call.perform(Answer()))
        await asyncio.gather(room.caught_up(), room.switch._compare())
        results.append(await call.perform(Answer()))

    async with running(pbx) as room:
        room.handler = serve
        await lost(room)
        peer = await comes(room, "call-1", NO_MARK)
        assert room.calls == [], "of a run that nobody knows yet nothing is said"
        pbx.answers["CoreShowChannels"] = listing(UNIQUE)
        await pbx.listen()
        await peer.expect(b"ANSWER", b"200 result=0\n")
        await peer.expect(b"ANSWER", b"200 result=0\n")
        await room.until(lambda: len(results) == 2)
        assert results == [Done(), Done()]
        up = room.events[-1]
        assert isinstance(up, SwitchUp) and up.boot == room.calls[0].info.boot != BOOT


async def test_a_caller_makes_the_next_try_of_ami_the_sooner(pbx: FakeAmi) -> None:
    """The next try is half a minute away: within the test's five seconds only the caller brings it."""
    patient = replace(config(pbx).ami, retry_first_s=60.0, retry_most_s=60.0)
    async with running(pbx, replace(config(pbx), ami=patient)) as room:
        await lost(room)
        await pbx.listen()
        peer = await comes(room, "call-1", NO_MARK)
        await peer.expect(b"ANSWER", b"200 result=0\n")
        assert room.calls[0].info.boot != BOOT


async def test_a_caller_of_the_run_that_we_know_waits_for_nothing(pbx: FakeAmi) -> None:
    async with running(pbx) as room:
        await pbx.die()
        await room.until(lambda: isinstance(room.events[-1], SwitchDown))
        peer = await comes(room, "call-1", b"200 result=1 (first)\n")
        await peer.expect(b"ANSWER", b"200 result=0\n")
        assert room.calls[0].info.boot == BOOT


async def test_a_mark_that_a_reload_took_away_is_no_new_run(pbx: FakeAmi) -> None:
    async with running(pbx) as room:
        peer = await comes(room, "call-1", NO_MARK)
        await peer.expect(b"ANSWER", b"200 result=0\n")
        assert room.calls[0].info.boot == BOOT


async def test_who_waits_for_ami_in_vain_is_left_to_the_dialplan(
    pbx: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch, "NEW_RUN_S", 0.05)
    async with running(pbx) as room:
        await lost(room)
        peer = await comes(room, "call-1", NO_MARK)
        await peer.closed()
        assert room.calls == []


async def test_nobody_is_dialled_on_a_new_run_before_it_was_compared(pbx: FakeAmi) -> None:
    async with running(pbx) as room:
        await lost(room)
        pbx.answers["CoreShowChannels"] = lambda fields: None
        await pbx.listen()
        await pbx.asked("CoreShowChannels", len(pbx.of("CoreShowChannels")) + 1)
        with pytest.raises(SwitchUnavailable, match="nothing was sent"):
            await room.switch.originate(DIAL)
        assert pbx.of("Originate") == []


async def test_a_leg_to_be_ended_that_was_born_in_an_outage_is_ended_behind_it(pbx: FakeAmi) -> None:
    async with running(pbx) as room:
        pbx.answers["Hangup"] = pbx.no_such_channel
        await room.switch.originate(DIAL)
        await room.switch.hang_up(LegId("att-1"))
        pbx.answers["CoreShowChannels"] = listing("att-1")
        pbx.drop()
        await pbx.asked("Hangup", 2)
        assert LegEnded(LegId("att-1"), None) not in room.events


async def test_a_leg_that_was_to_be_ended_in_an_outage_is_ended_behind_it(pbx: FakeAmi) -> None:
    async with running(pbx) as room:
        await room.switch.originate(DIAL)
        await pbx.die()
        await room.until(lambda: isinstance(room.events[-1], SwitchDown))
        with pytest.raises(SwitchUnavailable):
            await room.switch.hang_up(LegId("att-1"), 21)
        pbx.answers["CoreShowChannels"] = listing("att-1", "att-2")
        await pbx.listen()
        await pbx.asked("Hangup", 1)
        assert [(each["Channel"], each["Cause"]) for each in pbx.of("Hangup")] == [("att-1", "21")]
