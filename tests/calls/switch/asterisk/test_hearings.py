"""Legs that hear callers, between a scripted manager and a played sender of audio: none is left, and no port."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from uuid import UUID

import pytest

from calls.errors import SwitchUnavailable
from calls.ids import BootId
from calls.recordings import DEPLOYED, RecordingFiles
from calls.switch.asterisk import hearing_legs, hearings
from calls.switch.asterisk.ami_client import AmiClient, Client
from calls.switch.asterisk.audio_way import LOOKED_FOR, AudioConfig, Way, choose, find_way, judge, told
from calls.switch.asterisk.channels import Channel
from calls.switch.asterisk.fastagi_connection import AgiConnection
from calls.switch.asterisk.hearings import Hearings
from calls.switch.asterisk.rtp import RtpPorts
from calls.switch.asterisk.tape import Tape
from calls.switch.hearing import CallerAudio
from calls.wire.g711 import Law, decode
from console.demo.ports import free_media_ports
from tests.calls.switch.asterisk.agi_peer import Peer, connect, environment, serving, settled
from tests.calls.switch.asterisk.fake_ami import FakeAmi, Fields
from tests.calls.switch.asterisk.test_switch import config


@dataclass
class Who:
    """A caller whose AGI comes by no relay."""

    unique_id: str
    connection: AgiConnection | None = None
    tape: Tape | None = None

    def record_on(self, tape: Tape) -> None:
        self.tape = tape


CALLER = Who("pbx-1795300000.5")
SOON_S = 5.0


def success(fields: Fields) -> bytes:
    return f"Response: Success\r\nActionID: {fields['ActionID']}\r\n\r\n".encode()


def refused(fields: Fields) -> bytes:
    return f"Response: Error\r\nActionID: {fields['ActionID']}\r\nMessage: No such channel\r\n\r\n".encode()


def forbidden(fields: Fields) -> bytes:
    return refused(fields).replace(b"No such channel", b"Permission denied")


@dataclass
class Pbx:
    """A manager that has some modules, and legs that are born, hear, and die as it is told."""

    ami: FakeAmi
    modules: frozenset[str] = frozenset({"app_chanspy", "app_senddtmf", "chan_rtp"})
    hears: bool = True
    hangs_up: bool = True

    def __post_init__(self) -> None:
        self.live: set[str] = set()
        self.ami.answers |= {"Getvar": self.getvar, "Originate": self.originate, "Hangup": self.hangup}

    def getvar(self, fields: Fields) -> bytes:
        name = fields["Variable"]
        if not name.startswith("IFMODULE("):
            return FakeAmi._get_global(self.ami, fields)
        value = int(name.removeprefix("IFMODULE(").removesuffix(".so)") in self.modules)
        lines = ("Response: Success", f"ActionID: {fields['ActionID']}", f"Variable: {name}", f"Value: {value}")
        return "\r\n".join((*lines, "", "")).encode()

    def originate(self, fields: Fields) -> bytes:
        leg_id = fields["ChannelId"]
        if self.hears:
            self.live.add(leg_id)
            asyncio.get_running_loop().call_later(0.02, self.begin, leg_id)
        return success(fields)

    def begin(self, leg_id: str) -> None:
        self.say("Newchannel", f"Uniqueid: {leg_id}")
        self.say("ChanSpyStart", f"SpyerUniqueid: {leg_id}", f"SpyeeUniqueid: {CALLER.unique_id}")

    def hangup(self, fields: Fields) -> bytes:
        leg_id = fields["Channel"]
        if leg_id not in self.live:
            return refused(fields)
        if self.hangs_up:
            asyncio.get_running_loop().call_later(0.02, self.end, leg_id)
        return success(fields)

    def end(self, leg_id: str) -> None:
        self.live.discard(leg_id)
        self.say("Hangup", f"Uniqueid: {leg_id}", "Cause: 16")

    def say(self, event: str, *lines: str) -> None:
        self.ami.push("\r\n".join([f"Event: {event}", "Privilege: call,all", *lines, "", ""]).encode())


@dataclass
class Room:
    """The hearings of one switch."""

    pbx: Pbx
    client: AmiClient
    hearings: Hearings
    ports: range

    def far_end(self) -> tuple[str, int]:
        """Where the last leg was told to send."""
        target = self.pbx.ami.of("Originate")[-1]["Channel"].split("/")[1]
        host, port = target.split(":")
        return host, int(port)

    async def quiet(self) -> None:
        """No leg and no inlet is left."""
        inlets = self.hearings._ways.get(Way.RTP)
        assert isinstance(inlets, RtpPorts)
        await settled(lambda: not len(self.hearings) and not inlets._inlets)
        assert sorted(inlets._free) == list(self.ports)


@asynccontextmanager
async def room(
    wanted: str = "auto",
    allow: tuple[IPv4Network, ...] = (IPv4Network("127.0.0.0/8"),),
    recordings: RecordingFiles = DEPLOYED,
    **changed: object,
) -> AsyncIterator[Room]:
    first, _ = free_media_ports(10, random.Random())
    ports, ids = range(first, first + 3), iter(range(1, 1_000))
    async with FakeAmi() as ami:
        pbx = Pbx(ami, **changed)  # type: ignore[arg-type]
        found: list[Hearings] = []

        async def up(_: BootId) -> None:
            await found[0].find()

        client = AmiClient(
            config(ami).ami,
            Client(
                wanted=hearing_legs.WANTED,
                on_event=lambda event: found[0].handle(event),
                on_up=up,
                on_down=lambda _: None,
                nonce=lambda: f"nonce{next(ids)}",
                random=lambda: 0.5,
            ),
        )
        audio = AudioConfig(wanted, ports=ports, allow=allow)
        found.append(Hearings(client, "callwright", audio, recordings, lambda: UUID(int=next(ids) << 64)))
        await client.start()
        try:
            yield Room(pbx, client, found[0], ports)
        finally:
            await found[0].stop()
            await client.stop()


async def send(room: Room, *numbers: int, source: int = 7) -> None:
    """What a leg would send."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=room.far_end())
    for number in numbers:
        transport.sendto(struct.pack("!BBHII", 0x80, 0, number, number * 160, source) + bytes([number]) * 160)
    transport.close()


