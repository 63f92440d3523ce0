"""The player of whole calls sees a call that is not as its script has it, whichever way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.switch.events import EventHandler
from calls.switch.loopback.switch import LoopbackSwitch
from calls.switch.port import CallHandler, EndedBy, HungUp, Match, NoInput, Result, Switch, SwitchCommand
from ivr.nodes import KINDS
from tests.conformance.engine.campaigns import CAMPAIGNS
from tests.conformance.engine.menus import MENUS
from tests.conformance.engine.people import AGENTS
from tests.conformance.engine.scripts import ENGINE_SCRIPTS
from tests.conformance.engine.vocabulary import CampaignScript, EngineScript, FlowScript, Record, about
from tests.conformance.loopback import play_call
from tests.conformance.test_play import FaultyChannel, FaultySwitch
from tests.console.held_time import held

KEY: FlowScript = next(script for script in MENUS if script.name == "call-right-key")
TALK: FlowScript = next(script for script in AGENTS if script.name == "call-agent-ends-talk")
LEFT: FlowScript = next(script for script in MENUS if script.name == "call-left-in-prompt")
LEAD: CampaignScript = next(script for script in CAMPAIGNS if script.name == "lead-machine")
BUSY: CampaignScript = next(script for script in CAMPAIGNS if script.name == "lead-busy")


def test_every_kind_of_node_is_in_a_whole_call() -> None:
    trails = [script.trail for script in ENGINE_SCRIPTS if isinstance(script, FlowScript)]
    lines = [line.split() for trail in trails for line in trail.splitlines()]
    assert {line[2].removeprefix("type=") for line in lines if line[:1] == ["node_entered"]} == set(KINDS)


def no_key(result: Result) -> Result:
    return NoInput() if isinstance(result, Match) else result


def by_us(result: Result) -> Result:
    return HungUp(EndedBy.US, 16) if isinstance(result, HungUp) else result


@pytest.mark.parametrize(("script", "fault", "said"), [(KEY, no_key, "trail:"), (LEFT, by_us, "ended_by:")])
@held
async def test_a_faulty_driver_is_told(
    script: FlowScript, fault: Callable[[Result], Result], said: str, tmp_path: Path
) -> None:
    def wrapped(switch: LoopbackSwitch) -> Switch:
        return FaultySwitch(switch, fault)

    with pytest.raises(AssertionError, match=said):
        await play_call(script, tmp_path, wrapped)


class LateEndings(FaultySwitch):
    """A switch that tells of a leg's end before our hang-up of the call has its result, as with two connections."""

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        await self._switch.start(on_event, lambda channel: on_call(LateEnding(channel, lambda result: result)))


class LateEnding(FaultyChannel):
    async def perform(self, command: SwitchCommand) -> Result:
        result = await super().perform(command)
        if isinstance(result, HungUp):
            await asyncio.sleep(0.02)
        return result


@held
async def test_a_call_whose_end_is_told_first_is_hung_up_once(tmp_path: Path) -> None:
    await play_call(LEAD, tmp_path, lambda switch: LateEndings(switch, lambda result: result))


def changed(script: EngineScript, record: Record) -> EngineScript:
    return replace(script, record=record)


NOT_SO: tuple[tuple[EngineScript, str], ...] = (
    (replace(KEY, commands=KEY.commands + " | hangup 16"), "asked:"),
    (replace(KEY, trail=KEY.trail.replace("barged_in=False", "barged_in=True")), "trail:"),
    (changed(KEY, replace(KEY.record, outcome=Outcome.FAILED)), "outcome:"),
    (changed(KEY, replace(KEY.record, last_node="more")), "last_node:"),
    (changed(KEY, replace(KEY.record, causes=frozenset({17}))), "cause:"),
    (changed(KEY, replace(KEY.record, is_answered=False)), "answered at"),
    (changed(KEY, replace(KEY.record, ended_by=EndedBy.CALLER)), "the caller saw"),
    (changed(KEY, replace(KEY.record, menu_s=about(4.4))), "menu_s:"),
    (changed(KEY, replace(KEY.record, wait_s=about(0.0))), "wait_s: None"),
    (changed(KEY, replace(KEY.record, is_opted_out=True)), "do not call:"),
    (changed(TALK, replace(TALK.record, talks=2)), "wrap_up_s:"),
    (changed(TALK, replace(TALK.record, talks=0)), "agent_id:"),
    (changed(TALK, replace(TALK.record, in_queue=False)), "queue:"),
    (changed(TALK, replace(TALK.record, talk_s=about(1.4))), "talk_s:"),
    (changed(TALK, replace(TALK.record, hold_s=about(0.0))), "hold_s: None"),
    (changed(BUSY, replace(BUSY.record, ring_s=None)), "ring_s:"),
    (changed(BUSY, replace(BUSY.record, outcome=Outcome.NO_ANSWER)), "attempts:"),
)


@pytest.mark.parametrize(("script", "said"), NOT_SO, ids=[said.rstrip(":") for _, said in NOT_SO])
@held
async def test_a_call_that_is_not_as_the_script_has_it_is_told(
    script: EngineScript, said: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match=said):
        await play_call(script, tmp_path)
