"""The whole Asterisk switch on a real Asterisk: legs by last digit, calls, rooms, and the faults of the matrix."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pydantic import SecretStr

from calls.causes import Outcome, outcome_of
from calls.errors import CommandRefused, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import AttemptId, CallId, LegId
from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.config import AsteriskConfig, TrunkDial
from calls.switch.asterisk.switch import AsteriskSwitch, Chance
from calls.switch.events import (
    CallConnected,
    CallLost,
    LegAnswered,
    LegEnded,
    LegRinging,
    SwitchDown,
    SwitchEvent,
    SwitchUp,
)
from calls.switch.port import (
    Answer,
    CallChannel,
    Connect,
    DialAttempt,
    EndedBy,
    Hangup,
    Hold,
    HungUp,
    Prompt,
    Result,
    RingAgent,
    RingOutside,
    Seat,
    TalkEnded,
)
from console.demo.pbx import PrivateAsterisk
from console.demo.ports import LOOPBACK, free_port
from console.demo.sipp import AgentPhone, Callees, CallerScript, Sipp, SippHome, answer_as_agent, answer_calls
from console.demo.sipp import call as place_call
from dialplans.asterisk import Phone, Trunk
from tests.integration.conftest import SECRETS, StartAsterisk

pytestmark = pytest.mark.asterisk

DEADLINE_S = 30.0
RING_S = 3.0
Handler = Callable[[CallChannel], Awaitable[None]]


class NoPrompts:
    """These calls play nothing."""

    def path(self, prompt: Prompt) -> Path:
        raise AssertionError(prompt)

    def duration_s(self, prompt: Prompt) -> float:
        raise AssertionError(prompt)


@dataclass
class Office:
    """A switch on a running Asterisk, what it told, and what its calls came to."""

    pbx: PrivateAsterisk
    sipp: SippHome
    config: AsteriskConfig
    handler: Handler
    switch: AsteriskSwitch = field(init=False)
    events: list[SwitchEvent] = field(default_factory=list)
    calls: list[CallChannel] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    count: int = 0

    async def open(self) -> None:
        """A switch of its own: again, as after a restart of the engine."""
        ids = iter(range(1000))
        run = self.count = self.count + 1
        self.switch = AsteriskSwitch(
            self.config, NoPrompts(), Chance(call_id=lambda: CallId(f"call-{run}-{next(ids)}"))
        )
        await self.switch.start(self.tell, self.serve)

    def tell(self, event: SwitchEvent) -> None:
        self.events.append(event)
        self.news.set()

    async def serve(self, call: CallChannel) -> None:
        self.calls.append(call)
        self.news.set()
        await self.handler(call)

    async def until(self, met: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
        async with asyncio.timeout(deadline_s):
            while not met():
                self.news.clear()
                await self.news.wait()

    def of(self, leg_id: str) -> list[SwitchEvent]:
        """What was told of a leg."""
        kinds = (LegRinging, LegAnswered, LegEnded)
        return [event for event in self.events if isinstance(event, kinds) and event.leg_id == leg_id]

    def end_of(self, leg_id: str) -> LegEnded | None:
        return next((event for event in self.of(leg_id) if isinstance(event, LegEnded)), None)

    async def ended(self, leg_id: str) -> LegEnded:
        await self.until(lambda: self.end_of(leg_id) is not None)
        end = self.end_of(leg_id)
        assert end is not None
        return end

    def outcome(self, leg_id: str) -> Outcome:
        end, answered = self.end_of(leg_id), LegAnswered(LegId(leg_id)) in self.events
        assert end is not None
        return outcome_of(end.cause, answered=answered, timed_out=end.timed_out, never_existed=end.never_existed)

    async def channels(self) -> int:
        """How many channels the PBX itself counts."""
        said = await self.pbx.cli("core show channels count")
        return int(said.split(" active channel")[0].split()[-1])

    async def no_channels(self) -> None:
        """Returns when the PBX has none left; it tells nobody, so it is asked again and again."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                if not await self.channels():
                    return
                await asyncio.sleep(0.1)


async def hang_up_at_once(call: CallChannel) -> None:
    await call.perform(Hangup())


