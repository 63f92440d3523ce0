"""FreeSWITCH is killed at each step of a call, beside an agent's leg and an attempt that rings, and started anew.

On the one that is made from recordings, in held time; a real one is killed in
``tests/conformance/test_freeswitch_kills.py``.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from calls.ids import AttemptId, LegId
from calls.switch.events import LegAnswered, LegEnded, LegRinging, SwitchDown, SwitchUp
from calls.switch.port import (
    Answer,
    CallChannel,
    Connect,
    DialAttempt,
    Done,
    EndedBy,
    Gather,
    Hold,
    HungUp,
    KeyPlan,
    Play,
    Record,
    Recorded,
    Result,
    RingAgent,
    StartRecording,
    SwitchCommand,
    Transfer,
)
from tests.calls.switch.freeswitch.world import descriptors, greenlets
from tests.conformance.freeswitch import PHONE, TRUNK, FreeSwitchUnderTest, open_fake
from tests.conformance.play import CALLER_ID, Stage
from tests.conformance.vocabulary import ANSWERS, LONG, SHORT, SILENT
from tests.console.held_time import held

AGENT = LegId("the-agent")
ATTEMPT = LegId("the-attempt")
NEW_CORE = "22222222-0f8c-431b-843f-5e1463dcb27e"
DEADLINE_S = 60.0
LOST = HungUp(EndedBy.SWITCH)

STEPS: dict[str, tuple[tuple[SwitchCommand, ...], float]] = {
    "before the answer": ((), 0.0),
    "prompt": ((Answer(), Play((LONG,))), 1.0),
    "menu": ((Answer(), Gather((SHORT,), KeyPlan(frozenset({"1"})), 30.0, 5.0)), 3.0),
    "music": ((Answer(), Hold(60.0)), 1.0),
    "message": ((Answer(), Record("message", (SHORT,), 30.0, 5.0)), 3.0),
    "recorded": ((Answer(), StartRecording("call"), Play((LONG,))), 1.0),
    "target rings": ((Answer(), Transfer(SILENT, 30.0)), 1.0),
    "target talks": ((Answer(), Transfer(ANSWERS, 30.0)), 5.0),
    "on the way to the talk": ((Answer(), Connect(AGENT)), 0.03),
    "talk": ((Answer(), Connect(AGENT)), 1.0),
}
"""What is performed, and how long the last of it has been pending then."""


@pytest.mark.parametrize("step", STEPS)
@held
async def test_freeswitch_is_killed(step: str, tmp_path: Path) -> None:
    commands, pending_s = STEPS[step]
    results: list[Result] = []
    begun = asyncio.Event()

    async def handle(channel: CallChannel) -> None:
        for command in commands[:-1]:
            results.append(await channel.perform(command))
        begun.set()
        if commands:
            results.append(await channel.perform(commands[-1]))
        else:
            await asyncio.sleep(1.0)
        results.append(await channel.perform(Play((SHORT,))))

    async with open_fake(tmp_path) as exchange, asyncio.timeout(DEADLINE_S):
        event_socket = exchange.freeswitch.event_socket
        assert event_socket is not None
        stage = Stage(FreeSwitchUnderTest(exchange))
        stage.handle = handle
        await stage.switch.start(stage.on_event, stage.on_call)
        await asyncio.sleep(0.1)
        before = descriptors(), greenlets()
        await stage.switch.originate(RingAgent(AGENT, PHONE, CALLER_ID, 20.0))
        await stage.until(lambda event: event == LegAnswered(AGENT))
        await stage.switch.originate(
            DialAttempt(AttemptId(ATTEMPT), stage.under_test.number("6"), TRUNK, CALLER_ID, 30.0)
        )
        await stage.until(lambda event: event == LegRinging(ATTEMPT))
        calling = asyncio.ensure_future(stage.under_test.call_in(()))
        await begun.wait()
        await asyncio.sleep(pending_s)

        await exchange.freeswitch.die()
        await calling
        event_socket.core = NEW_CORE
        await asyncio.sleep(1.0)
        await event_socket.listen()
        while not (isinstance(exchange.events[-1], LegEnded) and len(stage.of_leg(ATTEMPT)) == 2):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await stage.handled.wait()
        await asyncio.sleep(1.0)

        pending = [] if not commands else [results[len(commands) - 1]]
        assert results[: len(commands) - 1 if commands else 0] == [Done()] * len(commands[:-1])
        assert results[len(commands) :] == [LOST], "after the end of the call"
        for result in pending:  # what was recorded of a message is kept
            assert result == LOST or isinstance(result, Recorded)
        assert stage.results == [], "no command raised"
        ends = Counter(event.leg_id for event in exchange.events if isinstance(event, LegEnded))
        assert ends == {AGENT: 1, ATTEMPT: 1}
        ups = [event for event in exchange.events if isinstance(event, SwitchUp | SwitchDown)]
        assert [type(event) for event in ups] == [SwitchUp, SwitchDown, SwitchUp]
        assert sum(said.startswith("bgapi originate") for said in event_socket.said) == 2, "nobody is dialled twice"
        assert (descriptors(), greenlets()) == before
