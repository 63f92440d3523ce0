"""A floor of 25 agents and 125 lines on a real Asterisk: every record true, every change live within a second."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from tests.integration.checker import sip_calls
from tests.integration.conftest import OpenHouse
from tests.integration.harness import House, number
from tests.integration.premises import Plan

FLOOR = Plan(
    agents=25,
    lines=125,
    calls_per_second=12,
    wrap_up_s=1.0,
    ring_timeout_s=6.0,
    ring_ms=(500, 4000),
    talk_ms=(3000, 9000),
    pacing='mode = "predictive"\ncap = 0.03',
    cap=0.03,
)
DIGITS = (0, 6, 5, 1, 6, 9, 6, 2, 8, 6)
"""Three of ten answer, and four let it ring."""

TWENTY_MINUTES_S = 1200.0

FEW_LINES = 5

CHANGED_S = 1.0
"""A change is in force by then."""


def leads(count: int) -> list[str]:
    """As many numbers, by the mix of :data:`DIGITS`."""
    return [number(index, DIGITS[index % len(DIGITS)]) for index in range(count)]


def begun_since(house: House, since: float) -> list[str]:
    """Who was invited after a change at ``since`` had its second."""
    return house.invited(since + CHANGED_S)


async def pause_and_go_on(house: House, watched_s: float) -> None:
    """Nobody is invited while it pauses."""
    await house.order("/v1/campaigns/floor/pause")
    paused = time.time()
    await asyncio.sleep(CHANGED_S + watched_s)
    assert begun_since(house, paused) == []
    await house.order("/v1/campaigns/floor/resume")
    resumed = time.time()
    await house.happens(lambda: bool(house.invited(resumed)), "it goes on")


async def narrow_and_widen(house: House) -> None:
    """With fewer lines than calls are up nobody is invited before enough of them have ended."""
    await house.change_campaign("floor", {"max_lines": FEW_LINES})
    narrowed = time.time()
    await asyncio.sleep(CHANGED_S + 3.0)
    widened = time.time()
    await house.change_campaign("floor", {"max_lines": FLOOR.lines})
    calls = sip_calls(house.callees.messages)
    for call in calls:
        if narrowed + CHANGED_S < call.begun < widened:
            up = [each for each in calls if each.begun < call.begun < (each.ended or widened)]
            assert len(up) < FEW_LINES, f"{len(up)} calls were up as {call.number} was invited"
    await house.happens(lambda: bool(house.invited(widened)), "it goes on")


async def forbid_some(house: House, people: list[str]) -> None:
    """Numbers that join the do-not-call list while the floor is busy; the checker holds the engine to it."""
    waiting = [each for each in people if each not in house.invited()]
    for each in waiting[::40]:
        await house.forbid(each)


async def run_floor(house: House, count: int, deadline_s: float) -> None:
    """A campaign of ``count`` leads from start to end, with changes while it runs."""
    people = leads(count)
    await house.start_engine()
    await house.log_in()
    await house.start_campaign("floor", people)
    await house.happens(lambda: len(house.invited()) > count // 5, "the floor is busy", deadline_s)
    await pause_and_go_on(house, 2.0)
    await narrow_and_widen(house)
    await forbid_some(house, people)
    await house.campaign_over("floor", deadline_s)
    await house.all_ready()
    forbidden = {str(row["number"]) for row in house.rows("SELECT number FROM do_not_call")}
    assert forbidden and set(people) - forbidden <= set(house.invited())
    assert house.rung() == house.plan.agents, "nailed-up legs stay from customer to customer"
    answered = [call for call in sip_calls(house.callees.messages) if call.answered is not None]
    assert len(answered) > count / 5
    assert house.broken() == []
    assert house.complaints() == []


@pytest.mark.asterisk
async def test_a_floor_of_25_agents(house_of: OpenHouse) -> None:
    async with house_of(FLOOR) as house:
        await run_floor(house, 200, 180)


@pytest.mark.soak
@pytest.mark.asterisk
async def test_a_floor_of_25_agents_for_twenty_minutes(house_of: OpenHouse) -> None:
    longer = replace(FLOOR, wrap_up_s=3.0, ring_ms=(1000, 8000), talk_ms=(8000, 20000), ring_timeout_s=12.0)
    async with house_of(longer) as house:
        began = time.monotonic()
        await run_floor(house, 6000, 2400)
        assert time.monotonic() - began > TWENTY_MINUTES_S, "too few leads for a long run"
