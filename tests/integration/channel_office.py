"""Calls on a real Asterisk that a test's handler takes; raw AMI does what the switch adapter would."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from pydantic import SecretStr

from calls.errors import SwitchError, SwitchRefused
from calls.ids import BootId, CallId, LegId
from calls.switch.asterisk.channel import AsteriskChannel, Surroundings
from calls.switch.asterisk.channel_info import inbound_info, name_call, take_over
from calls.switch.asterisk.fastagi import FastAgiServer
from calls.switch.asterisk.fastagi_connection import AgiConnection
from calls.switch.port import (
    Answer,
    Connect,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    KeyPlan,
    NoInput,
    Prompt,
    Result,
    SwitchCommand,
)
from console.demo.pbx import PrivateAsterisk
from console.demo.sipp import CallerScript, Press, SippHome
from console.demo.sipp import call as place_call
from console.engine.meanwhile import meanwhile
from tests.integration.conftest import SECRETS, StartAsterisk
from tests.integration.raw_wire import DEADLINE_S, LOOPBACK, RawAmi

ONE_S, TWO_S = Prompt("one", "en"), Prompt("two", "en")
DURATIONS_S = {"one": 1.0, "two": 2.0}
MENU = KeyPlan(frozenset({"1", "2", "*", "#"}))
EXTENSIONS = KeyPlan(frozenset({"0"}), frozenset({4}))
ENDED = HungUp(EndedBy.US, 16)
NO_LEG = LegId("")


@dataclass
class Tones:
    """Two prompts of known length."""

    folder: Path

    def __post_init__(self) -> None:
        for key, lasts_s in DURATIONS_S.items():
            (self.folder / f"{key}.ulaw").write_bytes(bytes([0x55, 0xD5]) * round(lasts_s * 4_000))

    def path(self, prompt: Prompt) -> Path:
        return self.folder / f"{prompt.key}.ulaw"

    def duration_s(self, prompt: Prompt) -> float:
        return DURATIONS_S.get(prompt.key, 0.0)


@dataclass
class Ami:
    """What the channel asks of AMI, by raw AMI."""

    wire: RawAmi
    _count: int = 0

    async def redirect(self, channel: str, context: str, exten: str, priority: int = 1) -> None:
        await self._ask(Action="Redirect", Channel=channel, Context=context, Exten=exten, Priority=str(priority))

    async def record_talk(self, channel: str, recording: str) -> None:
        await self._ask(Action="Setvar", Channel=channel, Variable="CW_RECORD", Value=recording)

    async def kick(self, conference: str, channel: str) -> None:
        await self._ask(Action="ConfbridgeKick", Conference=conference, Channel=channel)

    async def hang_up(self, channel: str, cause: int = 16) -> None:
        await self._ask(Action="Hangup", Channel=channel, Cause=str(cause))

    async def signal(self, channel: str) -> None:
        await self._ask(Action="PlayDTMF", Channel=channel, Digit="D", Receive="true")

    async def mute_recording(self, channel: str, *, muted: bool) -> None:
        await self._ask(Action="MixMonitorMute", Channel=channel, Direction="both", State=str(int(muted)))

    async def stop_recording(self, channel: str) -> None:
        await self._ask(Action="StopMixMonitor", Channel=channel)

    async def _ask(self, **headers: str) -> None:
        self._count += 1
        self.wire.send(**headers, ActionID=f"ask-{self._count}")
        answer = await self.wire.until(rb"Response: (\w+)\r\nActionID: ask-%d\r\n" % self._count)
        if answer[1] != b"Success":
            raise SwitchRefused(str(headers))


@dataclass
class Case:
    """One call: what is done with it, and what came of it. It is found by the number that its caller calls."""

    handler: Handler
    presses: tuple[Press, ...] = ()
    hang_up_at_s: float | None = None
    number: str = ""
    leg: LegId = NO_LEG
    agent: str = ""
    connected: int = 0
    talk_ended: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    results: list[Result] = field(default_factory=list)
    fault: BaseException | None = None
    _channel: AsteriskChannel | None = None

    @property
    def channel(self) -> AsteriskChannel:
        assert self._channel is not None
        return self._channel

    @channel.setter
    def channel(self, channel: AsteriskChannel) -> None:
        self._channel = channel

    def met(self, _recorded: bool) -> None:
        self.connected += 1


Handler = Callable[["Office", Case], Awaitable[list[Result]]]


@dataclass
class Office:
    """A switch with our server behind it: each inbound call runs its case."""

    pbx: PrivateAsterisk
    sipp: SippHome
    wire: RawAmi
    around: Surroundings
    cases: dict[str, Case] = field(default_factory=dict)

    async def inbound(self, connection: AgiConnection) -> None:
        number = connection.environment.extension
        case, call_id = self.cases[number], CallId(f"call-{number}")
        try:
            await name_call(connection, call_id)
            await take_over(connection, call_id, 600)
            info = inbound_info(connection.environment, call_id, "main", BootId("boot"))
            case.channel = AsteriskChannel(info, connection, self.around, case.met)
            case.results = await case.handler(self, case)
            await case.channel.finish(planned=True)
        except (SwitchError, AssertionError) as fault:
            case.fault = fault
        finally:
            case.ended.set()

    async def resume(self, connection: AgiConnection) -> None:
        call_id, talk_ended = connection.environment.arguments
        case = self.cases[call_id.removeprefix("call-")]
        case.talk_ended = talk_ended
        await take_over(connection, CallId(call_id), 600)
        await case.channel.rebind(connection)

    async def run(self, *cases: Case) -> None:
        """All cases at once, one caller each. Each caller's own log must agree on how the call ended."""
        for number, case in enumerate(cases, 100 + len(self.cases)):
            case.number = str(number)
            self.cases[case.number] = case
        await asyncio.gather(*(self._call(case) for case in cases))

    async def _call(self, case: Case) -> None:
        script = CallerScript(case.number, case.presses, hang_up_at_s=case.hang_up_at_s, stays_s=20.0)
        caller = await place_call(self.sipp, f"caller{case.number}", script, sip_port=self.pbx.ports.sip)
        try:
            async with asyncio.timeout(2 * DEADLINE_S):
                await case.ended.wait()
        except TimeoutError:
            said = caller.messages.read_text(encoding="utf-8", errors="replace")[-3_000:]
            arrived = case._channel is not None
            raise AssertionError(
                f"{case.number} has not ended: {arrived=}, {caller.alive=}, {caller.events}\n{caller.trouble}\n{said}"
            ) from None
        await caller.wait(DEADLINE_S)
        if case.fault is not None:
            raise case.fault
        events = [event.event for event in caller.events]
        expected = "hangs_up" if case.hang_up_at_s is not None else "ended_by_switch"
        assert expected in events or "refused" in events, (case.number, events)

    async def ring_agent(self, case: Case) -> None:
        """An agent's leg for the case, nailed up in its room."""
        case.leg = LegId(f"leg-{case.number}")
        after = len(self.wire.received)
        self.wire.send(
            Action="Originate",
            Channel="PJSIP/agent1",
            ChannelId=case.leg,
            Context="callwright-agent",
            Exten=case.leg,
            Priority="1",
            Timeout="10000",
            Async="true",
            ActionID=f"ring-{case.leg}",
        )
        case.agent = (await self.joined(case.leg, rb"PJSIP/agent1[^\r]*", after)).decode()

    async def joined(self, leg: LegId, channel: bytes, after: int) -> bytes:
        """The channel that joins the room of ``leg``."""
        event = rb"Event: ConfbridgeJoin\r\n(?:[^\r]+\r\n)*?Conference: cw-%s\r\n(?:[^\r]+\r\n)*?Channel: (%s)\r\n"
        return (await self.wire.until(event % (leg.encode(), channel), after))[1]

    async def connect(self, case: Case) -> asyncio.Task[Result]:
        """Begin a talk and tell the channel what AMI tells; gives the pending Connect."""
        after = len(self.wire.received)
        talking = asyncio.ensure_future(perform(case, Connect(case.leg)))
        await self.joined(case.leg, re.escape(case.channel.name.encode()), after)
        case.channel.joined(case.leg)
        return talking


