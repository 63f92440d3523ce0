"""What a caller hears and where calls go, by the rendered dialplan on a real Asterisk.

The engine here is a FastAGI server written by hand, so that each of its failures can be had.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from console.demo.pbx import PrivateAsterisk
from console.demo.ports import free_port
from console.demo.sipp import AgentPhone, Callees, CallerScript, Press, SippHome, answer_as_agent, answer_calls, call
from dialplans.asterisk import Phone, Trunk
from tests.integration.conftest import SECRETS, StartAsterisk
from tests.integration.raw_wire import AgiCall, RawAgi, RawAmi, SipCaller

pytestmark = pytest.mark.asterisk

SORRY = bytes(range(1, 127)) * 40
"""Some 0.6 s that can be told from anything else, as µ-law: the caller must hear these very bytes."""

HEARD = SORRY[: 160 * 20]


@pytest.fixture
def sorry(short_folder: Path) -> Path:
    """The fallback's prompt, without its suffix."""
    (short_folder / "sorry.ulaw").write_bytes(SORRY)
    return short_folder / "sorry"


async def hear_sorry(pbx: PrivateAsterisk) -> None:
    """A caller calls, hears the prompt whole, and the call is ended."""
    async with SipCaller(pbx.ports.sip) as caller:
        caller.invite()
        await caller.until_heard(HEARD)
        async with asyncio.timeout(20):
            await caller.ended.wait()


def ami(pbx: PrivateAsterisk) -> RawAmi:
    """A login with the engine's own account."""
    return RawAmi(pbx.ports.ami, "callwright", SECRETS.ami_secret)


async def take_over(agi: AgiCall) -> None:
    """What the engine says first."""
    assert await agi.say("SET VARIABLE TIMEOUT(absolute) 600") == "200 result=1"


async def finish(agi: AgiCall) -> None:
    """What the engine says last."""
    assert await agi.say("SET VARIABLE IVR_DONE 1") == "200 result=1"


def complaints(pbx: PrivateAsterisk) -> list[str]:
    """What its log says beyond notices."""
    return [line for line in pbx.log.read_text().splitlines() if " WARNING[" in line or " ERROR[" in line]


# --- the engine is not there ------------------------------------------------------------------------------------


async def test_sorry_is_heard_while_no_engine_listens(start_asterisk: StartAsterisk, sorry: Path) -> None:
    await hear_sorry(await start_asterisk(sorry=sorry))


async def test_sorry_is_heard_when_the_engine_hangs(start_asterisk: StartAsterisk, sorry: Path) -> None:
    pbx = await start_asterisk(sorry=sorry, take_over_s=1)
    async with RawAgi(pbx.values.includes.agi_port, take_over, frozen=True) as engine:
        await hear_sorry(pbx)
        assert engine.calls == []


async def test_sorry_is_heard_when_the_engine_refuses(start_asterisk: StartAsterisk, sorry: Path) -> None:
    async def refuse(agi: AgiCall) -> None:
        """Closes with no command sent."""

    pbx = await start_asterisk(sorry=sorry)
    async with RawAgi(pbx.values.includes.agi_port, refuse) as engine:
        await hear_sorry(pbx)
        assert len(engine.calls) == 2


async def test_sorry_is_heard_when_the_engine_dies_in_the_call(start_asterisk: StartAsterisk, sorry: Path) -> None:
    async def die(agi: AgiCall) -> None:
        await take_over(agi)
        assert (await agi.say("ANSWER")).startswith("200 result=0")

    pbx = await start_asterisk(sorry=sorry)
    async with RawAgi(pbx.values.includes.agi_port, die) as engine:
        await hear_sorry(pbx)
        assert len(engine.calls) == 2


async def test_an_engine_that_comes_back_gets_the_call_again(start_asterisk: StartAsterisk, sorry: Path) -> None:
    async def die_once(agi: AgiCall) -> None:
        await take_over(agi)
        if len(engine.calls) > 1:
            await agi.say("ANSWER")
            await finish(agi)

    pbx = await start_asterisk(sorry=sorry)
    async with SipCaller(pbx.ports.sip) as caller, RawAgi(pbx.values.includes.agi_port, die_once) as engine:
        caller.invite()
        async with asyncio.timeout(20):
            await caller.ended.wait()
        assert len(engine.calls) == 2
        assert 200 in caller.statuses
        assert HEARD not in caller.heard


