"""One call driven by :class:`calls.switch.asterisk.channel.AsteriskChannel` on a real Asterisk, with SIPp callers.

The AMI side is played with raw AMI, so that only the channel and its FastAGI connection are the product's.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

import pytest
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
    Done,
    EndedBy,
    Gather,
    Hangup,
    Hold,
    HungUp,
    Interrupted,
    KeyPlan,
    Match,
    MuteRecording,
    NoInput,
    NoMatch,
    NotConnected,
    Play,
    Prompt,
    Result,
    SwitchCommand,
    TalkEnded,
    Transfer,
    TransferFailed,
    Transferred,
)
from console.demo.pbx import PrivateAsterisk
from console.demo.ports import free_port
from console.demo.sipp import AgentPhone, Callees, CallerScript, Press, SippHome, answer_as_agent, answer_calls
from console.demo.sipp import call as place_call
from console.engine.meanwhile import meanwhile
from dialplans.asterisk import Phone, Trunk
from ivr.nodes.asking import entry
from tests.integration.conftest import SECRETS, StartAsterisk
from tests.integration.raw_wire import DEADLINE_S, LOOPBACK, RawAmi

pytestmark = pytest.mark.asterisk

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
        async with asyncio.timeout(2 * DEADLINE_S):
            await case.ended.wait()
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


# --- prompts and keys -------------------------------------------------------------------------------------------

KEYED: list[tuple[tuple[Press, ...], Gather, Result]] = [
    ((Press(0.8, "2"),), gather(), Match("2", barged_in=True)),
    ((Press(3.0, "1"),), gather(), Match("1", barged_in=False)),
    ((Press(0.8, "#"),), gather(), Match("#", barged_in=True)),
    ((Press(0.8, "*"),), gather(), Match("*", barged_in=True)),
    ((Press(0.8, "9"),), gather(), NoMatch("9", barged_in=True)),
    ((), gather(), NoInput()),
    ((Press(0.5, "#"),), gather(prompts=(ONE_S, TWO_S)), Match("#", barged_in=True)),
    ((Press(2.0, "1"),), gather(prompts=(ONE_S, TWO_S)), Match("1", barged_in=True)),
    ((Press(0.8, "1042"),), gather(EXTENSIONS), Match("1042", barged_in=True)),
    ((Press(0.8, "10"),), gather(EXTENSIONS), NoMatch("10", barged_in=True)),
    ((Press(0.8, "0"),), gather(EXTENSIONS), Match("0", barged_in=True)),
    ((Press(0.8, "2"), Press(3.2, "1")), gather(barge_in=False), Match("1", barged_in=False)),
    ((Press(0.8, "2"),), gather(barge_in=False), NoInput()),
    ((Press(1.2, "2"),), gather(prompts=()), Match("2", barged_in=False)),
]


async def test_prompts_and_keys(start_asterisk: StartAsterisk, sipp: SippHome, short_folder: Path) -> None:
    async with office(start_asterisk, sipp, short_folder) as here:
        cases = [Case(performing(Answer(), command, Hangup()), presses) for presses, command, _ in KEYED]
        whole = [
            Case(timed(Play((ONE_S, ONE_S)), 1.9, 3.0), (Press(1.5, "1"),)),
            *(Case(timed(Hold(2.0, music), 1.9, 3.0)) for music in ("default", "callwright", "nosuchmusic")),
        ]
        card = "4000007731773179"
        keyed = gather(entry(12, 19), prompts=(ONE_S,))
        paying = Case(
            performing(Answer(), MuteRecording(True), keyed, MuteRecording(False), Hangup()),
            (Press(1.5, f"{card}#"),),
        )
        found = [Case(looking_up(0.1, 0.0, 0.5)), Case(looking_up(0.6, 1.0, 2.0)), Case(looking_up(2.6, 2.3, 5.0))]
        leaving = Case(looking_up(20.0, 0.0, 0.0), hang_up_at_s=2.0)
        await here.run(*cases, *whole, paying, *found, leaving)
        assert paying.results == [Done(), Done(), Match(card), Done(), ENDED]
        assert [case.results for case in found] == [[NoInput(), ENDED]] * 3
        assert {type(result) for result in leaving.results} == {HungUp}
        for case, (presses, command, expected) in zip(cases, KEYED, strict=True):
            assert case.results == [Done(), expected, ENDED], (presses, command)
        assert [case.results for case in whole] == [[Done(), ENDED]] * 4


async def test_a_file_that_is_not_there_is_no_hang_up(
    start_asterisk: StartAsterisk, sipp: SippHome, short_folder: Path
) -> None:
    nothing = Prompt("nosuch", "en")

    async def handler(_: Office, case: Case) -> list[Result]:
        await perform(case, Answer())
        for command in (Play((nothing,)), gather(prompts=(nothing,)), gather(prompts=(nothing, ONE_S))):
            with pytest.raises(SwitchRefused):
                await perform(case, command)
        return [await perform(case, Hangup())]

    async with office(start_asterisk, sipp, short_folder) as here:
        case = Case(handler)
        await here.run(case)
        assert case.results == [ENDED]


# --- the end ----------------------------------------------------------------------------------------------------

LONG: list[SwitchCommand] = [
    Play((TWO_S, TWO_S)),
    gather(prompts=(TWO_S, TWO_S)),
    gather(prompts=(TWO_S, TWO_S), barge_in=False),
    Gather((), MENU, 10.0, 1.0),
    Hold(30.0),
    Hold(30.0, "nosuchmusic"),
]


def hung_up_in(command: SwitchCommand) -> Handler:
    async def handler(_: Office, case: Case) -> list[Result]:
        await perform(case, Answer())
        pending = await begin(case, command)
        ended = await perform(case, Hangup(17))
        return [await pending, ended, await perform(case, Answer())]

    return handler


async def test_either_side_hangs_up_in_every_command(
    start_asterisk: StartAsterisk, sipp: SippHome, short_folder: Path
) -> None:
    async with office(start_asterisk, sipp, short_folder) as here:
        theirs = [Case(performing(Answer(), command), hang_up_at_s=1.5) for command in LONG]
        ours = [Case(hung_up_in(command)) for command in LONG]
        await here.run(*theirs, *ours)
        for case, command in zip(theirs, LONG, strict=True):
            ended = case.results[-1]
            assert isinstance(ended, HungUp) and ended.by is EndedBy.CALLER and ended.cause in (16, None), command
        for case, command in zip(ours, LONG, strict=True):
            assert case.results == [Interrupted(), *[HungUp(EndedBy.US, 17)] * 2], command


async def test_a_call_is_refused_with_its_cause(
    start_asterisk: StartAsterisk, sipp: SippHome, short_folder: Path
) -> None:
    causes = (17, 21, 34)
    async with office(start_asterisk, sipp, short_folder) as here:
        cases = [Case(performing(Hangup(cause))) for cause in causes]
        await here.run(*cases)
        for case, cause in zip(cases, causes, strict=True):
            assert case.results == [HungUp(EndedBy.US, cause)]
            channel = re.escape(case.channel.name.encode())
            said = await here.wire.until(
                rb"Event: Hangup\r\n(?:[^\r]+\r\n)*?Channel: %s\r\n(?:[^\r]+\r\n)*?Cause: (\d+)\r\n" % channel
            )
            assert int(said[1]) == cause


# --- agents and transfers ---------------------------------------------------------------------------------------


def talk_in(command: SwitchCommand | None, ending: str) -> Handler:
    """From the command to the agent, and back when the talk ends; then the call goes on."""

    async def handler(here: Office, case: Case) -> list[Result]:
        await perform(case, Answer())
        await here.ring_agent(case)
        results: list[Result] = []
        if command is None:
            talking = await here.connect(case)
        else:
            held = await begin(case, command)
            talking = await here.connect(case)
            results.append(await held)
        assert case.connected == 1 and not talking.done()
        match ending:
            case "end_talk":
                await case.channel.end_talk()
            case "agent":
                await here.around.control.hang_up(case.agent)
            case "us":
                results.append(await perform(case, Hangup(17)))
            case _:
                await here.wire.until(
                    rb"Event: Hangup\r\n(?:[^\r]+\r\n)*?Channel: %s\r\n" % re.escape(case.channel.name.encode())
                )
                case.channel.left(EndedBy.CALLER, 16)
        results.append(await talking)
        if ending in ("end_talk", "agent"):
            results.append(await perform(case, gather(prompts=(ONE_S,))))
        return [*results, await perform(case, Hangup())]

    return handler


async def test_to_the_agent_and_back(start_asterisk: StartAsterisk, sipp: SippHome, short_folder: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    phone = await answer_as_agent(sipp, "agent", AgentPhone(), port=port)
    commands: list[SwitchCommand | None] = [None, Hold(60.0), Play((TWO_S,) * 5), gather(prompts=(TWO_S,) * 5)]
    try:
        async with office(start_asterisk, sipp, short_folder, phones=(Phone("agent1", LOOPBACK, port),)) as here:
            back = [Case(talk_in(command, ending)) for command in commands for ending in ("end_talk", "agent")]
            ours = Case(talk_in(Hold(60.0), "us"))
            theirs = Case(talk_in(Hold(60.0), "caller"), hang_up_at_s=6.0)
            await here.run(*back, ours, theirs)
            for case, command in zip(back, [each for each in commands for _ in range(2)], strict=True):
                interrupted = [] if command is None else [Interrupted()]
                assert case.results == [*interrupted, TalkEnded(EndedBy.AGENT), NoInput(), ENDED], command
            assert [case.talk_ended for case in back] == ["KICKED", "ENDMARKED"] * 4
            assert ours.results == [Interrupted(), HungUp(EndedBy.US, 17), Interrupted(), HungUp(EndedBy.US, 17)]
            assert theirs.results == [Interrupted(), *[HungUp(EndedBy.CALLER, 16)] * 2]
            stay = await here.pbx.cli("core show channels concise")
            assert ours.agent in stay and theirs.agent in stay and back[0].agent in stay
    finally:
        await phone.stop()


async def test_an_agent_who_has_gone_is_not_connected_and_the_caller_goes_on(
    start_asterisk: StartAsterisk, sipp: SippHome, short_folder: Path
) -> None:
    async def handler(_: Office, case: Case) -> list[Result]:
        await perform(case, Answer())
        held = await begin(case, Hold(60.0))
        results = [await perform(case, Connect(LegId("leg-of-nobody")))]
        return [await held, *results, await perform(case, Hold(1.0)), await perform(case, Hangup())]

    async with office(start_asterisk, sipp, short_folder) as here:
        case = Case(handler)
        await here.run(case)
        assert case.results == [Interrupted(), NotConnected(), Done(), ENDED]
        assert case.talk_ended == "NO_AGENT" and case.connected == 0


TRANSFERS = {
    "0": "talk",
    "5": "busy",
    "6": "no_answer",
    "7": "unavailable",
    "8": "unavailable",
    "9": "no_answer",  # 480 is cause 19, which app_dial takes for no answer
}


def transferring(destination: str) -> Handler:
    """A transfer of a caller who has been here for a while, told of the target's answer as the desk tells it."""

    async def handler(here: Office, case: Case) -> list[Result]:
        answered = await perform(case, Answer())
        await perform(case, Play((TWO_S,)))
        pending = asyncio.ensure_future(perform(case, Transfer(destination, 4.0)))
        name = re.escape(case.channel.name.encode())
        said = await here.wire.until(
            rb"Event: DialEnd\r\n(?:[^\r]+\r\n)*?Channel: %s\r\n(?:[^\r]+\r\n)*?DialStatus: (\w+)\r\n" % name
        )
        if said[1] == b"ANSWER":
            case.channel.target_answered()
        return [answered, await pending, await perform(case, Hangup())]

    return handler


