"""The adapter of the FreeSWITCH driver, with a FreeSWITCH made from recordings, in held time.

One FreeSWITCH and one driver, whose thread and sockets are real, for all scripts: the clock stands while anything is
on its way between the two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from pydantic import SecretStr

from calls.recordings import RecordingFiles
from calls.switch.freeswitch.config import FreeSwitchConfig, TrunkDial
from calls.switch.freeswitch.esl_client import EslSettings
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.loopback.callees import GREETING_S, HELLO_S, callee_of
from calls.switch.port import EndedBy, Prompt, Switch
from tests.calls.switch.freeswitch.fake_caller import Act as FakeAct
from tests.calls.switch.freeswitch.fake_caller import Caller, Key, Leave, Say
from tests.calls.switch.freeswitch.fake_event_socket import PASSWORD, FakeEventSocket
from tests.calls.switch.freeswitch.fake_far_end import FarEnd
from tests.calls.switch.freeswitch.fake_freeswitch import KEY_GAP_S, FakeFreeSwitch
from tests.calls.switch.freeswitch.traffic import Traffic, held_for
from tests.conformance.exchange import Exchange
from tests.conformance.vocabulary import (
    DESTINATIONS,
    DURATIONS_S,
    TAKER,
    Act,
    HangUp,
    Press,
    Speak,
    duration_s,
)
from tests.console.held_time import HeldTimeLoop

TOKEN = "a-token-of-this-test"
SLACK_S = 0.1
"""A channel does what it is told with its next 20 ms, and some things take several of them."""

TRUNK = "carrier"
CARRIER = "sofia/gateway/carrier/{number}"
PHONE = "user/agent1"

NO_SWEEP_S = 3_600.0
"""What a script sees must come from events: a comparison with the switch's list would hide one that is lost."""

REFUSALS = {
    17: "esl-originate-busy",
    34: "esl-originate-503",
    1: "esl-originate-unallocated",
    19: "esl-originate-480",
}
"""Who says no, by the cause that it is to come to."""

BEEP_S = (GREETING_S + 0.3, GREETING_S + 0.7)


class Files:
    """The prompts of the scripts as files that only the fake FreeSWITCH has."""

    def path(self, prompt: Prompt) -> Path:
        duration_s(prompt)
        return Path(f"/var/lib/pbx/prompts/{prompt.language}/{prompt.key}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        return duration_s(prompt)


class People:
    """The telephones that are dialled, by their dial strings."""

    def __init__(self) -> None:
        self._draw = Random(7)

    def __call__(self, endpoint: str) -> FarEnd:
        if endpoint == PHONE:
            return FarEnd(self._draw.uniform(0.32, 0.55), talks_s=3_600.0)
        if endpoint == f"user/{TAKER}":
            return FarEnd(1.0, talks_s=5.0, key_after_s=1.5)
        callee = callee_of(endpoint, self._draw)
        if callee.refuses_with is not None:
            return FarEnd(refuses=REFUSALS[callee.refuses_with])
        speaks = ((0.0, GREETING_S), BEEP_S) if callee.is_machine else ((0.0, HELLO_S),)
        return FarEnd(callee.answer_after_s, callee.talk_s, speaks=speaks, key_after_s=None)


@dataclass(kw_only=True)
class FakeExchange(Exchange):
    """An exchange and its FreeSWITCH."""

    freeswitch: FakeFreeSwitch

    async def ring_in(self, called: str, caller: str, acts: tuple[Act, ...]) -> EndedBy:
        seen = await self.freeswitch.call(Caller(acts_of(acts), caller, called=called))
        assert not seen.resumed, "the connection was closed while the call was up"
        return EndedBy.CALLER if seen.by_caller else EndedBy.US


class FreeSwitchUnderTest:
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


def new_switch(event_socket: FakeEventSocket, folder: Path, own: Collection[str] = ()) -> FreeSwitch:
    """A driver at a port of its own. ``folder``: for recordings; ``own``: the names of trunks beside that for all."""
    destinations = {name: CARRIER.format(number=f"+155520000{digit}") for name, digit in DESTINATIONS.items()}
    config = FreeSwitchConfig(
        "main",
        "127.0.0.1",
        0,
        SecretStr(TOKEN),
        EslSettings("127.0.0.1", event_socket.port, SecretStr(PASSWORD)),
        trunks=dict.fromkeys((TRUNK, *own), TrunkDial(CARRIER)),
        destinations=destinations | {TAKER: f"user/{TAKER}"},
        settle_s=0.2,
        sweep_s=NO_SWEEP_S,
        recordings=RecordingFiles(folder),
    )
    ids = count(1)
    return FreeSwitch(config, Files(), lambda: f"id-{next(ids)}")


def fake(event_socket: FakeEventSocket, traffic: Traffic) -> FakeFreeSwitch:
    """A FreeSWITCH that has the prompts and dials people. It calls at the port that it is given."""
    durations = {str(Files().path(prompt)): lasts_s for prompt, lasts_s in DURATIONS_S.items()}
    made = FakeFreeSwitch(0, TOKEN, durations, traffic=traffic)
    made.far_end = People()
    made.attach(event_socket)
    return made


@asynccontextmanager
async def open_fake(folder: Path, own: Collection[str] = ()) -> AsyncIterator[FakeExchange]:
    """A FreeSWITCH made from recordings, and a driver on it, in held time. ``own``: the names of scripts that each
    have a trunk of their own, beside that for all."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HeldTimeLoop)
    recordings = folder / "recordings"
    recordings.mkdir()
    with held_for(loop) as traffic:
        async with FakeEventSocket(traffic) as event_socket:
            freeswitch = fake(event_socket, traffic)
            switch = new_switch(event_socket, recordings, own)
            exchange = FakeExchange(switch, phone=PHONE, freeswitch=freeswitch)
            await switch.start(exchange.on_event, exchange.on_call)
            freeswitch.port = switch.port
            try:
                yield exchange
            finally:
                await switch.stop()
                await freeswitch.stop()


def acts_of(acts: tuple[Act, ...]) -> tuple[FakeAct, ...]:
    """The caller's acts in the words of the fake."""
    found: list[FakeAct] = []
    for act in acts:
        match act:
            case Press(at_s, keys):
                found += [Key(at_s + KEY_GAP_S * index, key) for index, key in enumerate(keys)]
            case Speak(at_s, for_s):
                found.append(Say(at_s, for_s))
            case HangUp(at_s):
                found.append(Leave(at_s))
    return tuple(found)