async def test_without_the_prompt_a_tone_is_heard(start_asterisk: StartAsterisk, short_folder: Path) -> None:
    pbx = await start_asterisk(sorry=short_folder / "not-there")
    async with SipCaller(pbx.ports.sip) as caller:
        caller.invite()
        async with asyncio.timeout(20):
            await caller.ended.wait()
        loud = [byte for byte in caller.heard if byte & 0x7F < 0x60]
        assert len(loud) > 8000, "the tone sounds half of the time, for four seconds"


async def test_a_call_that_is_done_gets_no_fallback(start_asterisk: StartAsterisk, sorry: Path) -> None:
    async def serve(agi: AgiCall) -> None:
        await take_over(agi)
        await agi.say("ANSWER")
        await finish(agi)

    pbx = await start_asterisk(sorry=sorry)
    async with SipCaller(pbx.ports.sip) as caller, RawAgi(pbx.values.includes.agi_port, serve) as engine:
        caller.invite()
        async with asyncio.timeout(20):
            await caller.ended.wait()
        assert len(engine.calls) == 1
        assert HEARD not in caller.heard


# --- calls in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("info", [False, True], ids=["rtp", "info"])
async def test_keys_and_numbers_arrive(asterisk: PrivateAsterisk, sipp: SippHome, info: bool) -> None:
    pressed: list[str] = []

    async def listen(agi: AgiCall) -> None:
        await take_over(agi)
        await agi.say("ANSWER")
        for _ in range(4):
            pressed.append(chr(int((await agi.say("WAIT FOR DIGIT 5000")).removeprefix("200 result="))))
        await finish(agi)

    async with RawAgi(asterisk.values.includes.agi_port, listen) as engine:
        script = CallerScript("4711", (Press(0.8, "4*"), Press(2.0, "2#")), caller="+493055502", info=info)
        caller = await call(sipp, "caller", script, sip_port=asterisk.ports.sip)
        try:
            assert await caller.wait(20), caller.trouble
        finally:
            await caller.stop()
        first = await engine.until(1)
    assert "".join(pressed) == "4*2#"
    assert first.value("request") == (
        f"agi://127.0.0.1:{asterisk.values.includes.agi_port}/inbound?token={SECRETS.agi_token}"
    )
    assert (first.value("extension"), first.value("callerid"), first.value("calleridname")) == (
        "4711",
        "+493055502",
        "Caller",
    )
    events = [event.event for event in caller.events]
    keyed = ["keyed_4", "keyed_s", "keyed_2", "keyed_p"] if info else ["keyed_4s", "keyed_2p"]
    assert events == ["answered", *keyed, "ended_by_switch"]


async def test_a_caller_hangs_up_and_the_engine_hears_of_it(asterisk: PrivateAsterisk, sipp: SippHome) -> None:
    async def talk(agi: AgiCall) -> None:
        await take_over(agi)
        await agi.say("ANSWER")
        assert await agi.say("WAIT FOR DIGIT 10000") == "200 result=-1"

    async with RawAgi(asterisk.values.includes.agi_port, talk) as engine:
        caller = await call(sipp, "caller", CallerScript("100", hang_up_at_s=0.5), sip_port=asterisk.ports.sip)
        assert await caller.wait(20), caller.trouble
        await engine.until(1)
    assert [event.event for event in caller.events] == ["answered", "hangs_up"]


# --- rooms ------------------------------------------------------------------------------------------------------


class Rooms:
    """An agent's leg in its room, and a customer whom the engine holds on the line."""

    def __init__(self) -> None:
        self.moved = asyncio.Event()

    async def engine(self, agi: AgiCall) -> None:
        """Holds an inbound call until it is moved; hears how a talk ended."""
        await take_over(agi)
        if "/inbound" in agi.value("request"):
            await agi.say("SET VARIABLE CW_CALL call-1")
            await agi.say("ANSWER")
            await self.moved.wait()
        else:
            await finish(agi)


async def ring_agent(wire: RawAmi, leg: str, phone: str = "agent1") -> str:
    """Rings an agent's phone; gives the channel's name when it is in its room."""
    wire.send(
        Action="Originate",
        ActionID=f"ring-{leg}",
        Channel=f"PJSIP/{phone}",
        ChannelId=leg,
        Context="callwright-agent",
        Exten=leg,
        Priority="1",
        Timeout="10000",
        Async="true",
    )
    joined = await wire.until(rb"(?s)Event: ConfbridgeJoin\r\n(?:(?!\r\n\r\n).)*?Channel: (PJSIP/agent\S+)")
    return joined[1].decode()