async def test_transfer(start_asterisk: StartAsterisk, sipp: SippHome, short_folder: Path, callees: Callees) -> None:
    port = free_port(socket.SOCK_DGRAM)
    far_ends = await answer_calls(sipp, "callees", callees, port=port)
    try:
        async with office(start_asterisk, sipp, short_folder, trunks=(Trunk("carrier", LOOPBACK, port),)) as here:
            cases = [Case(transferring(f"to {digit}")) for digit in TRANSFERS]
            nowhere = Case(performing(Answer(), Transfer("nowhere", 4.0), Hangup()))
            left = Case(performing(Answer(), Transfer("to 6", 15.0)), hang_up_at_s=2.0)
            ended = Case(hung_up_in(Transfer("to 6", 15.0)))
            await here.run(*cases, nowhere, left, ended)
            for case, (digit, expected) in zip(cases, TRANSFERS.items(), strict=True):
                assert (case.results[0], case.results[2]) == (Done(), ENDED)
                match case.results[1]:
                    case Transferred(talk_s):
                        at_s = {event.event: event.at_s for event in far_ends.events if event.number.endswith(digit)}
                        assert expected == "talk" and abs(talk_s - at_s["hangs_up"] + at_s["answered"]) < 0.5
                    case other:
                        assert other == TransferFailed(expected), digit
            assert nowhere.results == [Done(), TransferFailed("unavailable"), ENDED]
            assert isinstance(left.results[1], HungUp) and left.results[1].by is EndedBy.CALLER
            assert ended.results == [Interrupted(), *[HungUp(EndedBy.US, 17)] * 2]
    finally:
        await far_ends.stop()
