"""A callback of a real engine on a real Asterisk: asked for by key, kept, dialled and connected."""

from __future__ import annotations

import pytest

from console.demo.sipp import CallerScript, Press
from tests.integration.conftest import OpenHouse
from tests.integration.harness import number
from tests.integration.premises import Plan

pytestmark = pytest.mark.asterisk


async def test_a_caller_is_called_back_as_soon_as_an_agent_is_there(house_of: OpenHouse) -> None:
    """Nobody is logged in when it is asked for; the engine is killed before somebody is."""
    person = number(0, 1)
    async with house_of(Plan(agents=1)) as house:
        await house.start_engine()
        await house.caller(CallerScript("3000", (Press(2.0, "1"),), caller=person))
        await house.happens(lambda: bool(house.rows("SELECT 1 FROM callbacks")), "the request is kept")
        await house.until(lambda status: not status.calls, "the caller has hung up")
        assert house.invited() == []

        await house.kill_engine()
        await house.start_engine()
        await house.log_in()
        await house.happens(lambda: house.invited() == [person], "the person is called back")
        talked = "direction = 'outbound' AND agent_id IS NOT NULL"
        await house.happens(lambda: bool(house.records(talked)), "the talk is over")
        (record,) = house.records("direction = 'outbound'")
        assert (record["called"], record["outcome"], record["agent_id"]) == (person, "answered", "agent0")
        assert float(str(record["talk_s"])) > 0.3
        (request,) = house.rows("SELECT number, state, tries FROM callbacks")
        assert request == {"number": person, "state": "reached", "tries": 1}
        assert house.complaints() == []
