"""Calling back on the whole engine: the place is kept, the person is dialled when an agent is there, and reached."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from calls.callbacks import CallbackSettings
from calls.causes import Outcome
from calls.errors import RecordError
from calls.people import do_not_call
from calls.records.store import Direction
from calls.settings import QueueSettings
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import CallerScript, Hear, Press, Wait
from calls.switch.loopback.diary import Seen
from dialer import callbacks as requests_of_dialer
from tests.console.held_time import NOON, held
from tests.console.world import World, agent, world_in

FLOW = """\
language: en
start: wait
nodes:
  wait: {queue: sales, keys: {"1": back}, failed: none, nobody: back, next: bye}
  back: {callback: sales, failed: none, next: bye}
  later: {callback: sales, at: '"2026-12-01T09:30"', failed: none, next: bye}
  none: {hangup: [main.none], outcome: none}
  bye: {hangup: [main.bye], outcome: bye}
"""


def settings(**more: object) -> dict[str, object]:
    given = {"trunk": "loop", "caller_id": "+12025550100", "preset": "demo", "countries": ("US", "DE"), **more}
    return {
        "callbacks": CallbackSettings.model_validate(given),
        "queues": (QueueSettings(name="sales", max_wait_s=600),),
    }


def rings(world: World, number: str, *steps: object, called: str = "100") -> LoopbackCall:
    return world.switch.place_call(CallerScript(called, steps, caller=number))  # type: ignore[arg-type]


def asks(world: World, number: str) -> LoopbackCall:
    """A caller who waits, presses 1, and confirms the number."""
    return rings(world, number, Wait(1.0), Press("1"), Hear("system.callback_confirm", whole=True), Press("1"))


def requests(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT number, state, reason, tries FROM callbacks ORDER BY callback_id")


def invites(world: World) -> list[str]:
    return [entry.detail for entry in world.switch.diary.entries if entry.seen is Seen.INVITE and "+" in entry.detail]


@held
async def test_the_person_is_called_in_the_old_place_and_talks_at_once(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=settings()) as world:
        await world.log_in("ann")
        busy = rings(world, "+12025550190")
        await asyncio.sleep(0.5)
        first = asks(world, "+12025550101")
        await first.over()
        second = rings(world, "+12025550192")
        await asyncio.sleep(3.0)
        (queue,) = world.engine.floor.view().queues
        assert [call.virtual for call in queue.waiting] == [True, False], "later callers do not overtake"
        busy.far_hangs_up()
        await world.until(lambda: requests(world) == [("+12025550101", "reached", "", 1)], 60.0)
        await world.until(lambda: world.state("ann") == "talking", 10.0)
        second.far_hangs_up()
        await world.settled()
        (called,) = (each for each in world.records() if each.direction is Direction.OUTBOUND)
        assert (called.called, called.agent_id, called.outcome) == ("+12025550101", "ann", Outcome.ANSWERED)
        assert not called.abandoned
        assert called.connect_s is not None and called.connect_s < 0.5
        ((attempt, decision),) = world.rows("SELECT attempt_id, decision FROM attempts")
        assert attempt == called.call_id
        why = json.loads(str(decision))
        assert (why["callback"], why["asked_in_call"]) == (1, first.info.call_id)
        assert world.replayed(first.info.call_id).departure is None


@held
async def test_the_agent_has_what_the_caller_waited_for_over_a_crash_too(tmp_path: Path) -> None:
    """ann is ready all the time and cannot serve the caller; bob can, and comes after the engine was killed."""
    flow = FLOW.replace("queue: sales,", "queue: sales, priority: 5, skills: [german], level: 3,", 1)
    people = (agent("ann"), agent("bob").model_copy(update={"skills": {"german": 3}}))
    async with world_in(tmp_path, *people, flow=flow, outside=settings()) as world:
        await world.log_in("ann")
        await asks(world, "+12025550101").over()
        await world.until(lambda: len(requests(world)) == 1, 20.0)
        await asyncio.sleep(2.0)
        (queue,) = world.engine.floor.view().queues
        assert [(call.virtual, call.priority) for call in queue.waiting] == [(True, 5)]
        assert (invites(world), world.state("ann")) == ([], "ready")
        await world.kill()
        await world.start()
        await world.log_in("ann")
        await asyncio.sleep(2.0)
        assert (invites(world), world.state("ann")) == ([], "ready")
        await world.log_in("bob")
        await world.until(lambda: requests(world) == [("+12025550101", "reached", "", 1)], 60.0)
        await world.settled()
        assert [each.agent_id for each in world.records() if each.direction is Direction.OUTBOUND] == ["bob"]


@pytest.mark.parametrize("fault", [RecordError("the disk is full"), RuntimeError("a bug of ours")])
@held
async def test_what_fails_is_not_tried_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """An attempt that cannot be written down is not made; the agent is free meanwhile, and the place is kept."""
    begun, asked = requests_of_dialer.begin, 0

    def refuses(*given: object) -> object:
        nonlocal asked
        asked += 1
        raise fault

    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=settings()) as world:
        await asks_alone(world, "+12025550101")
        monkeypatch.setattr(requests_of_dialer, "begin", refuses)
        await world.log_in("ann")
        await asyncio.sleep(12.0)
        assert 1 <= asked <= 4
        assert (requests(world), invites(world)) == ([("+12025550101", "waiting", "", 0)], [])
        monkeypatch.setattr(requests_of_dialer, "begin", begun)
        await world.until(lambda: requests(world) == [("+12025550101", "reached", "", 1)], 60.0)
        await world.settled()


@held
async def test_who_is_busy_is_tried_again_and_then_no_more(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=settings(tries=2, retry_after_s=60)) as world:
        await asks_alone(world, "+12025550105")
        await world.log_in("ann")
        await world.until(lambda: requests(world)[0][1:] == ("closed", "busy", 2), 200.0, every_s=0.5)
        await world.settled()
        assert len(invites(world)) == 2
        assert world.state("ann") == "ready"
        assert [each.outcome for each in world.records() if each.direction is Direction.OUTBOUND] == [
            Outcome.BUSY
        ] * 2


async def asks_alone(world: World, number: str) -> str:
    """A caller asks while nobody is logged in."""
    call = rings(world, number, Hear("system.callback_confirm", whole=True), Press("1"))
    await call.over()
    return call.info.call_id


@held
async def test_another_number_is_keyed_and_a_dear_or_foreign_one_is_refused(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=settings(countries=("US",))) as world:
        keys = (Hear("system.callback_confirm"), Press("2"), Hear("system.callback_enter", whole=True))
        for keyed in ("12025550102#", "4930231250#", "112#", "19005550100#"):
            call = rings(world, "", *keys[2:], Press(keyed), Hear("system.callback_confirm"), Press("1"))
            await call.over()
        await world.settled()
        assert [row[0] for row in requests(world)] == []
        kept = [
            event.detail["failed"]
            for record in world.records()
            for event in world.events(record.call_id)
            if event.kind == "callback"
        ]
        assert set(kept) <= {"no_number", "not_allowed"}
        call = rings(world, "+12025550101", *keys, Press("+12025550102".removeprefix("+")))
        call.far_hangs_up()
        await world.settled()


@held
async def test_the_do_not_call_list_gives_way_to_a_younger_request_only(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=settings()) as world:
        clock = world.engine.clock

        async def forbid(number: str) -> None:
            entry = do_not_call.Entry(number, "file", "", clock.now(), "me")
            await world.engine.writer.run(lambda db: do_not_call.add(db, entry))

        await forbid("+12025550101")
        await asyncio.sleep(1.0)
        call_id = await asks_alone(world, "+12025550101")
        await asks_alone(world, "+12025550102")
        await asyncio.sleep(1.0)
        await forbid("+12025550102")
        await world.log_in("ann")
        await world.until(lambda: [row[1] for row in requests(world)] == ["reached", "closed"], 60.0)
        await world.settled()
        assert requests(world)[1][2] == "do_not_call"
        ((decision,),) = world.rows("SELECT decision FROM attempts")
        why = json.loads(str(decision))
        assert why["asked_in_call"] == call_id
        assert why["do_not_call"].startswith("overridden by the person's own request of 20")


@pytest.mark.parametrize("dialling", [False, True])
@held
async def test_a_request_outlives_the_engine_and_nobody_is_dialled_twice(tmp_path: Path, dialling: bool) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=settings(retry_after_s=60)) as world:
        if dialling:
            await world.log_in("ann")
            busy = rings(world, "+12025550190")
            await asyncio.sleep(0.5)
            await asks(world, "+12025550106").over()
            busy.far_hangs_up()
            await world.until(lambda: bool(invites(world)), 30.0)
        else:
            await asks_alone(world, "+12025550101")
        await world.kill()
        await world.start()
        if not dialling:
            await world.log_in("ann")
            await world.until(lambda: requests(world) == [("+12025550101", "reached", "", 1)], 60.0)
            assert len(invites(world)) == 1
        else:
            await world.until(lambda: requests(world)[0][1] != "dialling", 60.0)
            assert len(invites(world)) == 1, "the one that rang is the one attempt"
        await world.settled()
        assert world.rows("SELECT count(*) FROM attempts WHERE state <> 'done'") == [(0,)]


@held
async def test_while_the_trunks_rest_an_agent_is_not_taken_again_and_again(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=settings()) as world:
        now_s = world.engine.clock.monotonic_s()
        for gate in world.engine.dialled.core._state.rooms.gates.values():
            gate._strikes, gate._rest_until = 1, now_s + 60.0
        await asks_alone(world, "+12025550101")
        await world.log_in("ann")
        await world.until(lambda: requests(world) == [("+12025550101", "reached", "", 1)], 120.0)
        ((attempts,),) = world.rows("SELECT count(*) FROM attempts")
        assert 2 <= int(str(attempts)) <= 7


@held
async def test_an_appointment_is_kept_and_not_before(tmp_path: Path) -> None:
    flow = FLOW.replace("start: wait", "start: later").replace("2026-12-01T09:30", f"{NOON:%Y-%m-%d}T12:02")
    async with world_in(tmp_path, agent("ann"), flow=flow, outside=settings(within_s=600)) as world:
        await world.log_in("ann")
        call = rings(world, "+12025550101", Hear("system.callback_confirm", whole=True), Press("1"))
        await call.over()
        await asyncio.sleep(100.0)
        assert not invites(world)
        await world.until(lambda: requests(world)[0][1] == "reached", 200.0, every_s=0.5)
        await world.settled()
        assert world.engine.clock.now() >= NOON.replace(minute=2)


@held
async def test_a_place_that_is_not_served_in_its_window_is_closed(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=settings(within_s=30)) as world:
        await asks_alone(world, "+12025550101")
        await asyncio.sleep(32.0)
        await world.until(lambda: requests(world) == [("+12025550101", "closed", "window", 0)], 5.0)
        await world.log_in("ann")
        await asyncio.sleep(5.0)
        assert not invites(world)


@held
async def test_asked_twice_the_person_has_one_place(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=FLOW, outside=settings()) as world:
        await asks_alone(world, "+12025550101")
        await asks_alone(world, "+12025550101")
        await asyncio.sleep(1.0)
        assert len(requests(world)) == 1
        (queue,) = world.engine.floor.view().queues
        assert len(queue.waiting) == 1
