"""A restart under dialled calls: who was left alone counts as abandoned, and a talk's record is whole."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calls.agents import events as ag
from calls.causes import Outcome
from calls.ids import AgentId, LegId
from calls.records.database import open_readonly
from calls.records.figure import Scope
from calls.reports.of_scope import figures_of
from dialer import roll
from tests.console.held_time import held
from tests.console.world import LONG_AGO, LONG_AHEAD, World, adds_up, agent, world_in

TALKS = "+12025550100"
"""Answers after 1 s and stays for 3 s."""


def counted(world: World) -> tuple[int, int]:
    """Answers and abandoned calls of the campaign: by the cap, by the figure of the reports, and as it is shown."""
    connection = open_readonly(world.settings.engine.database)
    try:
        campaign = next(iter(roll.states(connection)))
        stored = roll.stored(connection, campaign)
        assert stored is not None
        by_cap = roll.abandonment(connection, stored, world.engine.clock.now())
        (figure,) = figures_of(connection, Scope(LONG_AGO, LONG_AHEAD), ["abandonment_us"])
    finally:
        connection.close()
    assert by_cap == (figure.denominator, figure.numerator)
    (shown,) = world.engine.status().campaigns
    assert (shown.answered, shown.abandoned) == by_cap
    return by_cap


async def ringing(world: World) -> None:
    """One phone rings, and no agent will be there."""
    await world.log_in("anna")
    await world.campaign(TALKS)
    await world.until(lambda: world.rows("SELECT state FROM attempts") == [("intent",)])
    await world.until(lambda: any(call.direction == "outbound" for call in world.engine.status().calls))
    world.engine.floor.tell(ag.Pause(AgentId("anna"), "away"))
    await asyncio.sleep(0.2)


@held
async def test_who_answers_while_the_engine_is_down_is_abandoned(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await ringing(world)
        await world.kill()
        await asyncio.sleep(2.5)
        await world.start()
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.abandoned, record.agent_id) == (Outcome.ABANDONED, True, None)
        assert world.rows("SELECT outcome FROM attempts") == [("abandoned",)]
        assert world.kinds(record.call_id) == ["adopted", "doubt", "ended"]
        assert adds_up(record)
        assert record.duration_s == pytest.approx((record.ended_at - record.started_at).total_seconds(), abs=0.01)
        assert counted(world) == (1, 1)


@held
async def test_who_answered_and_left_while_the_engine_was_down_is_lost_and_counts(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await ringing(world)
        await world.kill()
        await asyncio.sleep(10.0)
        await world.start()
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.abandoned) == (Outcome.LOST, True)
        assert world.kinds(record.call_id) == ["doubt"]
        assert counted(world) == (1, 1)


@held
async def test_who_waited_for_an_agent_when_the_engine_died_is_abandoned(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await ringing(world)
        await world.until(lambda: world.rows("SELECT state FROM attempts") == [("live",)])
        await world.kill()
        await world.start()
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.abandoned, record.agent_id) == (Outcome.ABANDONED, True, None)
        assert adds_up(record) and counted(world) == (1, 1)


@pytest.mark.parametrize("by", ["the customer", "the agent", "us"])
@held
async def test_a_dialled_talk_has_one_whole_record(tmp_path: Path, by: str) -> None:
    """Killed in the middle of a talk, and once more: all of it counts."""
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(TALKS)
        await world.until(lambda: world.state("anna") == "talking")
        for _ in range(2):
            await asyncio.sleep(1.0)
            await world.kill()
            await world.start()
        assert world.state("anna") == "talking"
        if by == "us":
            await world.engine.end_talk(AgentId("anna"))
        elif by == "the agent":
            ((leg,),) = world.rows("SELECT leg_id FROM agent_legs")
            world.switch.agent_hangs_up(LegId(str(leg)))
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.agent_id, record.abandoned) == (Outcome.ANSWERED, "anna", False)
        least_s = 2.0 if by == "us" else 3.0
        assert record.talk_s == pytest.approx(least_s, abs=0.1)
        assert record.billed_s == pytest.approx(record.talk_s, abs=0.1)
        assert record.ring_s == pytest.approx(1.02, abs=0.1)
        assert adds_up(record) and counted(world) == (1, 0)
        await world.until(lambda: world.state("anna") == "ready")
