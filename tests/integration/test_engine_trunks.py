"""A campaign over two trunks of a real Asterisk, of which one carrier answers everything with 503."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest

from tests.integration.conftest import OpenHouse
from tests.integration.harness import number
from tests.integration.premises import Plan
from tests.integration.raw_wire import RefusingCarrier

pytestmark = pytest.mark.asterisk

CHANGED = {
    **{"trunk": None, "trunks": '["refusing", "carrier"]'},
    **{"caller_id": None, "caller_ids": '["+12025550100", "+493023125000"]'},
    **dict.fromkeys(("per_person", "per_number", "per_day")),
}
"""Without limits of its own: another trunk is another attempt."""

AT_ONCE_S = 20.0
"""On a busy machine too."""


async def test_what_one_carrier_refuses_goes_out_over_the_other_at_once(house_of: OpenHouse) -> None:
    people = [number(index, index % 3) for index in range(12)]
    async with RefusingCarrier() as refusing, house_of(Plan(agents=3, refusing=refusing.port)) as house:
        await house.start_engine()
        await house.log_in()
        await house.start_campaign("two", people, CHANGED)
        await house.until(
            lambda status: any("carrier carries" in each.reason for each in status.campaigns), "the reason says so"
        )
        await house.campaign_over("two", 120)
        assert Counter(house.invited()) == dict.fromkeys(people, 1), "everybody's phone rang once"
        rows = house.rows(
            "SELECT number, trunk, outcome, caller_id, intended_at, ended_at FROM attempts ORDER BY intended_at"
        )
        refused = [row for row in rows if row["trunk"] == "refusing"]
        assert refused and len(refused) == len(refusing.invited)
        assert {row["outcome"] for row in refused} == {"congestion"}
        assert len(refused) < len(people), "it rests, and is tried one call at a time"
        for row in refused:
            following = next(each for each in rows if each["number"] == row["number"] and each is not row)
            waited = _at(following["intended_at"]) - _at(row["ended_at"])
            assert (following["trunk"], following["outcome"]) == ("carrier", "answered")
            assert 0 <= waited.total_seconds() <= AT_ONCE_S
        assert {row["caller_id"] for row in rows} == {"+493023125000"}, "the number of the callees' own country"
        assert {row["caller"] for row in house.records()} == {"+493023125000"}
        assert house.complaints() == []


def _at(text: object) -> datetime:
    return datetime.fromisoformat(str(text))
