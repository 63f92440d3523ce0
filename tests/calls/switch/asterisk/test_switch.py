"""The Asterisk switch between a scripted manager and a played AGI side: what is sent, believed and forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pydantic import SecretStr

from calls.errors import CommandRefused, PromptError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import AttemptId, BootId, CallId, LegId
from calls.switch.asterisk import legs, switch
from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.audio_way import Way
from calls.switch.asterisk.channels import Channel, rows
from calls.switch.asterisk.config import AsteriskConfig, TrunkDial
from calls.switch.asterisk.switch import ROWS_AT_ONCE, AsteriskSwitch, Chance
from calls.switch.events import CallLost, LegAnswered, LegEnded, LegRinging, SwitchDown, SwitchEvent, SwitchUp
from calls.switch.port import (
    Answer,
    CallChannel,
    DialAttempt,
    EndedBy,
    HungUp,
    Prompt,
    Result,
    RingAgent,
    Transfer,
    Transferred,
)
from calls.wire.ami import Event
from calls.wire.ami_actions import Ping
from tests.calls.switch.asterisk.agi_peer import TOKEN, Peer, environment, settled
from tests.calls.switch.asterisk.fake_ami import Answer as Answered
from tests.calls.switch.asterisk.fake_ami import FakeAmi, Fields, said, with_id

BOOT = BootId("2026-11-21T22:11:09-first")
DIAL = DialAttempt(AttemptId("att-1"), "+4930123456", "carrier", "+493099", 20.0)
RING = RingAgent(LegId("leg-1"), "PJSIP/agent1", "100", 10.0)
UNIQUE = "pbx-1795300000.5"
OK = b"200 result=1\n"
LIMIT = b"SET VARIABLE TIMEOUT(absolute) 14400"


class NoPrompts:
    def path(self, prompt: Prompt) -> Path:
        raise PromptError(prompt.key)

    def duration_s(self, prompt: Prompt) -> float:
        raise PromptError(prompt.key)


def config(pbx: FakeAmi) -> AsteriskConfig:
    ami = AmiSettings(
        "127.0.0.1",
        pbx.port,
        "callwright",
        SecretStr("a secret"),
        2.0,
        0.3,
        0.2,
        retry_first_s=0.01,
        retry_most_s=0.05,
    )
    return AsteriskConfig(
        name="main",
        ami=ami,
        agi_host="127.0.0.1",
        agi_port=0,
        agi_token=SecretStr(TOKEN),
        agi_allow=(IPv4Network("127.0.0.0/8"),),
        trunks={"carrier": TrunkDial("PJSIP/{number}@carrier"), "bare": TrunkDial("PJSIP/{number}@bare", plus=False)},
        destinations={"sales": "PJSIP/sales"},
        settle_s=0.0,
        sweep_s=60.0,
    )


class Room:
    """A switch between a scripted manager and a played AGI side."""

    def __init__(self, pbx: FakeAmi, switch: AsteriskSwitch) -> None:
        self.pbx = pbx
        self.switch = switch
        self.events: list[SwitchEvent] = []
        self.calls: list[CallChannel] = []
        self.handler: Callable[[CallChannel], Awaitable[None]] = self.answer_and_go
        self.news = asyncio.Event()
        self.peers: list[Peer] = []

    @staticmethod
    async def answer_and_go(call: CallChannel) -> None:
        await call.perform(Answer())

    def tell(self, event: SwitchEvent) -> None:
        self.events.append(event)
        self.news.set()

    async def serve(self, call: CallChannel) -> None:
        self.calls.append(call)
        self.news.set()
        try:
            await self.handler(call)
        finally:
            self.news.set()

    async def until(self, met: Callable[[], bool], deadline_s: float = 5.0) -> None:
        async with asyncio.timeout(deadline_s):
            while not met():
                self.news.clear()
                await self.news.wait()

    async def told(self, event: SwitchEvent) -> None:
        await self.until(lambda: event in self.events)

    async def caught_up(self) -> None:
        """All that the manager has said until now has been read and told."""
        pings = len(self.pbx.of("Ping"))
        await self.pbx.asked("Ping", pings + 1)
        await self.switch._client.ask(Ping())
        await asyncio.sleep(0)

    def say(self, *frames: str) -> None:
        """Events, each as lines with ``|`` between them; the class is put in."""
        for frame in frames:
            name, *rest = frame.split("|")
            self.pbx.push("\r\n".join([f"Event: {name}", "Privilege: call,all", *rest, "", ""]).encode())

    async def request(self, script: str, *arguments: str, unique_id: str = UNIQUE) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.switch.agi_port))
        self.peers.append(peer)
        text = environment(f"{script}?token={TOKEN}", *arguments)
        lines = [
            b"agi_uniqueid: " + unique_id.encode() if line.startswith(b"agi_uniqueid: ") else line
            for line in text.split(b"\n")
        ]
        peer.say(b"\n".join(lines))
        return peer

    async def take(self, peer: Peer, call_id: str, *, inbound: bool = True) -> None:
        """The first words of a request."""
        if inbound:
            await peer.expect(f"SET VARIABLE CW_CALL {call_id}".encode(), OK)
        await peer.expect(LIMIT, OK)
        await peer.expect(b"GET VARIABLE CW_CALL", f"200 result=1 ({call_id})\n".encode())
        if inbound:
            await peer.expect(b"GET VARIABLE CW_BOOT", b"200 result=1 (first)\n")


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs, "GRACE_S", 0.2)


@pytest.fixture
async def pbx() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as fake:
        yield fake


@asynccontextmanager
async def running(pbx: FakeAmi, changed: AsteriskConfig | None = None) -> AsyncIterator[Room]:
    ids = iter(range(1000))
    chance = Chance(lambda: CallId(f"call-{next(ids)}"), lambda: f"nonce{next(ids)}", lambda: 0.5)
    room = Room(pbx, AsteriskSwitch(changed or config(pbx), NoPrompts(), chance))
    await room.switch.start(room.tell, room.serve)
    try:
        yield room
    finally:
        await room.switch.stop()
        for peer in room.peers:
            await peer.close()


@pytest.fixture
async def room(pbx: FakeAmi) -> AsyncIterator[Room]:
    async with running(pbx) as one:
        yield one


def busy_channels(fields: Fields) -> bytes | None:
    """Five live channels, as recorded."""
    return with_id(said("asterisk-16", "ami-status", "CoreShowChannels", 1))(fields)


def listing(*ids: str) -> Callable[[Fields], bytes]:
    """A list of channels that are up, by their ids."""

    def answer(fields: Fields) -> bytes:
        mark = f"ActionID: {fields['ActionID']}"
        rows = [
            f"Event: CoreShowChannel\r\n{mark}\r\nChannel: PJSIP/x-{number}\r\nChannelState: 6\r\n"
            f"Uniqueid: {each}\r\nLinkedid: {each}\r\n\r\n"
            for number, each in enumerate(ids)
        ]
        start = f"Response: Success\r\n{mark}\r\nEventList: start\r\n\r\n"
        end = f"Event: CoreShowChannelsComplete\r\n{mark}\r\nEventList: Complete\r\nListItems: {len(ids)}\r\n\r\n"
        return "".join([start, *rows, end]).encode()

    return answer


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

    async def test_a_transferred_talk_counts_from_the_answer_that_the_switch_tells(self, room: Room) -> None:
        results: list[Result] = []

        async def serve(call: CallChannel) -> None:
            results.append(await call.perform(Transfer("sales", 20.0)))

        room.handler = serve
        peer = await room.request("inbound")
        await room.take(peer, "call-1")
        await peer.expect(b"EXEC Dial PJSIP/sales,20,gS(14400)")
        await asyncio.sleep(0.3)
        room.say(
            "DialEnd|Uniqueid: somebody-else|DialStatus: ANSWER", f"DialEnd|Uniqueid: {UNIQUE}|DialStatus: ANSWER"
        )
        await room.caught_up()
        peer.say(b"200 result=0\n")
        await peer.expect(b"GET VARIABLE DIALSTATUS", b"200 result=1 (ANSWER)\n")
        await room.until(lambda: bool(results))
        assert isinstance(results[0], Transferred) and results[0].talk_s < 0.25
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

    async def test_what_is_gone_already_is_told_at_once(self, room: Room) -> None:
        room.switch.adopt(frozenset((LegId("leg-1"),)), {CallId("old"): UNIQUE})
        await room.told(CallLost(CallId("old"), None))
        await room.told(LegEnded(LegId("leg-1"), None, unseen=True))

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