@asynccontextmanager
async def _office(
    start_asterisk: StartAsterisk, sipp: SippHome, trunk_port: int, phone_ports: dict[str, int]
) -> AsyncIterator[Office]:
    agi_port = free_port(socket.SOCK_STREAM)
    pbx = await start_asterisk(
        agi_port=agi_port,
        trunks=(Trunk("carrier", LOOPBACK, trunk_port),),
        phones=tuple(Phone(name, LOOPBACK, port) for name, port in phone_ports.items()),
    )
    config = AsteriskConfig(
        name="main",
        ami=AmiSettings(LOOPBACK, pbx.ports.ami, "callwright", SecretStr(SECRETS.ami_secret)),
        agi_host=LOOPBACK,
        agi_port=agi_port,
        agi_token=SecretStr(SECRETS.agi_token),
        agi_allow=(IPv4Network("127.0.0.0/8"),),
        trunks={"carrier": TrunkDial("PJSIP/{number}@carrier"), "nowhere": TrunkDial("PJSIP/{number}@nowhere")},
        destinations={"ward": "PJSIP/agent1"},
        settle_s=0.2,
        sweep_s=60.0,
    )
    office = Office(pbx, sipp, config, hang_up_at_once)
    await office.open()
    try:
        yield office
    finally:
        await office.switch.stop()


@dataclass
class FarEnds:
    """The SIPp processes of a test."""

    office: Office
    callees: Sipp
    agent: Sipp


@pytest.fixture
async def far(start_asterisk: StartAsterisk, sipp: SippHome, callees: Callees) -> AsyncIterator[FarEnds]:
    trunk_port, phone_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    quick = replace(callees, ring_ms=(200, 400), talk_ms=(1500, 2000))
    people = await answer_calls(sipp, "callees", quick, port=trunk_port)
    agent = await answer_as_agent(sipp, "agent", AgentPhone(ring_ms=100), port=phone_port)
    try:
        async with _office(start_asterisk, sipp, trunk_port, {"agent1": phone_port}) as office:
            yield FarEnds(office, people, agent)
    finally:
        await people.stop()
        await agent.stop()


@pytest.fixture
def office(far: FarEnds) -> Office:
    return far.office


def attempt(last_digit: int, number: int = 0, ring_s: float = RING_S, trunk: str = "carrier") -> DialAttempt:
    attempt_id = AttemptId(f"att-{last_digit}-{number}")
    return DialAttempt(attempt_id, f"+4930123{number:02d}{last_digit}", trunk, "+493099", ring_s)


async def hold_on(call: CallChannel) -> None:
    """Stay with the caller until the call ends."""
    while not isinstance(await call.perform(Hold(10.0)), HungUp):
        pass


async def answer_and_hang_up(call: CallChannel) -> None:
    await call.perform(Answer())
    await call.perform(Hangup())


