"""One call driven by :class:`calls.switch.asterisk.channel.AsteriskChannel` on a real Asterisk, with SIPp callers.

The AMI side is played with raw AMI, so that only the channel and its FastAGI connection are the product's.
"""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import pytest

from calls.errors import SwitchRefused
from calls.ids import LegId
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
from console.demo.ports import free_port
from console.demo.sipp import AgentPhone, Callees, Press, SippHome, answer_as_agent, answer_calls
from dialplans.asterisk import Phone, Trunk
from ivr.nodes.asking import entry
from tests.integration.channel_office import (
    ENDED,
    EXTENSIONS,
    MENU,
    ONE_S,
    TWO_S,
    Case,
    Handler,
    Office,
    begin,
    gather,
    looking_up,
    office,
    perform,
    performing,
    timed,
)
from tests.integration.conftest import StartAsterisk
from tests.integration.raw_wire import LOOPBACK

pytestmark = pytest.mark.asterisk

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