async def read(audio: CallerAudio) -> bytes:
    async with asyncio.timeout(SOON_S):
        return await audio.read()


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


CHOICES: list[tuple[str, set[str], Way | str]] = [
    ("auto", {"app_chanspy", "app_senddtmf", "chan_audiosocket", "chan_rtp"}, Way.AUDIO_SOCKET),
    ("auto", {"app_chanspy", "app_senddtmf", "chan_rtp"}, Way.RTP),
    ("auto", {"app_chanspy", "app_senddtmf"}, Way.EAGI),
    ("auto", {"app_senddtmf", "chan_rtp"}, Way.EAGI),
    ("auto", {"app_chanspy", "chan_rtp"}, Way.RECORD),
    ("eagi", {"app_chanspy", "app_senddtmf", "chan_rtp"}, Way.EAGI),
    ("eagi", {"app_chanspy", "chan_rtp"}, "app_senddtmf"),
    ("record", set(), Way.RECORD),
    ("rtp", {"app_senddtmf", "chan_rtp"}, "app_chanspy"),
    ("rtp", {"app_chanspy", "chan_rtp"}, "app_senddtmf"),
    ("rtp", {"app_chanspy", "app_senddtmf", "chan_audiosocket", "chan_rtp"}, Way.RTP),
    ("audiosocket", {"app_chanspy", "app_senddtmf", "chan_rtp"}, "chan_audiosocket"),
    ("none", {"app_chanspy", "app_senddtmf", "chan_rtp"}, "the settings say"),
]


@pytest.mark.parametrize(("wanted", "modules", "expected"), CHOICES)
async def test_the_way_is_what_the_switch_has(wanted: str, modules: set[str], expected: Way | str) -> None:
    async with room(wanted, modules=frozenset(modules)) as each:
        ami = config(each.pbx.ami).ami
        if isinstance(expected, Way):
            chosen = await choose(each.client, wanted)
            assert chosen == await find_way(ami, wanted)
            assert chosen.way is expected and each.hearings._way is expected
            assert bool(chosen.better) is (wanted == "auto" and expected is not Way.AUDIO_SOCKET)
            relayed = [fields["Value"] for fields in each.pbx.ami.of("Setvar") if fields["Variable"] == "CW_EAGI"]
            assert relayed == ["1" if expected is Way.EAGI else "0"]
        else:
            with pytest.raises(SwitchUnavailable, match=expected):
                await choose(each.client, wanted)
            with pytest.raises(SwitchUnavailable, match=expected):
                await find_way(ami, wanted)
            with pytest.raises(SwitchUnavailable, match=expected):
                async with each.hearings.hear(CALLER):
                    pass