async def perform(case: Case, command: SwitchCommand) -> Result:
    return await case.channel.perform(command)


def performing(*commands: SwitchCommand) -> Handler:
    """Performs the commands one after another, up to the end of the call."""

    async def handler(_: Office, case: Case) -> list[Result]:
        results: list[Result] = []
        for command in commands:
            results.append(await perform(case, command))
            if isinstance(results[-1], HungUp):
                break
        return results

    return handler


def timed(command: SwitchCommand, least_s: float, most_s: float) -> Handler:
    """Performs the command, which must take its time."""

    async def handler(_: Office, case: Case) -> list[Result]:
        await perform(case, Answer())
        began = asyncio.get_running_loop().time()
        done = await perform(case, command)
        took_s = asyncio.get_running_loop().time() - began
        assert least_s < took_s < most_s, (command, took_s)
        return [done, await perform(case, Hangup())]

    return handler


def looking_up(took_s: float, least_s: float, most_s: float) -> Handler:
    """Something is done for the caller that takes ``took_s``; the caller hears a prompt of 1 s and then music."""

    async def handler(_: Office, case: Case) -> list[Result]:
        await perform(case, Answer())
        began = asyncio.get_running_loop().time()
        found = await meanwhile(case.channel, asyncio.sleep(took_s, NoInput()), (ONE_S,), "default")
        heard_s = asyncio.get_running_loop().time() - began
        assert isinstance(found, HungUp) or least_s < heard_s < most_s, heard_s
        return [found, await perform(case, Hangup())]

    return handler


async def begin(case: Case, command: SwitchCommand) -> asyncio.Task[Result]:
    """The command, well under way."""
    pending = asyncio.ensure_future(perform(case, command))
    done, _ = await asyncio.wait([pending], timeout=0.5)
    assert not done
    return pending


def gather(plan: KeyPlan = MENU, prompts: Sequence[Prompt] = (TWO_S,), *, barge_in: bool = True) -> Gather:
    return Gather(tuple(prompts), plan, first_key_timeout_s=2.5, next_key_timeout_s=1.5, barge_in=barge_in)


@asynccontextmanager
async def office(
    start_asterisk: StartAsterisk, sipp: SippHome, folder: Path, **values: object
) -> AsyncIterator[Office]:
    server = FastAgiServer(SecretStr(SECRETS.agi_token), (IPv4Network("127.0.0.0/8"),))
    await server.start(LOOPBACK, 0)
    pbx = await start_asterisk(agi_port=server.port, **values)
    destinations = {f"to {digit}": f"PJSIP/+4930100000{digit}@carrier" for digit in "0123456789"}
    async with RawAmi(pbx.ports.ami, "callwright", SECRETS.ami_secret) as wire:
        around = Surroundings(Ami(wire), Tones(folder), destinations | {"nowhere": "PJSIP/nosuchendpoint"})
        here = Office(pbx, sipp, wire, around)
        server.add_route("inbound", here.inbound)
        server.add_route("resume", here.resume, capped=False)
        try:
            yield here
        finally:
            await server.stop()
