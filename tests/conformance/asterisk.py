"""The adapter of the Asterisk switch: one Asterisk, one :class:`AsteriskSwitch`, and every script a part of them."""

from __future__ import annotations

import random
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from pathlib import Path

from pydantic import SecretStr

from calls.recordings import RecordingFiles
from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.config import AsteriskConfig, TrunkDial
from calls.switch.asterisk.switch import AsteriskSwitch
from calls.switch.port import EndedBy, Prompt, Switch
from console.demo.pbx import PbxPorts, PbxSecrets, PrivateAsterisk
from console.demo.ports import LOOPBACK, free_port
from console.demo.sipp import AgentPhone, Callees, SippHome, answer_as_agent, answer_calls
from dialplans.asterisk import Phone, Trunk
from tests.conformance.exchange import TONE, Exchange, SippExchange
from tests.conformance.vocabulary import DESTINATIONS, DURATIONS_S, TAKER, Act, duration_s

SLACK_S = 1.0
"""Processes, sockets and packets of 20 ms on a machine that does other things too."""

SECRETS = PbxSecrets(ami_secret="conformance-ami-secret-0001", agi_token="conformance-agi-token-0001")
TRUNK = "carrier"
AGENT = "agent1"

NO_SWEEP_S = 3_600.0
"""What a script sees must come from events: a comparison with the switch's list would hide one that is lost."""


class Tones:
    """The prompts of the scripts, as tones of their lengths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for prompt, lasts_s in DURATIONS_S.items():
            self.path(prompt).write_bytes(TONE * round(lasts_s * 4_000))

    def path(self, prompt: Prompt) -> Path:
        duration_s(prompt)
        return self._folder / f"{prompt.key}.{prompt.language}.ulaw"

    def duration_s(self, prompt: Prompt) -> float:
        return duration_s(prompt)


@dataclass(kw_only=True)
class AsteriskExchange(SippExchange):
    """An exchange and its Asterisk."""

    pbx: PrivateAsterisk


class AsteriskUnderTest:
    """See :class:`tests.conformance.play.SwitchUnderTest`. For one script."""

    def __init__(self, exchange: Exchange) -> None:
        self.slack_s = SLACK_S
        self.trunk = TRUNK
        self.agent_endpoint = f"PJSIP/{AGENT}"
        self._exchange = exchange
        self._line = exchange.new_line()
        (self._called,) = self._line.called

    def make_switch(self) -> Switch:
        return self._line

    def number(self, digit: str) -> str:
        return f"+1555{self._called}000{digit}"

    async def call_in(self, acts: tuple[Act, ...]) -> EndedBy:
        return await self._exchange.ring_in(self._called, f"+4930555{self._called}", acts)


@asynccontextmanager
async def open_exchange(
    asterisk: Path, sipp: SippHome, callees: Callees, folder: Path, own: Collection[str] = ()
) -> AsyncIterator[AsteriskExchange]:
    """A private Asterisk with agents' phones and a carrier behind which callees answer, and a switch on it.

    ``own``: the names of scripts that each have a trunk and an agent's phone of their own, beside those for all.
    """
    trunk_port, phone_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    agi_port = free_port(socket.SOCK_STREAM)
    async with AsyncExitStack() as stack:
        people = await answer_calls(sipp, "callees", callees, port=trunk_port)
        stack.push_async_callback(people.stop)
        agent = await answer_as_agent(sipp, "agent", AgentPhone(), port=phone_port)
        stack.push_async_callback(agent.stop)
        taker_port = free_port(socket.SOCK_DGRAM)
        takes = AgentPhone(key="1", key_ms=1_500, stays_ms=3_500)
        taker = await answer_as_agent(sipp, "taker", takes, port=taker_port)
        stack.push_async_callback(taker.stop)
        pbx = await stack.enter_async_context(
            PrivateAsterisk(
                asterisk,
                folder / "pbx",
                ports=PbxPorts.choose(random.Random()),
                secrets=SECRETS,
                agi_port=agi_port,
                trunks=(Trunk(TRUNK, LOOPBACK, trunk_port),),
                recordings=folder / "recordings",
                phones=(
                    Phone(TAKER, LOOPBACK, taker_port),
                    *(Phone(name, LOOPBACK, phone_port) for name in (AGENT, *own)),
                ),
            )
        )
        recordings = folder / "recordings"
        recordings.mkdir()
        config = replace(_config(pbx.ports.ami, agi_port, own), recordings=RecordingFiles(recordings))
        switch = AsteriskSwitch(config, Tones(folder))
        exchange = AsteriskExchange(switch, sip_port=pbx.ports.sip, sipp=sipp, pbx=pbx)
        await switch.start(exchange.on_event, exchange.on_call)
        stack.push_async_callback(switch.stop)
        yield exchange


def _config(ami_port: int, agi_port: int, own: Collection[str]) -> AsteriskConfig:
    return AsteriskConfig(
        name="main",
        ami=AmiSettings(LOOPBACK, ami_port, "callwright", SecretStr(SECRETS.ami_secret)),
        agi_host=LOOPBACK,
        agi_port=agi_port,
        agi_token=SecretStr(SECRETS.agi_token),
        agi_allow=(IPv4Network("127.0.0.0/8"),),
        trunks=dict.fromkeys((TRUNK, *own), TrunkDial(f"PJSIP/{{number}}@{TRUNK}")),
        destinations={name: f"PJSIP/+155520000{digit}@{TRUNK}" for name, digit in DESTINATIONS.items()}
        | {TAKER: f"PJSIP/{TAKER}"},
        settle_s=0.2,
        sweep_s=NO_SWEEP_S,
    )
