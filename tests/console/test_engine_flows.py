"""Flows on the whole engine: what their nodes ask of the books is done, and the caller is told what is so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.overrides import Override, OverrideState
from calls.switch.loopback.callers import CallerScript, HangUp, Wait
from calls.switch.port import Prompt, Result, SwitchCommand, Transfer
from console.engine.voice import LiveVoice
from ivr.check import Known
from ivr.nodes.base import Visit
from ivr.nodes.branch import Branch
from ivr.turn import Turn
from prompts.phrases import Split, split
from tests.console.held_time import held
from tests.console.world import PROMPT_S, MortalChannel, World, adds_up, agent, world_in

OPT_OUT = """\
language: en
start: stop
nodes:
  stop: {opt_out: call.customer, failed: no, next: done}
  done: {hangup: [main.done], outcome: opted_out}
  no: {hangup: [main.no], outcome: no}
"""


def forbidden(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT number, source, added_by FROM do_not_call")


@held
async def test_a_caller_who_opts_out_is_on_the_list_before_the_call_ends(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=OPT_OUT) as world:
        call = world.call(Wait(0.3), HangUp())
        await call.over()
        await world.settled()
        assert forbidden(world) == [("+4930555010", "flow", "the caller")]
        opted = [event for event in world.events(call.info.call_id) if event.kind == "opted_out"]
        assert [event.detail for event in opted] == [{"node": "stop", "failed": None}]


@pytest.mark.parametrize("caller", ["", "anonymous", "030555010", "112", "+1"])
@held
async def test_a_caller_whose_number_is_none_is_told_so(tmp_path: Path, caller: str) -> None:
    async with world_in(tmp_path, flow=OPT_OUT) as world:
        await world.switch.place_call(CallerScript("100", (), caller=caller)).over()
        await world.settled()
        assert forbidden(world) == []
        kept = world.events(world.record().call_id)
        assert [event.detail["failed"] for event in kept if event.kind == "opted_out"] == ["no_number"]
        assert kept[-2].detail["outcome"] == "no"


SHOP = """\
language: en
start: welcome
nodes:
  welcome: {say: [main.welcome], next: shop}
  shop:
    hours: {mon-sun: "00:00-24:00"}
    zone: Europe/Berlin
    open: open
    closed: closed
    emergency: emergency
  open: {hangup: [main.open], outcome: open}
  closed: {hangup: [main.closed], outcome: closed}
  emergency: {hangup: [main.emergency], outcome: emergency}
"""


def outcome(world: World, call_id: str) -> object:
    return next(event.detail["outcome"] for event in world.events(call_id) if event.kind == "outcome")


@held
async def test_a_supervisor_overrides_the_hours_of_the_next_call_and_of_those_under_way(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=SHOP) as world:
        under_way = world.call()
        await asyncio.sleep(PROMPT_S / 2)
        await world.engine.hours.set("main", Override(OverrideState.EMERGENCY), "supervisor")
        later = world.call()
        await under_way.over()
        await later.over()
        assert await world.engine.hours.clear("main", "supervisor")
        after = world.call()
        await after.over()
        await world.settled()
        ended = [outcome(world, call.info.call_id) for call in (under_way, later, after)]
        assert ended == ["emergency", "emergency", "open"]
        assert world.rows("SELECT what FROM audit WHERE who = 'supervisor'") == [("hours.set",), ("hours.clear",)]
        assert not await world.engine.hours.clear("main", "supervisor")


@held
async def test_an_override_outlives_the_engine(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=SHOP) as world:
        await world.engine.hours.set("main", Override(OverrideState.CLOSED), "supervisor")
        await world.kill()
        await world.start()
        call = world.call()
        await call.over()
        await world.settled()
        assert outcome(world, call.info.call_id) == "closed"


NAMED = """\
language: en
variables: {name: Ann}
start: hello
nodes:
  hello: {say: [main.hello], next: bye}
  bye: {hangup: [system.goodbye]}
