"""Agents who dial, on a real Asterisk: the agent is there before the person's telephone rings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from calls.errors import UserError
from console.agent_dials import PreviewShown
from tests.integration.conftest import OpenHouse
from tests.integration.harness import House, number
from tests.integration.premises import Plan

pytestmark = pytest.mark.asterisk

TALKS = 0
AT = "/v1/agents/agent0"


async def shown(house: House) -> PreviewShown:
    """What the agent looks at, as soon as there is something."""
    async with asyncio.timeout(30.0):
        while True:
            try:
                return await asyncio.to_thread(house._ask, lambda client: client.read(f"{AT}/preview", PreviewShown))
            except UserError:
                await asyncio.sleep(0.1)


async def say(house: House, path: str, order: Mapping[str, object]) -> None:
    await asyncio.to_thread(house._ask, lambda client: client.tell("POST", f"{AT}/{path}", order))


async def test_leads_are_shown_dialled_skipped_and_dialled_by_hand(house_of: OpenHouse) -> None:
    leads = [number(index, TALKS) for index in range(3)]
    by_hand = number(50, TALKS)
    async with house_of(Plan(agents=1, talk_ms=(500, 1000), pacing='mode = "preview"')) as house:
        await house.start_engine()
        await house.log_in()
        await house.start_campaign("shown", leads)
        assert (await shown(house)).number == leads[0]
        assert house.invited() == []
        await house.order(f"{AT}/preview/dial")
        await house.happens(lambda: len(house.records()) == 1, "the first call is over")
        assert (await shown(house)).number == leads[1]
        await say(house, "preview/skip", {"reason": "later"})
        assert (await shown(house)).number == leads[2]
        await house.order(f"{AT}/preview/dial")
        await house.happens(lambda: len(house.records()) == 2, "the second call is over")
        await house.all_ready()
        await say(house, "dial", {"number": by_hand})
        await house.happens(lambda: len(house.records()) == 3, "the third call is over")
        assert house.invited() == [leads[0], leads[2], by_hand]
        found = {(row["outcome"], row["agent_id"], row["abandoned"]) for row in house.records()}
        assert found == {("answered", "agent0", 0)}
        assert house.broken() == []
        assert house.complaints() == []
