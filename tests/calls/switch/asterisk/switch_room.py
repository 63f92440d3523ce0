"""The Asterisk switch between a scripted manager and a played AGI side, for the tests of what it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from calls.errors import PromptError
from calls.ids import AttemptId, BootId, CallId, LegId
from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.config import AsteriskConfig, TrunkDial
from calls.switch.asterisk.switch import AsteriskSwitch, Chance
from calls.switch.events import SwitchEvent
from calls.switch.port import (
    Answer,
    CallChannel,
    DialAttempt,
    Prompt,
    RingAgent,
)
from calls.wire.ami_actions import Ping
from tests.calls.switch.asterisk.agi_peer import TOKEN, Peer, environment
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


@asynccontextmanager
async def running(pbx: FakeAmi, changed: AsteriskConfig | None = None) -> AsyncIterator[Room]:
    """The first call is ``call-1``, however often AMI was tried before it: each try takes a nonce."""
    calls, nonces = count(1), count()
    chance = Chance(lambda: CallId(f"call-{next(calls)}"), lambda: f"nonce{next(nonces)}", lambda: 0.5)
    room = Room(pbx, AsteriskSwitch(changed or config(pbx), NoPrompts(), chance))
    await room.switch.start(room.tell, room.serve)
    try:
        yield room
    finally:
        await room.switch.stop()
        for peer in room.peers:
            await peer.close()


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