class TestLegs:
    async def test_every_outcome_by_last_digit(self, office: Office) -> None:
        """Told by the far ends' own behaviour: two calls of each kind at once."""
        office.handler = hold_on
        requests = [attempt(digit, number) for digit in range(10) for number in range(2)]
        for request in requests:
            await office.switch.originate(request)
        for request in requests:
            await office.ended(request.attempt_id)
        truth = {
            **dict.fromkeys((0, 1, 2, 3, 4), Outcome.ANSWERED),
            **{5: Outcome.BUSY, 6: Outcome.NO_ANSWER, 7: Outcome.CONGESTION},
            **{8: Outcome.UNALLOCATED, 9: Outcome.NO_ANSWER},
        }
        found = {request.attempt_id: office.outcome(request.attempt_id) for request in requests}
        assert found == {f"att-{digit}-{number}": truth[digit] for digit in range(10) for number in range(2)}
        assert len([each for each in office.events if isinstance(each, LegEnded)]) == 20
        ids = {call.info.attempt_id for call in office.calls}
        assert ids == {f"att-{digit}-{number}" for digit in range(5) for number in range(2)}
        assert {call.info.called for call in office.calls} == {
            f"+4930123{n:02d}{d}" for d in range(5) for n in (0, 1)
        }
        await office.no_channels()

    async def test_timed_out_is_told(self, office: Office) -> None:
        await office.switch.originate(attempt(6, ring_s=1.5))
        assert (await office.ended("att-6-0")).timed_out
        await office.switch.originate(attempt(9))
        assert not (await office.ended("att-9-0")).timed_out

    async def test_no_such_endpoint_never_existed(self, office: Office) -> None:
        await office.switch.originate(attempt(0, trunk="nowhere"))
        assert await office.ended("att-0-0") == LegEnded(LegId("att-0-0"), None, never_existed=True)

    async def test_the_same_id_twice_is_refused_and_the_first_lives(self, office: Office) -> None:
        office.handler = hold_on
        await office.switch.originate(attempt(0))
        with pytest.raises(SwitchRefused):
            await office.switch.originate(attempt(0))
        assert (await office.ended("att-0-0")).leg_id == "att-0-0" and office.outcome("att-0-0") is Outcome.ANSWERED

    async def test_hang_up_while_ringing_is_no_timeout(self, office: Office) -> None:
        await office.switch.originate(attempt(6))
        await office.until(lambda: LegRinging(LegId("att-6-0")) in office.events)
        await office.switch.hang_up(LegId("att-6-0"))
        assert not (await office.ended("att-6-0")).timed_out

    async def test_hang_up_at_once_is_done_at_birth(self, office: Office) -> None:
        await asyncio.gather(office.switch.originate(attempt(6)), office.switch.hang_up(LegId("att-6-0")))
        began = time.monotonic()
        await office.ended("att-6-0")
        assert time.monotonic() - began < RING_S - 1
        await office.switch.hang_up(LegId("att-6-0"))

    async def test_machine_detection_is_asked_for(self, office: Office) -> None:
        office.handler = hold_on
        await office.switch.originate(replace(attempt(4), detect_machine=True))
        await office.until(lambda: bool(office.calls))
        assert office.calls[0].info.detected.value == "machine"