async def hand_over(wire: RawAmi, channel: str, leg: str, rooms: Rooms) -> None:
    """Moves the customer into the room of ``leg``."""
    wire.send(Action="Redirect", ActionID="move", Channel=channel, Context="callwright-room", Exten=leg, Priority="1")
    await wire.until(rb"ActionID: move\r\nMessage: Redirect successful")
    rooms.moved.set()


@pytest.mark.parametrize("ending", ["KICKED", "ENDMARKED"])
async def test_a_customer_talks_and_comes_back(start_asterisk: StartAsterisk, sipp: SippHome, ending: str) -> None:
    port, rooms = free_port(socket.SOCK_DGRAM), Rooms()
    pbx = await start_asterisk(phones=(Phone("agent1", "127.0.0.1", port),))
    agent = await answer_as_agent(sipp, "agent", AgentPhone(), port=port)
    try:
        async with RawAgi(pbx.values.includes.agi_port, rooms.engine) as engine, ami(pbx) as wire:
            leg = await ring_agent(wire, "leg-1")
            async with SipCaller(pbx.ports.sip) as caller:
                caller.invite()
                await caller.until_status(200)
                first = await engine.until(1)
                mark = len(wire.received)
                await hand_over(wire, first.value("channel"), "leg-1", rooms)
                await wire.until(rb"Event: ConfbridgeJoin\r\n", after=mark)
                if ending == "KICKED":
                    wire.send(Action="ConfbridgeKick", Conference="cw-leg-1", Channel=first.value("channel"))
                else:
                    wire.send(Action="Hangup", Channel=leg, Cause="16")
                resumed = await engine.until(2)
                async with asyncio.timeout(20):
                    await caller.ended.wait()
            assert "/resume?token=" in resumed.value("request")
            assert (resumed.value("arg_1"), resumed.value("arg_2")) == ("call-1", ending)
            if ending == "KICKED":
                async with asyncio.timeout(20):
                    while len(agent.events) < 3:  # noqa: ASYNC110 - SIPp tells nobody when it has written
                        await asyncio.sleep(0.1)
                events = [event.event for event in agent.events]
                assert events == ["invited", "ringing", "answered"], "the agent's leg stays"
            assert complaints(pbx) == []
    finally:
        await agent.stop()


