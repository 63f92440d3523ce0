"""The adapter of the driver on a real FreeSWITCH, which somebody else has started: see docs/conformance.md.

``CALLWRIGHT_TEST_ESL=host:port:password`` says where its event socket is; what else is needed is asked there: the SIP
profile and its port. Its dialplan must be ours (``dialplans/freeswitch.py``) with the token and the port below, and
callers must come into it.
"""

from __future__ import annotations

import asyncio
import socket
import wave
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

from pydantic import SecretStr

from calls.recordings import RecordingFiles
from calls.switch.freeswitch.config import FreeSwitchConfig, TrunkDial
from calls.switch.freeswitch.esl_client import EslSettings
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.port import EndedBy, Prompt, Switch
from console.demo.ports import LOOPBACK, free_port
from console.demo.sipp import AgentPhone, Callees, SippHome, answer_as_agent, answer_calls
from tests.conformance.exchange import Exchange, SippExchange
from tests.conformance.vocabulary import DESTINATIONS, DURATIONS_S, TAKER, Act, duration_s

VARIABLE = "CALLWRIGHT_TEST_ESL"
TOKEN = "a-token-of-this-test-0001"
"""What its dialplan must show."""

ENGINE_PORT = 26_084
"""Where its dialplan must connect."""

SLACK_S = 1.0
TRUNK = "carrier"
NO_SWEEP_S = 3_600.0
"""What a script sees must come from events: a comparison with the switch's list would hide one that is lost."""


@dataclass(frozen=True, slots=True)
class Real:
    """A FreeSWITCH that runs."""

    host: str
    port: int
    password: str
    profile: str
    sip_port: int

    @property
    def esl(self) -> EslSettings:
        """How to log in."""
        return EslSettings(self.host, self.port, SecretStr(self.password))

    async def api(self, command: str) -> str:
        """What an ``api`` command prints."""
        return await _api(self.host, self.port, self.password, command)


async def find(environment: Mapping[str, str]) -> Real:
    """The FreeSWITCH that the environment names."""
    host, port, password = environment[VARIABLE].split(":", 2)
    told = ElementTree.fromstring(await _api(host, int(port), password, "sofia xmlstatus"))
    for profile in told.iter("profile"):
        name, data = profile.findtext("name", ""), profile.findtext("data", "")
        if data.startswith("sip:"):
            return Real(host, int(port), password, name, int(data.rpartition(":")[2].partition(";")[0]))
    raise AssertionError("this FreeSWITCH has no SIP profile")


async def _api(host: str, port: int, password: str, command: str) -> str:
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            await reader.readuntil(b"\n\n")
            writer.write(f"auth {password}\n\napi {command}\n\n".encode())
            assert b"+OK" in await reader.readuntil(b"\n\n"), "the password is wrong"
            head = await reader.readuntil(b"\n\n")
            size = int(head.decode().rpartition("Content-Length: ")[2])
            return (await reader.readexactly(size)).decode()
        finally:
            writer.close()


class Tones:
    """The prompts of the scripts, as files of their lengths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for prompt, lasts_s in DURATIONS_S.items():
            with wave.open(str(self.path(prompt)), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(8_000)
                file.writeframes(b"\x00\x10\x00\xf0" * round(lasts_s * 4_000))

    def path(self, prompt: Prompt) -> Path:
        duration_s(prompt)
        return self._folder / f"{prompt.key}.{prompt.language}.wav"

    def duration_s(self, prompt: Prompt) -> float:
        return duration_s(prompt)


class RealFreeSwitchUnderTest:
    """See :class:`tests.conformance.play.SwitchUnderTest`. For one script."""

    def __init__(self, exchange: Exchange) -> None:
        self.slack_s = SLACK_S
        self.trunk = TRUNK
        self.agent_endpoint = exchange.phone
        self._exchange = exchange
        self._line = exchange.new_line()
        (self._called,) = self._line.called

    def make_switch(self) -> Switch:
        return self._line

    def number(self, digit: str) -> str:
        return f"+1555{self._called}000{digit}"

    async def call_in(self, acts: tuple[Act, ...]) -> EndedBy:
        return await self._exchange.ring_in(self._called, f"+4930555{self._called}", acts)


@dataclass(frozen=True, slots=True)
class Opened:
    """An exchange on a real FreeSWITCH."""

    real: Real
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class FarEnds:
    """The UDP ports behind which telephones are."""

    carrier: int
    phone: int
    taker: int

    def phone_of(self, real: Real) -> str:
        """The dial string of the agents' one telephone."""
        return f"sofia/{real.profile}/agent@{LOOPBACK}:{self.phone}"


@asynccontextmanager
async def far_ends(sipp: SippHome, callees: Callees) -> AsyncIterator[FarEnds]:
    """A carrier behind which callees answer, an agents' phone, and one that takes calls."""
    ports = FarEnds(*(free_port(socket.SOCK_DGRAM) for _ in range(3)))
    async with AsyncExitStack() as stack:
        for far_end in (
            answer_calls(sipp, "callees", callees, port=ports.carrier),
            answer_as_agent(sipp, "agent", AgentPhone(), port=ports.phone),
            answer_as_agent(sipp, "taker", AgentPhone(key="1", key_ms=1_500, stays_ms=3_500), port=ports.taker),
        ):
            stack.push_async_callback((await far_end).stop)
        yield ports


def new_driver(
    real: Real, ports: FarEnds, folder: Path, own: Collection[str] = (), engine_port: int = ENGINE_PORT
) -> FreeSwitch:
    """A driver on ``real``, not started. ``folder`` has its prompts and recordings; ``engine_port``: where it
    is called."""
    carrier = f"sofia/{real.profile}/{{number}}@{LOOPBACK}:{ports.carrier}"
    config = FreeSwitchConfig(
        name="main",
        host=LOOPBACK,
        port=engine_port,
        token=SecretStr(TOKEN),
        esl=real.esl,
        trunks=dict.fromkeys((TRUNK, *own), TrunkDial(carrier)),
        destinations={name: carrier.format(number=f"+155520000{digit}") for name, digit in DESTINATIONS.items()}
        | {TAKER: f"sofia/{real.profile}/taker@{LOOPBACK}:{ports.taker}"},
        settle_s=0.2,
        sweep_s=NO_SWEEP_S,
        recordings=RecordingFiles(folder / "recordings"),
    )
    (folder / "recordings").mkdir(exist_ok=True)
    return FreeSwitch(config, Tones(folder / "prompts"), lambda: str(uuid4()))


@asynccontextmanager
async def open_real(
    real: Real, sipp: SippHome, callees: Callees, folder: Path, own: Collection[str] = ()
) -> AsyncIterator[Opened]:
    """Agents' phones and a carrier behind which callees answer, and a driver on ``real``. ``own``: the names of
    scripts that each have a trunk of their own, beside that for all."""
    async with far_ends(sipp, callees) as ports:
        switch = new_driver(real, ports, folder, own)
        exchange = SippExchange(switch, phone=ports.phone_of(real), sip_port=real.sip_port, sipp=sipp)
        await switch.start(exchange.on_event, exchange.on_call)
        try:
            yield Opened(real, exchange)
        finally:
            await switch.stop()
