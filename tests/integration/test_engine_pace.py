"""Predictive pacing for an hour on a real Asterisk: the cap is kept, and the simulator foresees the occupancy."""

from __future__ import annotations

import pytest

from tests.bench.live_pace import PLAN, campaign, report
from tests.integration.conftest import OpenHouse

HOUR_S = 3600.0


@pytest.mark.soak
@pytest.mark.asterisk
async def test_an_hour_of_25_agents_keeps_the_cap_and_is_as_forecast(house_of: OpenHouse) -> None:
    async with house_of(PLAN) as house:
        found = await campaign(house, HOUR_S)
    said = "\n".join(report(found))
    assert found.broken == (), said
    assert found.keeps_the_cap, said
    assert found.runs.covers(found.occupancy), said
