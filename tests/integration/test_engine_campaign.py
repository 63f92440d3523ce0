"""Campaigns of a real engine on a real Asterisk: every outcome true, every order in time."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.conftest import OpenHouse
from tests.integration.harness import Plan, number

pytestmark = pytest.mark.asterisk

TRUTH = {
    **dict.fromkeys((0, 1, 2, 3), "answered"),
    **{4: "machine", 5: "busy", 6: "no_answer", 7: "congestion", 8: "unallocated", 9: "no_answer"},
}


async def test_two_hundred_calls_by_last_digit(house_of: OpenHouse) -> None:
    """20 calls of each kind; the checker holds each record against the callee's own messages."""
    plan = Plan(agents=14, lines=20, calls_per_second=12, detect_machine=True, talk_ms=(2500, 3000))
    async with house_of(plan) as house:
        await house.start_engine()
        await house.log_in()
        await house.start_campaign("all", [number(index, index % 10) for index in range(200)])
        await house.campaign_over("all", 120)
        found = Counter((int(str(row["called"])[-1]), row["outcome"]) for row in house.records())
        assert found == dict.fromkeys(TRUTH.items(), 20)
        assert Counter(house.invited()) == {number(index, index % 10): 1 for index in range(200)}
        people = house.records("agent_id IS NOT NULL")
        assert {str(row["called"])[-1] for row in people} == {"0", "1", "2"}
        assert len(people) == 60 and all(float(str(row["connect_s"])) <= 1.8 for row in people)
        assert house.broken() == []
        assert house.complaints() == []
