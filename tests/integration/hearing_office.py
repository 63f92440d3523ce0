"""A switch on a real Asterisk, and callers whose telephones send what there is to hear of them."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from calls.errors import SwitchError
from calls.recordings import RecordingFiles
from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.audio_way import AudioConfig
from calls.switch.asterisk.config import AsteriskConfig
from calls.switch.asterisk.switch import AsteriskSwitch
from calls.switch.events import SwitchEvent
from calls.switch.hearing import CallerAudio
from calls.switch.port import (
    Answer,
    CallChannel,
    Done,
    Gather,
    Hangup,
    KeyPlan,
    Prompt,
)
from console.demo.pbx import PrivateAsterisk
from console.demo.ports import LOOPBACK, free_media_ports, free_port
from tests.integration.conftest import SECRETS, StartAsterisk
from tests.integration.raw_wire import SipCaller

LEGS = ("audiosocket", "rtp") if os.environ.get("CALLWRIGHT_TEST_ASTERISK", "16") == "22" else ("rtp",)
WAYS = (*LEGS, "eagi")
"""Those by which a caller is heard while a prompt plays; by legs of ours, or by the relay."""

FRAME = 160
SILENCE, LOUD = b"\xff" * FRAME, b"\x80\x00" * (FRAME // 2)
PROMPT = Prompt("prompt", "en")
PROMPT_S = 4.0
PROMPT_SOUND = bytes([0x9A, 0x1A]) * (FRAME // 2)
DEADLINE_S = 30.0
SOON_S = 1.0
"""Far more than any of these takes, on a machine that does nothing else."""

LATEST_S = 20.0
"""By then all of it has happened, on a machine that does other things too."""

ONE = Gather((PROMPT,), KeyPlan(frozenset({"1"})), 5.0, 2.0)
LEFT = "callwright-hear-00000000deadbeef"
PROJECT = Path(__file__).resolve().parents[2]
Handler = Callable[[CallChannel], Awaitable[None]]


def tell(line: str) -> None:
    """What was measured, for who looks at the output."""
    sys.stdout.write(f"{line}\n")


async def nobody(_: CallChannel) -> None:
    raise AssertionError("no call comes here")


@dataclass
class Files:
    """One prompt of four seconds."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "prompt.ulaw").write_bytes(PROMPT_SOUND * round(PROMPT_S * 50))

    def path(self, prompt: Prompt) -> Path:
        return self.folder / f"{prompt.key}.ulaw"

    def duration_s(self, prompt: Prompt) -> float:
        return PROMPT_S


class Caller(SipCaller):
    """A caller whose telephone sends a packet every 20 ms: what there is to say, else silence."""

    def __init__(self, pbx_port: int) -> None:
        super().__init__(pbx_port)
        self._sound = b""
        self.began_s = 0.0
        """When the first packet of what there was to say was sent."""
        self.sends = True

    def speak(self, sound: bytes) -> None:
        self._sound, self.began_s = sound, 0.0

    async def telephone(self) -> None:
        """Send, for ever."""
        loop = asyncio.get_running_loop()
        at_s = loop.time()
        while True:
            frame, self._sound = self._sound[:FRAME], self._sound[FRAME:]
            if frame and not self.began_s:
                self.began_s = loop.time()
            if self.sends:
                self.say(frame.ljust(FRAME, b"\xff"))
            at_s += 0.02
            await asyncio.sleep(at_s - loop.time())


@dataclass
class Office:
    """A switch on a running Asterisk: one call at a time, done with by a handler of the test's."""

    pbx: PrivateAsterisk
    config: AsteriskConfig
    files: Files
    events: list[SwitchEvent] = field(default_factory=list)

    @asynccontextmanager
    async def switch(self, handler: Handler, agi_port: int | None = None) -> AsyncIterator[AsteriskSwitch]:
        """A run of ours; one beside another has an AGI port of its own, at which nobody calls."""
        config = self.config if agi_port is None else replace(self.config, agi_port=agi_port)
        switch = AsteriskSwitch(config, self.files)
        await switch.start(self.events.append, handler)
        try:
            yield switch
        finally:
            await switch.stop()

    async def call(self, handler: Callable[[CallChannel, Caller], Awaitable[None]], *, sends: bool = True) -> None:
        """One caller rings in, and is served by ``handler``, whose faults are this test's."""
        came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def serve(channel: CallChannel) -> None:
            assert await channel.perform(Answer()) == Done()
            await caller.until_status(200)
            telephone = asyncio.ensure_future(caller.telephone())
            caller.sends = sends
            try:
                await handler(channel, caller)
            except (AssertionError, SwitchError, TimeoutError) as fault:
                came.set_exception(fault)
            else:
                came.set_result(None)
            finally:
                telephone.cancel()
                await channel.perform(Hangup())

        async with self.switch(serve), Caller(self.pbx.ports.sip) as caller:
            caller.invite("100")
            async with asyncio.timeout(DEADLINE_S):
                await came
                await caller.ended.wait()

    async def channels(self) -> list[str]:
        """What kinds of channels the PBX has."""
        rows = (await self.pbx.cli("core show channels concise")).splitlines()
        return sorted(row.split("/")[0] for row in rows if "!" in row)

    async def channels_are(self, kinds: list[str], within_s: float = LATEST_S) -> float:
        """After how many seconds the PBX has these channels; it tells nobody, so it is asked again and again."""
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(within_s):
            while True:
                if await self.channels() == kinds:
                    return asyncio.get_running_loop().time() - began
                await asyncio.sleep(0.1)

    def open_ports(self) -> list[int]:
        """Those of the ports for audio that are in use."""
        return [port for port in self.config.audio.ports if not _free(port)]


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


async def open_office(start_asterisk: StartAsterisk, folder: Path, way: str, **values: object) -> Office:
    agi_port = free_port(socket.SOCK_STREAM)
    pbx = await start_asterisk(agi_port=agi_port, **values)
    first, _ = free_media_ports(20, random.Random())
    config = AsteriskConfig(
        name="main",
        ami=AmiSettings(LOOPBACK, pbx.ports.ami, "callwright", SecretStr(SECRETS.ami_secret)),
        agi_host=LOOPBACK,
        agi_port=agi_port,
        agi_token=SecretStr(SECRETS.agi_token),
        agi_allow=(IPv4Network("127.0.0.0/8"),),
        trunks={},
        settle_s=0.1,
        sweep_s=60.0,
        audio=AudioConfig(way, ports=range(first, first + 10)),
        recordings=RecordingFiles(folder),
    )
    return Office(pbx, config, Files(folder))


async def heard_of(audio: CallerAudio) -> bytes:
    found = bytearray()
    while piece := await audio.read():
        found += piece
    return bytes(found)


async def until_loud(audio: CallerAudio) -> float:
    """When the first loud piece is here."""
    while piece := await audio.read():
        if np.abs(np.frombuffer(piece, dtype="<i2")).max() > 10_000:
            return asyncio.get_running_loop().time()
    raise AssertionError("nothing loud came")
