"""Emergencies and unwanted callers on the whole engine."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from calls.people import blocked
from calls.people.blocked import Blocked
from calls.settings import QueueSettings
from calls.switch.loopback.callers import CallerScript, Hear, Press
from tests.console.held_time import held
from tests.console.world import World, agent, world_in

GUARDED = """\
language: en
start: look
nodes:
  look: {guard: 2, within: 10m, blocked: away, next: in}
  away: {hangup: [], outcome: away}
  in: {hangup: [], outcome: in}
"""


async def outcome(world: World, number: str) -> object:
    call = world.switch.place_call(CallerScript("100", (), caller=number))
    await call.over()
    await world.settled()
    return next(event.detail["outcome"] for event in world.events(call.info.call_id) if event.kind == "outcome")


@held
async def test_who_calls_too_often_is_turned_away_and_flagged_once_a_call(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=GUARDED) as world:
        number = "+4930231250"
        assert [await outcome(world, number) for _ in range(4)] == ["in", "in", "away", "away"]
        assert await outcome(world, "+4930231251") == "in"
        assert [await outcome(world, "") for _ in range(4)] == ["in"] * 4, "who has no number is not counted"
        assert world.rows("SELECT number, what FROM flags ORDER BY at") == [
            (number, "3 calls within 600 s"),
            (number, "4 calls within 600 s"),
        ]
        assert [flag.what for flag in world.engine.status().flags] == ["3 calls within 600 s", "4 calls within 600 s"]
        await asyncio.sleep(700)
        assert await outcome(world, number) == "in"


@held
async def test_a_blocked_number_is_turned_away_until_its_time_is_over(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=GUARDED) as world:
        now = world.engine.clock.now()
        entry = Blocked("+4930231250", "threats", now + timedelta(minutes=30), now, "me")
        await world.engine.writer.run(lambda db: blocked.add(db, entry))
        assert await outcome(world, "+4930231250") == "away"
        await asyncio.sleep(1800)
        assert await outcome(world, "+4930231250") == "in"
        assert world.rows("SELECT what FROM audit WHERE who = 'me'") == [("block.add",)]


EMERGENCY = """\
language: en
start: menu
nodes:
  menu: {menu: [main.menu], keys: {"1": wait, "9": urgent}, failed: bye}
  wait: {queue: sales, priority: 100, failed: bye}
  urgent: {emergency: sales, max_wait: 5s, transfer: boss, failed: bye}
  bye: {hangup: [], outcome: bye}
"""


def queues() -> dict[str, object]:
    return {"queues": (QueueSettings(name="sales", max_wait_s=600, max_waiting=1),)}


@held
async def test_an_emergency_goes_before_all_and_into_a_full_queue(tmp_path: Path) -> None:
    flow = EMERGENCY.replace("max_wait: 5s", "max_wait: 2m")
    async with world_in(tmp_path, agent("ann"), flow=flow, outside=queues()) as world:
        await world.log_in("ann")
        calls = []
        for key in ("1", "1", "9"):
            calls.append(world.call(Hear("main.menu"), Press(key)))
            await asyncio.sleep(1.0)
        (queue,) = world.engine.floor.view().queues
        assert [each.call_id for each in queue.waiting] == [calls[2].info.call_id, calls[1].info.call_id]
        calls[0].far_hangs_up()
        await world.until(lambda: world.engine.floor.view().agents[0].call_id == calls[2].info.call_id)
        for call in calls:
            call.far_hangs_up()
        await world.settled()


@held
async def test_where_no_agent_is_there_the_destination_rings(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=EMERGENCY, outside=queues()) as world:
        call = world.call(Hear("main.menu"), Press("9"))
        await call.over()
        await world.settled()
        kinds = world.kinds(call.info.call_id)
        assert "transfer_ended" in kinds
        assert kinds.index("queue_left") < kinds.index("transfer_started")