class TestCalls:
    async def test_a_caller_is_served_and_leaves(self, office: Office) -> None:
        results: list[Result] = []

        async def serve(call: CallChannel) -> None:
            results.append(await call.perform(Answer()))
            results.append(await call.perform(Hold(20.0)))
            office.news.set()

        office.handler = serve
        caller = await place_call(
            office.sipp, "caller", CallerScript("100", hang_up_at_s=1.0), sip_port=office.pbx.ports.sip
        )
        assert await caller.wait(DEADLINE_S), caller.trouble
        await office.no_channels()
        await office.until(lambda: len(results) == 2)
        assert isinstance(results[1], HungUp) and results[1].by is EndedBy.CALLER
        (call,) = office.calls
        assert (call.info.call_id, call.info.called) == ("call-1-0", "100")
        assert call.info.caller.endswith("493055501")

    async def test_a_caller_meets_an_agent_and_comes_back(self, office: Office) -> None:
        leg = LegId("leg-1")
        results: list[Result] = []
        back = asyncio.Event()

        async def serve(call: CallChannel) -> None:
            await call.perform(Answer())
            holding = asyncio.create_task(call.perform(Hold(30.0)))
            await asyncio.sleep(0.3)
            results.append(await call.perform(Connect(leg)))
            results.append(await holding)
            back.set()
            results.append(await call.perform(Hangup()))
            office.news.set()

        office.handler = serve
        await office.switch.originate(RingAgent(leg, "PJSIP/agent1", "", 10.0))
        await office.until(lambda: LegAnswered(leg) in office.events)
        caller = await place_call(office.sipp, "caller", CallerScript("100"), sip_port=office.pbx.ports.sip)
        await office.until(lambda: CallConnected(CallId("call-1-0")) in office.events)
        await office.calls[0].end_talk()
        async with asyncio.timeout(DEADLINE_S):
            await back.wait()
        assert await caller.wait(DEADLINE_S), caller.trouble
        await office.until(lambda: len(results) == 3)
        assert isinstance(results[0], TalkEnded) and isinstance(results[2], HungUp)
        assert leg in office.switch._book, "the agent's leg stays up from customer to customer"
        await office.switch.hang_up(leg)
        await office.ended(leg)
        await office.no_channels()

    async def test_a_leg_outside_lasts_no_longer_than_it_may(self, office: Office) -> None:
        """The switch itself ends it, also where the leg was moved meanwhile."""
        leg = LegId("third-call-1-1")
        await office.switch.originate(RingOutside(leg, "ward", "", "", 10.0, 4.0))
        await office.until(lambda: LegAnswered(leg) in office.events)
        began = time.monotonic()
        await asyncio.sleep(3.0)
        await office.switch.seat(leg, Seat.OWN)
        await office.ended(leg)
        assert 3.0 <= time.monotonic() - began < 7.0, "moved at 3 s, it would have lasted to 7 s anew"
        await office.no_channels()

    async def test_who_is_outside_and_nowhere_is_refused(self, office: Office) -> None:
        for place, number in (("nobody", ""), ("nobody", "+4930123001"), ("carrier", "12&PJSIP/agent1")):
            with pytest.raises(CommandRefused):
                await office.switch.originate(RingOutside(LegId("third-1"), place, number, "", 10.0, 3.0))
        assert not office.events or all(not isinstance(each, LegEnded) for each in office.events)
        await office.no_channels()

    async def test_the_caller_hangs_up_in_the_talk(self, office: Office) -> None:
        leg = LegId("leg-1")
        results: list[Result] = []

        async def serve(call: CallChannel) -> None:
            await call.perform(Answer())
            results.append(await call.perform(Connect(leg)))
            office.news.set()

        office.handler = serve
        await office.switch.originate(RingAgent(leg, "PJSIP/agent1", "", 10.0))
        await office.until(lambda: LegAnswered(leg) in office.events)
        caller = await place_call(
            office.sipp, "caller", CallerScript("100", hang_up_at_s=1.5), sip_port=office.pbx.ports.sip
        )
        assert await caller.wait(DEADLINE_S), caller.trouble
        began = time.monotonic()
        await office.until(lambda: bool(results))
        assert time.monotonic() - began < 20.0, "by the event, not by the next comparison after 60 s"
        assert isinstance(results[0], HungUp) and results[0].by is EndedBy.CALLER

    async def test_a_handler_that_raises_ends_its_call(self, office: Office) -> None:
        async def serve(call: CallChannel) -> None:
            await call.perform(Answer())
            raise ZeroDivisionError

        office.handler = serve
        caller = await place_call(office.sipp, "caller", CallerScript("100"), sip_port=office.pbx.ports.sip)
        assert await caller.wait(DEADLINE_S), caller.trouble
        await office.no_channels()
        assert len(office.calls) == 1, "the dialplan asks once more, and is not given a second handler"
        await office.until(lambda: len(office.switch._desk) == 0)

    async def test_a_handler_that_raises_in_a_talk_ends_its_call(self, office: Office) -> None:
        leg = LegId("leg-1")

        async def serve(call: CallChannel) -> None:
            await call.perform(Answer())
            talk = asyncio.create_task(call.perform(Connect(leg)))
            await office.until(lambda: CallConnected(call.info.call_id) in office.events)
            talk.cancel()
            raise ZeroDivisionError

        office.handler = serve
        await office.switch.originate(RingAgent(leg, "PJSIP/agent1", "", 10.0))
        await office.until(lambda: LegAnswered(leg) in office.events)
        caller = await place_call(office.sipp, "caller", CallerScript("100"), sip_port=office.pbx.ports.sip)
        assert await caller.wait(DEADLINE_S), caller.trouble
        assert LegId("leg-1") in office.switch._book


