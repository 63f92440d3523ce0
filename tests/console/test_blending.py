"""An hour of a whole floor: callers first, outbound fills, campaigns share by weight, skills decide who gets what."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from calls.causes import Outcome
from calls.records.database import open_readonly
from calls.records.store import CallRecord, Direction
from calls.settings import AgentSettings, QueueSettings
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.callers import Hear, Press
from calls.switch.loopback.diary import Seen
from dialer.proof.judge import judge
from tests.console.held_time import held
from tests.console.world import World, agent, world_in

HOUR_S = 3600.0
CALLER_EVERY_S = 97.0
CALLER_TALKS_S = 60.0
PERSON_TALKS_S = 110.0
GERMANS = ("dora", "emil")
AGENTS = ("anna", "ben", "carl", *GERMANS)

PEOPLE = (Callee(answer_after_s=3.0, talk_s=PERSON_TALKS_S), Callee(), Callee(refuses_with=17))
"""One in three answers, one does not, one is busy."""

SLACK_S = 0.2
"""From a caller's key to the queue, and from a commit to the look after it."""


def staff() -> list[AgentSettings]:
    skilled = [agent(name).model_copy(update={"skills": {"german": 7}}) for name in GERMANS]
    return [*(agent(name) for name in AGENTS if name not in GERMANS), *skilled]


@dataclass(frozen=True, slots=True)
class Hour:
    """What stands in the records after it."""

    inbound: list[CallRecord]
    outbound: list[CallRecord]
    begun_at: list[datetime]
    """When each attempt was begun."""
    worked_s: dict[str, float]
    """Seconds in talks and wrap-ups, by agent."""


async def caller(world: World) -> None:
    """Somebody calls, waits for as long as it takes, and talks."""
    call = world.call(Hear("main.menu"), Press("2"))
    diary = world.switch.diary
    await world.until(lambda: bool(diary.of(call.info.call_id, Seen.MEET)), 600.0, every_s=0.5)
    await asyncio.sleep(CALLER_TALKS_S)
    call.far_hangs_up()


async def campaigns(world: World) -> None:
    """Three of them over lists that last longer than the hour."""
    for place, (name, keys) in enumerate(
        {
            "heavy": {"weight": "30"},
            "light": {"weight": "10"},
            "deutsch": {"weight": "10", "skills": "{german = 5}"},
        }.items()
    ):
        numbers = [f"+1202{555 + place}{index:04d}" for index in range(100, 600)]
        for index, number in enumerate(numbers):
            world.switch.meet(number, PEOPLE[index % 3])
        await world.campaign(*numbers, campaign_id=name, **keys)


async def hour(world: World) -> Hour:
    await world.log_in(*AGENTS)
    await campaigns(world)
    async with asyncio.TaskGroup() as callers:
        for _ in range(int(HOUR_S / CALLER_EVERY_S)):
            callers.create_task(caller(world))
            await asyncio.sleep(CALLER_EVERY_S)
    for each in world.engine.status().campaigns:
        assert each.state == "running", each
    world.engine.dialled.drain()
    await world.settled()
    records = world.records()
    begun = [datetime.fromisoformat(str(at)) for (at,) in world.rows("SELECT intended_at FROM attempts ORDER BY 1")]
    worked = world.rows(
        "SELECT agent_id, sum(duration_s) FROM agent_states WHERE state IN ('talking', 'wrap_up') GROUP BY agent_id"
    )
    return Hour(
        [each for each in records if each.direction is Direction.INBOUND],
        [each for each in records if each.direction is Direction.OUTBOUND],
        begun,
        {str(agent_id): float(str(seconds)) for agent_id, seconds in worked},
    )


def waits(record: CallRecord) -> tuple[datetime, datetime]:
    """From when to when a caller waited for an agent."""
    begins = record.started_at + timedelta(seconds=record.menu_s)
    return begins, begins + timedelta(seconds=record.wait_s or 0.0)


@held
async def test_callers_first_and_outbound_fills(tmp_path: Path) -> None:
    patient = {"queues": (QueueSettings(name="sales", max_wait_s=300),)}
    async with world_in(tmp_path, *staff(), outside=patient) as world:
        seen = await hour(world)
        assert len(seen.inbound) == int(HOUR_S / CALLER_EVERY_S)
        assert {record.outcome for record in seen.inbound} == {Outcome.ANSWERED}
        talks = [record for record in seen.outbound if record.agent_id is not None]

        # callers first: nobody was dialled while one waited, and none waited past the end of the first talk
        for record in seen.inbound:
            since, until = waits(record)
            slack = timedelta(seconds=SLACK_S)
            assert not [at for at in seen.begun_at if since + slack < at < until], record
            assert (record.wait_s or 0.0) <= PERSON_TALKS_S, record

        # outbound fills: what callers leave of the agents' hour is worked
        share = sum(seen.worked_s.values()) / (len(AGENTS) * HOUR_S)
        assert share >= 0.75, f"agents worked {share:.0%} of the hour"
        assert len(talks) > 2 * len(seen.inbound)

        # by weight: 30 to 10 of what the two that all agents serve got
        count = Counter(str(record.campaign_id) for record in talks)
        assert 0.65 <= count["heavy"] / (count["heavy"] + count["light"]) <= 0.85, count

        # skills: who wants German has an agent with German, and gets some
        assert {record.agent_id for record in talks if record.campaign_id == "deutsch"} == set(GERMANS)
        assert {record.agent_id for record in talks if record.campaign_id == "heavy"} >= {"anna", "ben", "carl"}

        # nobody has two calls at a time, and no rule was broken
        for name in AGENTS:
            own = sorted((r for r in (*talks, *seen.inbound) if r.agent_id == name), key=lambda r: r.ended_at)
            for before, after in pairwise(own):
                assert after.ended_at - timedelta(seconds=after.talk_s) >= before.ended_at - timedelta(seconds=0.1)
        with closing(open_readonly(world.settings.engine.database)) as db:
            for name in ("heavy", "light", "deutsch"):
                assert judge(db, name, world.engine.clock.now()).breaches == [], name