"""


class Says(LiveVoice):
    """Takes 0.2 s for a text, and speaks it or not."""

    def __init__(self, spoken: bool) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []
        self._spoken = spoken

    async def render(self, text: str, language: str) -> Prompt | None:
        self.asked.append((text, language))
        await asyncio.sleep(0.2)
        return Prompt("live.ann", language) if self._spoken else None


@pytest.mark.parametrize("spoken", [True, False])
@held
async def test_a_text_without_a_prompt_is_spoken_while_the_caller_waits_or_left_out(
    tmp_path: Path, spoken: bool
) -> None:
    voice = Says(spoken)
    found = split("main.hello", "Hello {name}", "en")
    assert isinstance(found, Split)
    known = Known(phrases={"en": {"main.hello": found.phrase}})
    async with world_in(tmp_path, flow=NAMED, known=known, voice=voice) as world:
        call = world.call()
        await call.over()
        await world.settled()
        assert voice.asked == [("Ann", "en")]
        played = 3 if spoken else 2
        assert world.record().duration_s == pytest.approx(0.2 + played * PROMPT_S)
        assert world.record().outcome is Outcome.ANSWERED


WHISPERED = """\
language: en
variables: {name: Ann}
start: boss
nodes:
  boss: {transfer: boss, whisper: [main.from], attended: true, failed: bye}
  bye: {hangup: [system.goodbye]}
"""


@pytest.mark.parametrize("spoken", [True, False])
@held
async def test_a_destination_hears_a_text_too_and_without_one_no_key_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoken: bool
) -> None:
    asked: list[Transfer] = []
    perform = MortalChannel.perform

    async def look(channel: MortalChannel, command: SwitchCommand) -> Result:
        if isinstance(command, Transfer):
            asked.append(command)
        return await perform(channel, command)

    monkeypatch.setattr(MortalChannel, "perform", look)
    found = split("main.from", "{name}", "en")
    assert isinstance(found, Split)
    known = Known(phrases={"en": {"main.from": found.phrase}})
    async with world_in(tmp_path, flow=WHISPERED, known=known, voice=Says(spoken)) as world:
        await world.call().over()
    whisper = (Prompt("live.ann", "en"),) if spoken else ()
    assert [(each.whisper, each.take_key) for each in asked] == [(whisper, "1" if spoken else "")]


FAULTY = """\
language: en
start: look
fault: sales
nodes:
  look: {branch: {call.caller == "+4930555099": bye}, otherwise: bye}
  sales: {queue: sales, failed: bye}
  bye: {hangup: [system.goodbye]}
"""


@held
async def test_a_node_that_fails_costs_one_caller_an_apology_and_no_other_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Branch.visit

    def visit(self: Branch, turn: Turn) -> Visit:
        if turn.values()["call.caller"] == "+4930555099":
            raise ZeroDivisionError("our bug")
        return looked(self, turn)

    monkeypatch.setattr(Branch, "visit", visit)
    async with world_in(tmp_path, agent("anna"), flow=FAULTY) as world:
        await world.log_in("anna")
        calls = [
            world.switch.place_call(CallerScript("100", steps, caller=caller))
            for caller, steps in (("+4930555001", ()), ("+4930555099", (Wait(30.0), HangUp())), ("+4930555002", ()))
        ]
        for call in calls:
            await call.over()
        await world.settled()
        ends = [outcome(world, call.info.call_id) for call in calls]
        assert ends == ["completed", "fault", "completed"]
        unlucky = next(record for record in world.records() if record.caller == "+4930555099")
        assert (unlucky.outcome, unlucky.agent_id, unlucky.last_node) == (Outcome.ANSWERED, "anna", "sales")
        assert unlucky.talk_s > 20
        assert adds_up(unlucky)
        assert all(world.kinds(call.info.call_id).count("fault") == (call is calls[1]) for call in calls)
