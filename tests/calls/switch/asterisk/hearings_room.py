"""Callers of an Asterisk who are heard: a scripted manager, and the audio that its legs would send."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from uuid import UUID

from calls.ids import BootId
from calls.recordings import DEPLOYED, RecordingFiles
from calls.switch.asterisk import hearing_legs
from calls.switch.asterisk.ami_client import AmiClient, Client
from calls.switch.asterisk.audio_way import AudioConfig, Way
from calls.switch.asterisk.fastagi_connection import AgiConnection
from calls.switch.asterisk.hearings import Hearings
from calls.switch.asterisk.rtp import RtpPorts
from calls.switch.asterisk.tape import Tape
from calls.switch.hearing import CallerAudio
from console.demo.ports import free_media_ports
from tests.calls.switch.asterisk.agi_peer import settled
from tests.calls.switch.asterisk.fake_ami import FakeAmi, Fields
from tests.calls.switch.asterisk.switch_room import config


@dataclass
class Who:
    """A caller whose AGI comes by no relay."""

    unique_id: str
    connection: AgiConnection | None = None
    tape: Tape | None = None

    def record_on(self, tape: Tape) -> None:
        self.tape = tape


CALLER = Who("pbx-1795300000.5")
SOON_S = 20.0


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
