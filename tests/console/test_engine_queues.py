"""Waiting for an agent on the whole engine: what callers are told, and the ways out of a queue."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from calls.overrides import Override, OverrideState
from calls.settings import AgentSettings, QueueSettings
from calls.switch.loopback.callers import Hear, Press, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.port import Prompt
from console.engine.voice import LiveVoice
from ivr.check import Known
from prompts.phrases import Split, split
from tests.console.held_time import NOON, held
from tests.console.world import World, agent, world_in

FLOW = """\
language: en
start: wait
nodes:
  wait:
    queue: sales
    announce: [queue.place, queue.wait]
    announce_every: 10s
    keys: {"1": out}
    failed: failed
    timeout: late
    nobody: nobody
    closed: closed
    full: full
    next: bye
  out: {hangup: [main.out], outcome: out}
  late: {hangup: [main.late], outcome: late}
  nobody: {hangup: [main.nobody], outcome: nobody}
  closed: {hangup: [main.closed], outcome: closed}
  full: {hangup: [main.full], outcome: full}
  failed: {hangup: [main.failed], outcome: failed}
  bye: {hangup: [main.bye], outcome: bye}
"""


def texts() -> Known:
    """The announcements, with their places for values."""
    phrases = {}
    for key, text in (
        ("queue.place", "You are number {queue_position:number}"),
        ("queue.wait", "It takes about {queue_wait_s:duration}"),
    ):
        found = split(key, text, "en")
        assert isinstance(found, Split)
        phrases[key] = found.phrase
    return Known(phrases={"en": phrases})


def queues(**more: object) -> dict[str, object]:
    return {"queues": (QueueSettings.model_validate({"name": "sales", "max_wait_s": 90, **more}),)}


def skilled(agent_id: str, **skills: int) -> AgentSettings:
    return agent(agent_id).model_copy(update={"skills": skills})


def heard(world: World, call_id: str) -> list[str]:
    return [entry.detail.removesuffix(" en") for entry in world.switch.diary.of(call_id, Seen.PROMPT)]


def outcome(world: World, call_id: str) -> object:
    return next(event.detail["outcome"] for event in world.events(call_id) if event.kind == "outcome")


class Speaks(LiveVoice):
    """Every text is there at once."""

    async def render(self, text: str, language: str) -> Prompt | None:
        return Prompt(text.replace(" ", "_"), language)


@held
async def test_callers_hear_their_place_as_it_changes_and_a_wait_once_it_is_known(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, known=texts(), outside=queues(), voice=Speaks()) as world:
        await world.log_in("ann")
        first = world.call(Hear("main.bye"))
        second = world.call(Wait(25.0), Press("1"))
        await asyncio.sleep(1.0)
        third = world.call(Wait(24.0), Press("1"))
        await second.over()
        await third.over()
        first.far_hangs_up()
        await world.settled()
        told = [event.detail["notice"] for event in world.events(third.info.call_id) if "notice" in event.detail]
        assert told == [{"WaitTold": {"position": 2, "wait_s": None}}] * 3
        assert outcome(world, second.info.call_id) == outcome(world, third.info.call_id) == "out"
        kept = [event for event in world.events(third.info.call_id) if event.kind == "queue_left"]
        assert [event.detail["reason"] for event in kept] == ["keys"]
        assert "It_takes_about" not in heard(world, third.info.call_id), "what nobody knows is not said"
        assert world.replayed(third.info.call_id).departure is None


@pytest.mark.parametrize("at_s", [0.2, 0.7, 5.0, 10.2])
@held
async def test_a_key_leads_out_at_any_moment_of_the_wait(tmp_path: Path, at_s: float) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=queues()) as world:
        await world.log_in("ann")
        busy = world.call()
        await asyncio.sleep(0.1)
        call = world.call(Wait(at_s), Press("9"), Wait(0.05), Press("1"))
        await call.over()
        busy.far_hangs_up()
        await world.settled()
        assert outcome(world, call.info.call_id) == "out"
        record = next(each for each in world.records() if each.call_id == call.info.call_id)
        assert record.wait_s == pytest.approx(at_s + 0.05, abs=0.3)
        assert not record.abandoned


@held
async def test_a_full_queue_takes_no_more(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=queues(max_waiting=1)) as world:
        await world.log_in("ann")
        calls = []
        for _ in range(3):
            calls.append(world.call())
            await asyncio.sleep(0.5)
        await calls[2].over()
        for call in calls:
            call.far_hangs_up()
        await world.settled()
        assert outcome(world, calls[2].info.call_id) == "full"
        assert outcome(world, calls[1].info.call_id) == "abandoned"


@held
async def test_who_waits_when_the_hours_end_is_led_on_at_that_minute(tmp_path: Path) -> None:
    ends = (NOON + timedelta(minutes=2)).strftime("%H:%M")
    hours = queues(hours={"mon-sun": f"00:00-{ends}"}, max_wait_s=600)
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=hours) as world:
        await world.log_in("ann")
        busy = world.call()
        await asyncio.sleep(0.1)
        call = world.call()
        await call.over()
        assert world.engine.clock.now() == pytest.approx(NOON + timedelta(minutes=2), abs=timedelta(seconds=2))
        late = world.call()
        await late.over()
        busy.far_hangs_up()
        await world.settled()
        assert [outcome(world, each.info.call_id) for each in (call, late)] == ["closed", "closed"]


@held
async def test_a_supervisor_closes_a_queue_by_its_override(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=queues(override="main", max_wait_s=600)) as world:
        await world.log_in("ann")
        busy = world.call()
        await asyncio.sleep(0.1)
        call = world.call()
        await asyncio.sleep(1.0)
        await world.engine.hours.set("main", Override(OverrideState.EMERGENCY), "supervisor")
        async with asyncio.timeout(62):
            await call.over()
        busy.far_hangs_up()
        await world.settled()
        assert outcome(world, call.info.call_id) == "closed"


NEEDS = "    skills: [german]\n    level: 5\n    widen_after: 20s\n"
SKILLED = FLOW.replace("    announce_every", f"{NEEDS}    announce_every")


@held
async def test_a_skilled_caller_waits_for_the_skill_and_takes_less_of_it_later(tmp_path: Path) -> None:
    people = (agent("ann"), skilled("ben", german=2))
    async with world_in(tmp_path, *people, flow=SKILLED, outside=queues()) as world:
        await world.log_in("ann", "ben")
        call = world.call()
        await asyncio.sleep(19.0)
        assert world.state("ann") == world.state("ben") == "ready"
        await world.until(lambda: world.state("ben") == "talking", 2.0)
        call.far_hangs_up()
        await world.settled()
        assert world.record().agent_id == "ben"


BACK = """\
language: en
start: wait
nodes:
  wait: {queue: sales, keys: {"1": info}, failed: bye}
  info: {say: [main.info], next: wait}
  bye: {hangup: []}
"""


@held
async def test_who_leaves_the_queue_and_comes_back_has_the_old_place(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=BACK, outside=queues()) as world:
        await world.log_in("ann")
        busy = world.call()
        await asyncio.sleep(0.1)
        first = world.call(Wait(5.0), Press("1"))
        await asyncio.sleep(1.0)
        second = world.call()
        await asyncio.sleep(10.0)
        (queue,) = world.engine.floor.view().queues
        assert [call.call_id for call in queue.waiting] == [first.info.call_id, second.info.call_id]
        for call in (busy, first, second):
            call.far_hangs_up()
        await world.settled()
