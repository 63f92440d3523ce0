"""Answers by voice on the whole engine: what is heard leads on, and stands in the record and the metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.switch.loopback.callers import HangUp, Hear, Press, Speak, Step, Wait
from console.engine.metrics import exposition
from tests.console.held_time import held
from tests.console.world import PROMPT_S, World, world_in
from tests.ivr.speech.inline import InlineRecognition

FLOW = """\
language: en
start: menu
nodes:
  menu:
    menu: [main.menu, main.menu]
    keys: {"1": sales, "2": hours}
    phrases: {sales: {en: [sales]}, hours: {en: [opening hours]}}
    first_key: 3s
    noinput: [main.again]
    failed: none
  sales: {hangup: [main.sales], outcome: sales}
  hours: {hangup: [main.hours], outcome: hours}
  none: {hangup: [main.none], outcome: none}
"""


def heard(world: World) -> list[str]:
    return [entry.detail.split()[0] for entry in world.switch.diary.entries if entry.seen.value == "prompt"]


async def outcome(world: World, *steps: Step) -> str:
    """The outcome of a call whose caller does ``steps``; "" where it came to none."""
    call = world.call(*steps, Wait(60.0))
    await call.over()
    await world.settled()
    found = [event.detail for event in world.events(world.record().call_id) if event.kind == "outcome"]
    return str(found[-1]["outcome"]) if found else ""


@held
async def test_what_is_said_is_where_the_call_goes(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=FLOW) as world:
        assert world.recognition.languages == frozenset({"en"})
        assert await outcome(world, Wait(2.0), Speak(1.0, "opening hours")) == "hours"
        (call,) = world.records()
        (choice,) = [event.detail for event in world.events(call.call_id) if event.kind == "choice"]
        assert (choice["by"], choice["words"], choice["to"]) == ("speech", "opening hours", "hours")
        assert not choice["barged_in"]
        text = exposition(world.engine)[0].decode()
        assert 'callwright_spoken_answers_total{answer="heard"} 1.0' in text
        assert "callwright_speech_decision_seconds_count 1.0" in text
        assert "callwright_speech_workers 1.0" in text
        assert 'callwright_speech_held_off{language="en"} 0.0' in text
        assert "callwright_heard_audio_seconds_total" in text


@held
async def test_who_speaks_into_the_prompts_stops_them(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=FLOW) as world:
        assert await outcome(world, Wait(0.1), Speak(0.6, "sales")) == "sales"
        assert heard(world) == ["main.menu", "main.sales"]
        (call,) = world.records()
        (choice,) = [event.detail for event in world.events(call.call_id) if event.kind == "choice"]
        assert choice["barged_in"]
        assert call.duration_s < 0.7 + 0.8 + PROMPT_S + 0.2


@held
async def test_keys_are_taken_where_nobody_understands(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=FLOW) as world:
        world.recognition.problem = "no process is up"
        assert await outcome(world, Wait(2.0), Speak(1.0, "sales"), Press("2")) == "hours"
        world.recognition.is_held_off = True
        text = exposition(world.engine)[0].decode()
        assert 'callwright_keys_only_total{reason="unavailable"} 1.0' in text
        assert 'callwright_speech_held_off{language="en"} 1.0' in text


@held
async def test_a_caller_whom_a_crash_cut_off_is_asked_for_keys(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=FLOW) as world:
        world.loop.call_later(2.0, InlineRecognition.break_off, world.recognition)
        steps = (Wait(1.5), Speak(1.5, "sales"), Hear("system.keys_only", whole=True), Wait(1.5), Press("1"))
        assert await outcome(world, *steps) == "sales"
        (call,) = world.records()
        assert [event.detail["reason"] for event in world.events(call.call_id) if event.kind == "deaf"] == ["crashed"]


@pytest.mark.parametrize("steps", [(Wait(2.0), Speak(0.4)), (Wait(2.0), Speak(1.0, "well")), (Wait(0.2),)])
@held
async def test_a_hang_up_while_it_is_listened_ends_the_call_with_a_record(
    tmp_path: Path, steps: tuple[Step, ...]
) -> None:
    async with world_in(tmp_path, flow=FLOW) as world:
        assert await outcome(world, *steps, HangUp()) == "hung_up"
        assert world.recognition.opened == world.recognition.closed > 0


@held
async def test_a_flow_of_keys_alone_starts_nothing(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        assert world.recognition.languages == frozenset()
        await outcome(world, Wait(2.0), Press("1"))
        assert world.recognition.opened == 0