async def test_a_switch_that_does_not_tell_its_modules_is_asked_for_rtp() -> None:
    answer: Callable[[Fields], bytes]
    for answer in (refused, lambda fields: success(fields).replace(b"\r\n\r\n", b"\r\nValue: \r\n\r\n")):
        async with room() as each:
            each.pbx.ami.answers["Getvar"] = answer
            chosen = await choose(each.client, "auto")
            assert chosen.way is Way.RTP and "func_module" in chosen.why


async def test_a_way_that_was_missing_is_looked_for_at_the_next_connection() -> None:
    async with room("rtp", modules=frozenset()) as each:
        with pytest.raises(SwitchUnavailable, match="app_chanspy"):
            async with each.hearings.hear(CALLER):
                pass
        each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", "chan_rtp"})
        await each.hearings.find()
        async with each.hearings.hear(CALLER):
            pass
        await each.quiet()


async def test_a_switch_that_was_slow_to_tell_is_asked_again_until_there_is_a_way() -> None:
    async with room(modules=frozenset()) as each:
        tell = each.pbx.ami.answers["Getvar"]
        each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", "chan_rtp"})
        each.pbx.ami.answers["Getvar"] = lambda fields: None if "IFMODULE" in fields["Variable"] else tell(fields)
        await each.hearings.find()
        with pytest.raises(SwitchUnavailable, match="within"):
            async with each.hearings.hear(CALLER):
                pass
        each.pbx.ami.answers["Getvar"] = tell
        await each.hearings.find()
        asked = len(each.pbx.ami.of("Getvar"))
        await each.hearings.find()
        assert len(each.pbx.ami.of("Getvar")) == asked, "there is a way"
        async with each.hearings.hear(CALLER):
            pass
        await each.quiet()


async def test_many_slow_answers_take_no_longer_than_one() -> None:
    async with room(modules=frozenset()) as each:
        each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", "chan_rtp"})
        tell = each.pbx.getvar
        loop = asyncio.get_running_loop()

        def late(fields: Fields) -> bytes | None:
            if "IFMODULE" not in fields["Variable"]:
                return tell(fields)
            loop.call_later(each.client.answer_deadline_s * 0.6, each.pbx.ami.push, tell(fields))
            return None

        each.pbx.ami.answers["Getvar"] = late
        began = loop.time()
        await each.hearings.find()
        assert loop.time() - began < each.client.answer_deadline_s * 1.4
        with pytest.raises(SwitchUnavailable, match="within"):
            async with each.hearings.hear(CALLER):
                pass


async def test_ports_that_were_held_are_tried_again() -> None:
    async with room(modules=frozenset()) as each:
        holders = [await asyncio.start_server(lambda *_: None, "127.0.0.1", port) for port in each.ports]
        each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", "chan_audiosocket"})
        await each.hearings.find()
        with pytest.raises(SwitchUnavailable, match="no TCP port"):
            async with each.hearings.hear(CALLER):
                pass
        for holder in holders:
            holder.close()
            await holder.wait_closed()
        await each.hearings.find()
        async with each.hearings.hear(CALLER):
            assert each.pbx.ami.of("Originate")[-1]["Channel"].startswith("AudioSocket/")


async def test_the_way_is_looked_for_anew_where_a_leg_did_not_come() -> None:
    """As after a restart of the switch with other modules; what works is not asked about again."""
    async with room(modules=frozenset({"app_chanspy", "app_senddtmf", "chan_audiosocket"})) as each:
        originate = each.pbx.ami.answers["Originate"]
        for module, technology in (("chan_rtp", "UnicastRTP/"), ("chan_audiosocket", "AudioSocket/")):
            each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", module})
            each.pbx.ami.answers["Originate"] = refused
            asked = len(each.pbx.ami.of("Getvar"))
            await each.hearings.find()
            assert len(each.pbx.ami.of("Getvar")) == asked, "nothing was in doubt"
            with pytest.raises(SwitchUnavailable):
                async with each.hearings.hear(CALLER):
                    pass
            each.pbx.ami.answers["Originate"] = originate
            await each.hearings.find()
            async with each.hearings.hear(CALLER):
                assert each.pbx.ami.of("Originate")[-1]["Channel"].startswith(technology)