async def test_a_customer_leaves_and_the_agent_stays_for_the_next(
    start_asterisk: StartAsterisk, sipp: SippHome
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    pbx = await start_asterisk(phones=(Phone("agent1", "127.0.0.1", port),))
    agent = await answer_as_agent(sipp, "agent", AgentPhone(), port=port)
    rooms = Rooms()
    try:
        async with RawAgi(pbx.values.includes.agi_port, rooms.engine) as engine, ami(pbx) as wire:
            await ring_agent(wire, "leg-1")
            for number in (1, 2):
                async with SipCaller(pbx.ports.sip) as caller:
                    caller.invite()
                    await caller.until_status(200)
                    this = await engine.until(number)
                    mark = len(wire.received)
                    await hand_over(wire, this.value("channel"), "leg-1", rooms)
                    await wire.until(rb"Event: ConfbridgeJoin\r\n", after=mark)
                    caller.hang_up()
                    await wire.until(rb"Event: ConfbridgeLeave\r\n", after=mark)
            assert [event.event for event in agent.events] == ["invited", "ringing", "answered"]
    finally:
        await agent.stop()


async def test_a_customer_never_waits_in_an_empty_room(asterisk: PrivateAsterisk) -> None:
    rooms = Rooms()
    async with (
        RawAgi(asterisk.values.includes.agi_port, rooms.engine) as engine,
        ami(asterisk) as wire,
        SipCaller(asterisk.ports.sip) as caller,
    ):
        caller.invite()
        await caller.until_status(200)
        first = await engine.until(1)
        await hand_over(wire, first.value("channel"), "leg-gone", rooms)
        resumed = await engine.until(2)
        assert resumed.value("arg_2") == "NO_AGENT"


async def test_two_customers_never_meet(start_asterisk: StartAsterisk, sipp: SippHome) -> None:
    port, rooms = free_port(socket.SOCK_DGRAM), Rooms()
    pbx = await start_asterisk(phones=(Phone("agent1", "127.0.0.1", port),))
    agent = await answer_as_agent(sipp, "agent", AgentPhone(), port=port)
    try:
        async with (
            RawAgi(pbx.values.includes.agi_port, rooms.engine) as engine,
            ami(pbx) as wire,
            SipCaller(pbx.ports.sip) as one,
            SipCaller(pbx.ports.sip) as other,
        ):
            await ring_agent(wire, "leg-1")
            one.invite()
            await one.until_status(200)
            mark = len(wire.received)
            await hand_over(wire, (await engine.until(1)).value("channel"), "leg-1", rooms)
            await wire.until(rb"Event: ConfbridgeJoin\r\n", after=mark)
            rooms.moved.clear()
            other.invite()
            await other.until_status(200)
            await hand_over(wire, (await engine.until(2)).value("channel"), "leg-1", rooms)
            assert (await engine.until(3)).value("arg_2") == "OCCUPIED"
    finally:
        await agent.stop()


# --- calls out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "status"), [("+4930555100", "HUMAN"), ("+4930555104", "MACHINE")])
async def test_people_and_machines_are_told_apart(
    start_asterisk: StartAsterisk, sipp: SippHome, callees: Callees, number: str, status: str
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    pbx = await start_asterisk(trunks=(Trunk("carrier", "127.0.0.1", port),))
    people = await answer_calls(sipp, "callees", callees, port=port)

    async def engine(agi: AgiCall) -> None:
        await take_over(agi)
        await finish(agi)

    try:
        async with RawAgi(pbx.values.includes.agi_port, engine) as served, ami(pbx) as wire:
            wire.send(
                Action="Originate",
                Channel=f"PJSIP/{number}@carrier",
                ChannelId="attempt-1",
                Context="callwright-dialled",
                Exten="s",
                Priority="1",
                Timeout="20000",
                CallerID="+493012345",
                Variable="CW_CALL=attempt-1,CW_AMD=1",
                Async="true",
            )
            first = await served.until(1)
            await wire.until(rb"Event: Hangup\r\n")
        assert "/dialled?token=" in first.value("request")
        assert (first.value("arg_1"), first.value("arg_2")) == ("attempt-1", status)
        await people.finish()
        events = [(event.number, event.event) for event in people.events]
        assert events == [(number, each) for each in ("invited", "ringing", "answered", "ended_by_switch")]
        assert "<sip:+493012345@" in people.messages.read_text(), "the callee sees our number"
        assert complaints(pbx) == []
    finally:
        await people.stop()


async def test_callees_do_what_their_last_digit_says(
    start_asterisk: StartAsterisk, sipp: SippHome, callees: Callees
) -> None:
    """The far end's own log is what a checker compares records with, so it must be true and whole."""
    port = free_port(socket.SOCK_DGRAM)
    pbx = await start_asterisk(trunks=(Trunk("carrier", "127.0.0.1", port),))
    quick = replace(callees, ring_ms=(100, 200), talk_ms=(300, 600), machine_ms=900)
    people = await answer_calls(sipp, "callees", quick, port=port)

    async def engine(agi: AgiCall) -> None:
        await take_over(agi)
        await agi.wait_over()

    try:
        async with RawAgi(pbx.values.includes.agi_port, engine), ami(pbx) as wire:
            for digit in "03456789":
                wire.send(
                    Action="Originate",
                    Channel=f"PJSIP/+493055510{digit}@carrier",
                    ChannelId=f"attempt-{digit}",
                    Context="callwright-dialled",
                    Exten="s",
                    Priority="1",
                    Timeout="2000",
                    Variable=f"CW_CALL=attempt-{digit}",
                    Async="true",
                )
            for digit in "03456789":
                await wire.until(rb"Event: Hangup\r\n(?:[^\r]+\r\n)*Uniqueid: attempt-" + digit.encode())
        await people.finish()
    finally:
        await people.stop()
    seen = {digit: [e.event for e in people.events if e.number == f"+493055510{digit}"] for digit in "03456789"}
    assert seen == {
        "0": ["invited", "ringing", "answered", "hangs_up"],
        "3": ["invited", "ringing", "answered", "hangs_up"],
        "4": ["invited", "ringing", "answered", "hangs_up"],
        "5": ["invited", "486"],
        "6": ["invited", "ringing", "cancelled"],
        "7": ["invited", "503"],
        "8": ["invited", "404"],
        "9": ["invited", "480"],
    }
