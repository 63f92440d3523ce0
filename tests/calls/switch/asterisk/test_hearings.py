"""Legs that hear callers, between a scripted manager and a played sender of audio: none is left, and no port."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network

import pytest

from calls.errors import SwitchUnavailable
from calls.switch.asterisk import hearing_legs
from calls.switch.asterisk.channels import Channel
from calls.wire.g711 import Law, decode
from tests.calls.switch.asterisk.agi_peer import settled
from tests.calls.switch.asterisk.fake_ami import Fields
from tests.calls.switch.asterisk.hearings_room import (
    CALLER,
    Who,
    forbidden,
    read,
    refused,
    room,
    send,
    success,
)


async def test_a_caller_is_heard_and_nothing_is_left() -> None:
    async with room() as each:
        async with each.hearings.hear(CALLER) as audio:
            asked = each.pbx.ami.of("Originate")[0]
            assert asked["Channel"] == f"UnicastRTP/127.0.0.1:{each.ports[0]}/c(ulaw)"
            assert (asked["Context"], asked["Variable"]) == ("callwright-hear", f"CW_HEARS={CALLER.unique_id}")
            assert asked["ChannelId"].startswith("callwright-hear-")
            await send(each, 1, 2)
            assert [await read(audio), await read(audio)] == [decode(bytes([n]) * 160, Law.MU) for n in (1, 2)]
        assert await read(audio) == b""
        await each.quiet()
        assert each.pbx.live == set()


async def test_a_leg_that_does_not_end_keeps_nobody_waiting() -> None:
    async with room(hangs_up=False) as each:
        async with each.hearings.hear(CALLER):
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < hearing_legs.ENDS_S / 2
        assert len(each.hearings) == 1
        each.pbx.end(each.pbx.ami.of("Originate")[0]["ChannelId"])
        await each.quiet()


async def test_the_call_s_end_ends_it() -> None:
    async with room() as each, each.hearings.hear(CALLER) as audio:
        each.pbx.end(each.pbx.ami.of("Originate")[0]["ChannelId"])
        assert await read(audio) == b""
        await each.quiet()


async def test_a_leg_that_never_hears_is_given_up_and_ended_when_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing_legs, "OPENS_S", 0.1)
    monkeypatch.setattr(hearing_legs, "ENDS_S", 0.1)
    async with room(hears=False) as each:
        with pytest.raises(SwitchUnavailable, match="within"):
            async with each.hearings.hear(CALLER):
                pass
        leg_id = each.pbx.ami.of("Originate")[0]["ChannelId"]
        await each.pbx.ami.asked("Hangup", 1)
        each.pbx.live.add(leg_id)
        each.pbx.begin(leg_id)
        await each.pbx.ami.asked("Hangup", 2)
        await each.quiet()


@pytest.mark.parametrize("how", ["refused", "failed", "ended"])
async def test_what_the_switch_does_not_do_is_told_at_once(how: str) -> None:
    async with room(hears=False) as each:

        def originate(fields: Fields) -> bytes:
            loop = asyncio.get_running_loop()
            if how == "refused":
                return refused(fields)
            if how == "failed":
                lines = ("Response: Failure", f"ActionID: {fields['ActionID']}", "Reason: 0", "Uniqueid: <null>")
                loop.call_later(0.02, each.pbx.say, "OriginateResponse", *lines)
            else:
                loop.call_later(0.02, each.pbx.end, fields["ChannelId"])
            return success(fields)

        each.pbx.ami.answers["Originate"] = originate
        began = asyncio.get_running_loop().time()
        with pytest.raises(SwitchUnavailable):
            async with each.hearings.hear(CALLER):
                pass
        assert asyncio.get_running_loop().time() - began < 0.8
        await each.quiet()


async def test_a_channel_whose_id_must_not_go_on_the_wire_is_not_heard() -> None:
    async with room() as each:
        with pytest.raises(SwitchUnavailable, match="must not reach"):
            async with each.hearings.hear(Who("pbx-1,FILE(/x)=1")):
                pass
        assert each.pbx.ami.of("Originate") == []
        await each.quiet()


async def test_every_port_is_lent_once_and_then_none() -> None:
    async with room() as each:
        async with each.hearings.hear(CALLER), each.hearings.hear(CALLER), each.hearings.hear(CALLER):
            with pytest.raises(SwitchUnavailable, match="no UDP port"):
                async with each.hearings.hear(CALLER):
                    pass
        await each.quiet()
        lent = [fields["Channel"].split(":")[1].split("/")[0] for fields in each.pbx.ami.of("Originate")]
        assert lent == [str(port) for port in each.ports]


async def test_a_port_waits_for_the_end_of_its_leg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing_legs, "ENDS_S", 0.05)
    async with room(hangs_up=False) as each:
        async with each.hearings.hear(CALLER):
            pass
        leg_id = each.pbx.ami.of("Originate")[0]["ChannelId"]
        assert len(each.hearings) == 1
        with pytest.raises(SwitchUnavailable):
            async with each.hearings.hear(CALLER), each.hearings.hear(CALLER), each.hearings.hear(CALLER):
                pass
        each.pbx.hangs_up = True
        for each_id in list(each.pbx.live):
            each.pbx.end(each_id)
        assert leg_id not in each.pbx.live
        await each.quiet()


async def test_its_limit_is_put_off_while_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing_legs, "RENEW_S", 0.02)
    async with room() as each:
        async with each.hearings.hear(CALLER):
            asked = await each.pbx.ami.asked("AbsoluteTimeout", 3)
            assert (asked[0]["Channel"], asked[0]["Timeout"]) == (each.pbx.ami.of("Originate")[0]["ChannelId"], "30")
        each.pbx.ami.answers["AbsoluteTimeout"] = refused
        async with each.hearings.hear(CALLER) as audio:
            assert await read(audio) == b"", "the switch knows no such channel"
        await each.quiet()


async def test_a_leg_whose_limit_is_not_put_off_is_hung_up_before_its_port_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hearing_legs, "RENEW_S", 0.02)
    async with room(hangs_up=False) as each:
        each.pbx.ami.answers["AbsoluteTimeout"] = forbidden
        async with each.hearings.hear(CALLER) as audio:
            leg_id = each.pbx.ami.of("Originate")[0]["ChannelId"]
            asked = await each.pbx.ami.asked("Hangup", 1)
            assert [fields["Channel"] for fields in asked[:1]] == [leg_id]
            await each.pbx.ami.asked("AbsoluteTimeout", 3)
            assert len(each.hearings) == 1, "its end is not told yet"
            each.pbx.end(leg_id)
            assert await read(audio) == b""
        await each.quiet()


async def test_a_hangup_that_is_refused_says_nothing_of_the_leg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing_legs, "ENDS_S", 0.05)
    async with room() as each:
        hang_up = each.pbx.ami.answers["Hangup"]
        each.pbx.ami.answers["Hangup"] = forbidden
        async with each.hearings.hear(CALLER):
            leg_id = each.pbx.ami.of("Originate")[0]["ChannelId"]
        await each.pbx.ami.asked("Hangup", 1)
        await settled(lambda: not each.hearings._legs._tasks)
        assert len(each.hearings) == 1, "its port is held back"
        each.pbx.ami.answers["Hangup"] = hang_up
        each.pbx.end(leg_id)
        await each.quiet()


async def test_without_the_manager_nobody_is_heard_and_who_is_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing_legs, "ENDS_S", 0.05)
    async with room() as each:
        async with each.hearings.hear(CALLER) as audio:
            each.pbx.ami.drop()
            await send(each, 1)
            assert await read(audio) != b""
            with pytest.raises(SwitchUnavailable):
                async with each.hearings.hear(CALLER):
                    pass
        assert len(each.hearings) == 1, "it could not be ended yet"
        each.hearings.sort_out((), asyncio.get_running_loop().time() + 1.0)
        await each.quiet()


def row(unique_id: str) -> Channel:
    return Channel(f"UnicastRTP/127.0.0.1:20000-{unique_id}", unique_id, unique_id, "6")


async def test_what_another_run_left_is_ended_and_no_list_has_ours() -> None:
    async with room() as each:
        left, call = (
            row("callwright-hear-0123456789abcdef"),
            Channel("PJSIP/a-1", CALLER.unique_id, CALLER.unique_id, "6"),
        )
        other = row("else-hear-0123456789abcdef")
        async with each.hearings.hear(CALLER) as audio:
            ours = row(each.pbx.ami.of("Originate")[0]["ChannelId"])
            now = asyncio.get_running_loop().time()
            assert each.hearings.sort_out((left, call, ours, other), now) == (call, other)
            asked = await each.pbx.ami.asked("Hangup", 1)
            assert [fields["Channel"] for fields in asked] == [left.unique_id]
            each.hearings.sort_out((call,), now)
            assert await read(audio) == b"", "its end was missed"
        await each.quiet()


async def test_events_that_are_not_the_switch_s_own_change_nothing() -> None:
    async with room() as each, each.hearings.hear(CALLER) as audio:
        leg_id = each.pbx.ami.of("Originate")[0]["ChannelId"]
        each.pbx.ami.push(f"Event: Hangup\r\nUniqueid: {leg_id}\r\n\r\n".encode())
        each.pbx.say("Hangup", f"Uniqueid: {leg_id}", "Cause: 16", "Channel: a", "Channel: b")
        each.pbx.say("Hangup", "Uniqueid: callwright-hear-0000000000000000", "Cause: 16")
        await send(each, 1)
        assert await read(audio) != b""


async def test_audio_from_elsewhere_is_nobody_s() -> None:
    async with room(allow=(IPv4Network("10.0.0.0/8"),)) as each, each.hearings.hear(CALLER) as audio:
        await send(each, 1, 2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await audio.read()


async def test_a_listener_who_is_cancelled_leaves_nothing() -> None:
    async with room() as each:

        async def listen() -> None:
            async with each.hearings.hear(CALLER) as audio:
                await audio.read()

        for wait_s in (0.0, 0.005, 0.05):
            task = asyncio.ensure_future(listen())
            await asyncio.sleep(wait_s)
            task.cancel()
            await asyncio.wait((task,))
            await each.quiet()


async def test_stopping_ends_every_leg() -> None:
    async with room() as each:
        async with each.hearings.hear(CALLER) as audio:
            await each.hearings.stop()
            assert each.pbx.live == set()
            assert await read(audio) == b""
