"""Campaigns of a real engine on a real Asterisk: every outcome true, every order in time."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter

import pytest

from calls.records.times import as_time
from console.engine.status import CallShown
from tests.integration.conftest import OpenHouse
from tests.integration.harness import House, number
from tests.integration.premises import Plan

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


BRISK = Plan(agents=4, lines=4, ring_ms=(50, 200), talk_ms=(500, 1200), machine_ms=800)
QUICK = (0, 3, 5, 8, 9)
"""Last digits that cost little time: after a 503 the trunk rests, and a phone that is not answered rings."""

WATCHED_S = 2.0
"""Agents are free and leads are left: a campaign that went on would dial within this."""


async def no_invite_after(house: House, since: float) -> None:
    """Nobody is invited from a second after ``since``, though the last call ends and agents are free."""
    await house.until(lambda status: not status.calls, "the calls under way end")
    await house.all_ready()
    await asyncio.sleep(WATCHED_S)
    assert time.time() > since + 1.0
    assert house.invited(since + 1.0) == []


async def test_orders_take_effect_within_a_second(house_of: OpenHouse) -> None:
    """Do-not-call entries, a pause and a stop in a campaign that runs; after each it goes on where it may."""
    async with house_of(BRISK) as house:
        await house.start_engine()
        await house.log_in()
        leads = [number(index, QUICK[index % len(QUICK)]) for index in range(55)]
        await house.start_campaign("orders", leads)

        await house.happens(lambda: len(house.invited()) >= 4, "dialling")
        await house.order("/v1/campaigns/orders/pause")
        await no_invite_after(house, time.time())
        forbidden = [lead for lead in leads if lead not in house.invited()][4:8]
        await house.forbid(forbidden[0])
        await house.order("/v1/campaigns/orders/resume")
        for lead in forbidden[1:]:
            await house.forbid(lead)

        seen = len(house.invited())
        await house.happens(lambda: len(house.invited()) > seen + 10, "it goes on")
        await house.order("/v1/campaigns/orders/stop")
        await no_invite_after(house, time.time())
        assert len(house.invited()) < len(leads) - len(forbidden), "nothing was left to dial: the test is void"

        await house.order("/v1/campaigns/orders/start")
        await house.campaign_over("orders")
        rows = house.rows("SELECT number, added_at FROM do_not_call")
        assert {row["number"] for row in rows} == set(forbidden)
        assert forbidden[0] not in house.invited(), "it was forbidden while nothing was dialled"
        assert set(leads) - set(forbidden) <= set(house.invited())
        assert house.broken() == []
        assert house.complaints() == []


async def test_sigterm_drains_and_the_campaign_goes_on_after_a_restart(house_of: OpenHouse) -> None:
    async with house_of(BRISK) as house:
        await house.start_engine()
        await house.log_in()
        leads = [number(index, QUICK[index % len(QUICK)]) for index in range(35)]
        await house.start_campaign("drained", leads)
        await house.happens(lambda: len(house.invited()) >= 8, "dialling")
        status = await house.status()
        assert status is not None and status.calls
        assert house.engine is not None
        asked = time.time()
        house.engine.send(signal.SIGTERM)
        assert await house.engine_dead(BRISK.drain_s / 2) == 0, "it ends with the last call, not at the deadline"
        assert house.invited(asked + 1.0) == []
        assert house.broken() == [], "live calls end as they would, each with its record"
        assert 8 <= len(house.invited()) < len(leads)

        await house.start_engine()
        await house.campaign_over("drained")
        assert Counter(house.invited()) == dict.fromkeys(leads, 1)
        assert house.rung() == BRISK.agents, "nailed-up legs are kept over the restart"
        assert house.broken() == []
        assert house.complaints() == []


async def test_a_second_engine_is_refused_and_harms_nothing(house_of: OpenHouse) -> None:
    async with house_of(BRISK) as house:
        await house.start_engine()
        first = house.engine
        assert first is not None
        await house.start_engine(ready=False)
        assert await house.engine_dead() > 0
        assert f"process {first.pid} is writing already" in house.log.read_text(encoding="utf-8")
        house.engine = first
        status = await house.status()
        assert status is not None and not status.not_ready
        await house.log_in()
        leads = [number(index, 3) for index in range(4)]
        await house.start_campaign("alone", leads)
        await house.campaign_over("alone")
        assert Counter(house.invited()) == dict.fromkeys(leads, 1)
        assert house.broken() == []


async def test_callers_go_first_and_the_campaign_fills_what_they_leave(house_of: OpenHouse) -> None:
    """Blended: while a caller waits nobody is dialled, before the campaign's start and in its midst."""
    async with house_of(Plan(agents=2, lines=4, ring_ms=(50, 200), talk_ms=(4000, 4500))) as house:
        await house.start_engine()
        await house.log_in()
        leads = [number(index, 0) for index in range(6)]
        async with house.callers("2000", 3) as people:
            await house.calls_in("talk", 2)
            await house.calls_in("wait", 1)
            await house.start_campaign("blend", leads)
            await asyncio.sleep(WATCHED_S)
            assert house.invited() == []
            for each in people:
                each.hang_up()
            await house.until(lambda status: all(inbound(each) == "" for each in status.calls), "they are gone")
        await house.happens(lambda: len(house.invited()) >= 2, "the campaign fills")
        await house.calls_in("talk", 2)
        async with house.callers("2000", 1) as (caller,):
            await house.until(
                lambda status: any(inbound(each) == "talk" for each in status.calls), "who waits has an agent"
            )
            caller.hang_up()
        await house.campaign_over("blend")
        (last,) = house.rows(
            "SELECT began_at, wait_s FROM contacts JOIN calls USING (call_id) WHERE direction = 'inbound'"
            " ORDER BY began_at DESC LIMIT 1"
        )
        met = as_time(str(last["began_at"])).timestamp()
        waits = met - float(str(last["wait_s"]))
        rung = [each.at_s for each in house.callees.events if each.event == "invited"]
        assert not [at for at in rung if waits + 0.5 <= at < met], "the agent who became free was the caller's"
        assert Counter(house.invited()) == dict.fromkeys(leads, 1)
        assert Counter(row["outcome"] for row in house.records("direction = 'outbound'")) == {"answered": len(leads)}
        assert all(row["agent_id"] for row in house.records("direction = 'outbound'"))
        assert house.broken() == []
        assert house.complaints() == []


def inbound(call: CallShown) -> str:
    """The phase of a caller's call; "" of one that was dialled."""
    return call.phase if call.direction == "inbound" else ""