class TestFaults:
    async def test_kill_9_ends_every_leg_once_and_the_switch_is_found_again(self, office: Office) -> None:
        office.handler = hold_on
        for number in range(3):
            await office.switch.originate(attempt(0, number))
            await office.switch.originate(attempt(6, number, ring_s=60.0))
        await office.until(lambda: len(office.calls) == 3)
        await office.pbx.kill()
        await office.until(lambda: isinstance(office.events[-1], SwitchDown))
        with pytest.raises(SwitchUnavailable):
            await office.switch.originate(attempt(1))
        await office.pbx.start()
        began = time.monotonic()
        office.handler = answer_and_hang_up  # who left by themselves could have left before AMI was back
        caller = await place_call(office.sipp, "first", CallerScript("100"), sip_port=office.pbx.ports.sip)
        await office.until(lambda: len([e for e in office.events if isinstance(e, SwitchUp)]) == 2, 15.0)
        assert time.monotonic() - began < 15
        await office.until(lambda: len([e for e in office.events if isinstance(e, LegEnded)]) == 6)
        first, second = (event for event in office.events if isinstance(event, SwitchUp))
        await office.until(lambda: len(office.calls) == 4)
        info = office.calls[-1].info
        of_before = {each for each in second.live if "/callers-" not in each} - {info.channel}
        assert first.boot != second.boot and of_before == set(), "only who came meanwhile"
        assert info.boot == second.boot, "though it found us before AMI was back"
        assert await caller.wait(DEADLINE_S), caller.trouble
        await office.switch.originate(attempt(5))
        await office.ended("att-5-0")
        assert len(office.switch._book) == 0

    async def test_a_frozen_switch_is_found_within_ten_seconds_and_nothing_is_sent_again(self, far: FarEnds) -> None:
        office = far.office
        office.pbx.freeze()
        began = time.monotonic()
        with pytest.raises((SwitchTimeout, SwitchUnavailable)):
            await office.switch.originate(attempt(5))
        await office.until(lambda: isinstance(office.events[-1], SwitchDown), 10.0)
        assert time.monotonic() - began < 10
        office.pbx.thaw()
        await office.until(lambda: isinstance(office.events[-1], SwitchUp), 15.0)
        await office.ended("att-5-0")
        await office.no_channels()
        assert len([event for event in far.callees.events if event.event == "invited"]) <= 1
        first, second = (event for event in office.events if isinstance(event, SwitchUp))
        assert first.boot == second.boot

    async def test_a_run_of_ours_that_ended_leaves_calls_up_and_the_next_one_hears_of_their_end(
        self, office: Office
    ) -> None:
        leg, talking = LegId("leg-1"), asyncio.Event()

        async def serve(call: CallChannel) -> None:
            await call.perform(Answer())
            talking.set()
            await call.perform(Connect(leg))

        office.handler = serve
        await office.switch.originate(RingAgent(leg, "PJSIP/agent1", "", 10.0))
        await office.until(lambda: LegAnswered(leg) in office.events)
        caller = await place_call(
            office.sipp, "caller", CallerScript("100", hang_up_at_s=6.0), sip_port=office.pbx.ports.sip
        )
        await office.until(lambda: CallConnected(CallId("call-1-0")) in office.events)
        channel = office.calls[0].info.channel
        await office.switch.stop()
        assert await office.channels() >= 2
        await office.open()
        up = office.events[-1]
        assert isinstance(up, SwitchUp) and {leg, channel} <= up.live
        office.switch.adopt(frozenset((leg, LegId("leg-long-gone"))), {CallId("call-1-0"): channel})
        assert await office.switch._control.is_there(channel), "asked by its unique id"
        await office.ended("leg-long-gone")
        assert office.end_of(leg) is None
        assert await caller.wait(DEADLINE_S), caller.trouble
        await office.until(lambda: any(isinstance(event, CallLost) for event in office.events), 5.0)
        (lost,) = (event for event in office.events if isinstance(event, CallLost))
        assert lost.call_id == "call-1-0"
        with pytest.raises(SwitchRefused):
            await office.switch.originate(RingAgent(leg, "PJSIP/agent1", "", 10.0))
        await office.switch.hang_up(leg)
        await office.ended(leg)

    async def test_a_wrong_secret_is_refused(self, office: Office) -> None:
        ami = replace(office.config.ami, secret=SecretStr("not-the-secret-0001"))
        wrong = AsteriskSwitch(replace(office.config, ami=ami, agi_port=0), NoPrompts())
        with pytest.raises(SwitchRefused):
            await wrong.start(office.tell, office.serve)