@asynccontextmanager
async def relayed() -> AsyncIterator[tuple[Who, Peer]]:
    """A caller whose AGI comes by the relay, and the relay's end of it."""
    async with serving() as (server, requests):
        peer = await connect(server)
        peer.say(environment().replace(b"agi_enhanced: 0.0", b"agi_enhanced: 1.0"))
        yield Who("pbx-1795300000.5", await requests.next()), peer
        requests.over.set()


async def sent_by_relay(peer: Peer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """What the relay does when it is told to: a connection to the place that it is told, under the id."""
    word, hear, host, port, name = (await peer.heard()).decode().split()
    assert (word, hear) == ("CALLWRIGHT", "HEAR")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\x01\x00\x10" + UUID(name).bytes)
    return reader, writer


async def test_by_eagi_the_relay_is_told_where_to_send_and_let_go() -> None:
    pcm = bytes(range(160)) * 2
    async with room("eagi") as each, relayed() as (caller, peer):
        sending = asyncio.ensure_future(sent_by_relay(peer))
        async with each.hearings.hear(caller) as audio:
            reader, writer = await sending
            writer.write(b"\x10" + len(pcm).to_bytes(2, "big") + pcm)
            assert await read(audio) == pcm
            assert audio.live
        async with asyncio.timeout(SOON_S):
            assert await reader.read() == b"", "it is let go"
        assert await read(audio) == b""
        writer.close()
        assert each.pbx.ami.of("Originate") == [], "no leg"


async def test_a_relay_that_sends_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearings, "OPENS_S", 0.05)
    async with room("eagi") as each, relayed() as (caller, peer):
        with pytest.raises(SwitchUnavailable, match="the relay does not send"):
            async with each.hearings.hear(caller):
                pass
        peer_said = await peer.heard()
        assert peer_said.startswith(b"CALLWRIGHT HEAR 127.0.0.1 ")


async def test_a_call_that_came_by_no_relay_is_recorded_or_told(tmp_path: Path) -> None:
    async with room("eagi") as each:
        with pytest.raises(SwitchUnavailable, match="callwright dialplans install"):
            async with each.hearings.hear(CALLER):
                pass
    who = Who("pbx-1795300000.5")
    modules = frozenset({"app_senddtmf"})
    async with room(modules=modules, recordings=RecordingFiles(tmp_path)) as each:
        async with each.hearings.hear(who) as audio:
            assert who.tape is audio and not audio.live
        assert who.tape.ended and await read(audio) == b""


async def test_a_better_way_is_looked_for_while_there_is_a_makeshift(tmp_path: Path) -> None:
    async with room(modules=frozenset(), recordings=RecordingFiles(tmp_path)) as each:
        found = []
        for modules in ({"app_senddtmf"}, {"app_senddtmf", "app_chanspy", "chan_rtp"}):
            found.append((each.hearings._way, each.pbx.ami.globals["CW_EAGI"]))
            each.pbx.modules = frozenset(modules)
            await each.hearings.find()
        found.append((each.hearings._way, each.pbx.ami.globals["CW_EAGI"]))
        assert found == [(Way.RECORD, "0"), (Way.EAGI, "1"), (Way.RTP, "0")]


async def test_what_callers_said_to_an_earlier_run_is_removed(tmp_path: Path) -> None:
    for name in ("callwright-hear-0123", "other-hear-0123", "message-1"):
        (tmp_path / f"{name}.wav").write_bytes(b"")
    async with room("record", recordings=RecordingFiles(tmp_path)):
        pass
    assert sorted(RecordingFiles(tmp_path).older_than(float("inf"))) == ["message-1", "other-hear-0123"]


@pytest.mark.parametrize("way", [None, *Way])
def test_what_is_chosen_is_told_in_words(way: Way | None) -> None:
    has_all = dict.fromkeys(LOOKED_FOR, True)
    choice = judge("auto" if way is None else way.value, has_all)
    said = told(choice, AudioConfig())
    assert said.startswith(f"by {choice.way.value}") and "app_chanspy" in said and "better" not in said
    assert choice.way is (way or Way.AUDIO_SOCKET)
