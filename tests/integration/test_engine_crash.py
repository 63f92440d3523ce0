"""kill -9 of a real engine: nobody is dialled twice, no record is missing, calls and agents live on."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.conftest import OpenHouse
from tests.integration.harness import House, number
from tests.integration.premises import Plan

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

STEPS = ("attempt.before_commit", "attempt.after_commit", "attempt.after_send", "attempt.after_response")
DIGITS = (0, 6, 3, 5, 1, 8, 9)
"""People, and refusals that cost no time: after a 503 the trunk rests."""

FAST = Plan(
    agents=4, lines=4, settle_s=0.2, ring_ms=(50, 400), talk_ms=(200, 1200), ring_timeout_s=1.0, machine_ms=800
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(house_of: OpenHouse) -> AsyncIterator[House]:
    """One call centre for all kills: the agents are logged in once, and kept by every restart."""
    async with house_of(FAST) as opened:
        await opened.start_engine()
        await opened.log_in()
        await opened.kill_engine()
        yield opened


async def die_again_and_again(house: House, step: str, kills: int, first: int) -> None:
    """Kill the engine ``kills`` times at ``step`` of a campaign, then let it finish what is left."""
    name = f"kill-{first}"
    leads = [number(first + index, DIGITS[index % len(DIGITS)]) for index in range(5 * kills)]
    for kill in range(kills):
        await house.start_engine(f"{step}:{1 + kill % 2}", ready=kill == 0)
        if kill == 0:
            await house.start_campaign(name, leads, may_die=True)
        assert await house.engine_dead() == -signal.SIGKILL
        house.fault()
    legs = len(house.phones.events)
    await house.start_engine()
    await house.campaign_over(name)
    await house.kill_engine()
    assert len(house.phones.events) == legs, "agents' legs were rung again"
    assert house.broken() == []
    assert house.complaints() == []
    ours = [each for each in house.invited() if each in leads]
    records = house.records("campaign_id = ?", name)
    assert Counter(str(row["called"]) for row in records) == dict.fromkeys(leads, 1)
    lost = [str(row["called"]) for row in records if row["outcome"] == "lost"]
    assert set(leads) - set(ours) <= set(lost), "a number that was not dialled is not lost"
    assert len(lost) <= kills * FAST.lines


@pytest.mark.parametrize("step", STEPS)
async def test_killed_three_times_at(house: House, step: str) -> None:
    await die_again_and_again(house, step, 3, first=100 * STEPS.index(step))


@pytest.mark.soak
@pytest.mark.parametrize("step", STEPS)
async def test_killed_fifty_times_at(house: House, step: str) -> None:
    await die_again_and_again(house, step, 50, first=1000 + 1000 * STEPS.index(step))
