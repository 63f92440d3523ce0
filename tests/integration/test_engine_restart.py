"""A restart of the engine under live calls: talks go on, agents are kept, nobody hears silence."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.demo.sipp import CallerScript, Press
from tests.integration.conftest import OpenHouse
from tests.integration.harness import DEADLINE_S, HEARD, SORRY, House, number
from tests.integration.premises import Plan

pytestmark = pytest.mark.asterisk

TALK_S = 16.0
"""Longer than a kill and a restart take, also on a machine that does much else."""


def _talkers(house: House) -> dict[str, str | None]:
    """Whom each agent talks to, by the store."""
    rows = house.rows("SELECT agent_id, call_id FROM live_calls WHERE agent_id IS NOT NULL")
    return {str(row["agent_id"]): str(row["call_id"]) for row in rows}


async def talkers(house: House, count: int) -> dict[str, str | None]:
    """The same when ``count`` calls talk, which the engine says before it is in the store."""
    await house.calls_in("talk", count)
    await house.happens(lambda: len(_talkers(house)) == count, f"{count} talks are in the store")
    return _talkers(house)


async def test_talks_live_on_and_end_with_records(house_of: OpenHouse) -> None:
    """Two dialled and two inbound talks, killed under: they end by themselves, and their agents take calls again."""
    talk_ms = round(TALK_S * 1000)
    async with house_of(Plan(agents=4, talk_ms=(talk_ms, talk_ms))) as house:
        await house.start_engine()
        await house.log_in()
        script = CallerScript("1000", (Press(0.7, "1"),), hang_up_at_s=TALK_S)
        stays = await house.caller(replace(script, hang_up_at_s=None))
        (talker,) = await talkers(house, 1)
        callers = [stays, await house.caller(script)]
        await house.start_campaign("talks", [number(0, 0), number(1, 1)])
        talks, legs = await talkers(house, 4), len(house.phones.events)
        await house.kill_engine()
        await house.start_engine()
        status = await house.status()
        assert status is not None
        assert {agent.id: agent.call_id for agent in status.agents if agent.state == "talking"} == talks
        assert len(talks) == len(status.calls) == 4, "a talk did not live on"

        await house.order(f"/v1/agents/{talker}/end-call")
        assert all([await caller.wait(DEADLINE_S) for caller in callers]), [caller.trouble for caller in callers]
        assert [each.event for each in stays.events] == ["answered", "keyed_1", "ended_by_switch"]
        await house.all_ready()
        await house.campaign_over("talks")
        ends = [each.event for each in house.callees.events if each.event in ("hangs_up", "ended_by_switch")]
        assert ends == ["hangs_up", "hangs_up"]
        records = {str(row["agent_id"]): row for row in house.records()}
        assert {agent: row["call_id"] for agent, row in records.items()} == talks
        for row in records.values():
            assert row["outcome"] == "answered"
            least_s = 1.0 if row["agent_id"] == talker else TALK_S - 1.0
            assert float(str(row["talk_s"])) > least_s, "the part before the restart is missing"

        again = await house.caller(CallerScript("1000", (Press(0.7, "1"),), hang_up_at_s=3.0))
        await house.calls_in("talk", 1)
        assert await again.wait(DEADLINE_S)
        await house.all_ready()
        await house.happens(lambda: len(house.records()) == 5, "the last record is written")
        assert len(house.phones.events) == legs, "nailed-up legs were ended or rung again"
        assert house.broken() == []
        assert house.complaints() == []


async def test_callers_in_the_menu_hear_the_fallback(house_of: OpenHouse) -> None:
    """The engine dies under three callers: each hears the dialplan's word, byte by byte, and has one record."""
    async with house_of(Plan(agents=0)) as house:
        await house.start_engine()
        async with house.callers("1000", 3) as callers:
            await house.calls_in("menu", 3)
            await house.kill_engine()
            for caller in callers:
                await caller.until_heard(HEARD)
                async with asyncio.timeout(DEADLINE_S):
                    await caller.ended.wait()
        await house.start_engine()
        await house.happens(lambda: len(house.records()) == 3, "three records")
        assert [row["outcome"] for row in house.records()] == ["lost"] * 3
        assert house.rows("SELECT * FROM live_calls") == []
        assert house.broken() == []
        assert house.complaints() == []


async def test_phones_that_ring_are_taken_over(house_of: OpenHouse) -> None:
    """Killed while two people's phones ring: they answer after the restart, and meet an agent as if nothing were."""
    async with house_of(Plan(agents=2, ring_ms=(10_000, 10_000), ring_timeout_s=30.0, talk_ms=(1500, 2000))) as house:
        await house.start_engine()
        await house.log_in()
        leads = [number(0, 0), number(1, 1)]
        await house.start_campaign("ring", leads)
        await house.happens(
            lambda: sum(each.event == "ringing" for each in house.callees.events) == 2, "both phones ring"
        )
        await house.kill_engine()
        await house.start_engine()
        assert not any(each.event == "answered" for each in house.callees.events), "too late: the test is void"
        await house.campaign_over("ring")
        assert {(row["outcome"], row["agent_id"] is not None) for row in house.records()} == {("answered", True)}
        assert [each.event for each in house.callees.events if "ed_by" in each.event] == []
        assert house.rung() == 2
        assert house.broken() == []
        assert house.complaints() == []


async def test_dialled_talks_that_outlive_the_engine_end_from_the_agents_side(house_of: OpenHouse) -> None:
    """One agent's leg ends, one person is put out of the room: no apology, and each has one whole record."""
    async with house_of(Plan(agents=2, talk_ms=(60_000, 60_000))) as house:
        await house.start_engine()
        await house.log_in()
        await house.start_campaign("talks", [number(0, 0), number(1, 1)])
        talks = await talkers(house, 2)
        await house.kill_engine()
        await house.start_engine()
        legs = {str(row["agent_id"]): str(row["leg_id"]) for row in house.rows("SELECT * FROM agent_legs")}
        channels = await house.channels()
        ended, put_out = sorted(talks)
        await house.pbx.cli(f"channel request hangup {channels[legs[ended]]}")
        await house.pbx.cli(f"confbridge kick cw-{legs[put_out]} {channels[str(talks[put_out])]}")
        await house.campaign_over("talks")
        ends = [each.event for each in house.callees.events if each.event in ("hangs_up", "ended_by_switch")]
        assert ends == ["ended_by_switch"] * 2
        records = {str(row["agent_id"]): row for row in house.records()}
        assert {agent: row["call_id"] for agent, row in records.items()} == talks
        for row in records.values():
            assert (row["outcome"], row["abandoned"]) == ("answered", 0)
            assert float(str(row["talk_s"])) > 1.0 and row["billed_s"] == pytest.approx(row["talk_s"])
        await house.all_ready()
        assert house.fallen_back() == [], "the dialplan apologised"
        assert house.broken() == []
        assert house.complaints() == []


async def test_who_answers_while_the_engine_is_down_is_abandoned(house_of: OpenHouse) -> None:
    """One has heard the apology and gone before the restart; one hears it still when we are back."""
    plan = Plan(agents=2, ring_ms=(1500, 1500), talk_ms=(500, 500), machine_ms=60_000, ring_timeout_s=20.0)
    async with house_of(plan) as house:
        (house.folder / "sorry.ulaw").write_bytes(SORRY * 200)
        await house.start_engine()
        await house.log_in()
        gone, stays = number(0, 0), number(1, 4)
        await house.start_campaign("alone", [gone, stays])
        await house.happens(
            lambda: sum(each.event == "ringing" for each in house.callees.events) == 2, "both phones ring"
        )
        await house.kill_engine()
        assert not any(each.event == "answered" for each in house.callees.events), "too late: the test is void"
        await house.happens(lambda: any(each.event == "hangs_up" for each in house.callees.events), "one has gone")
        await house.start_engine()
        (attempt,) = house.rows("SELECT attempt_id FROM attempts WHERE number = ?", stays)
        await house.pbx.cli(f"channel request hangup {(await house.channels())[str(attempt['attempt_id'])]}")
        await house.campaign_over("alone")
        assert {row["called"]: (row["outcome"], row["abandoned"]) for row in house.records()} == {
            gone: ("lost", 1),
            stays: ("abandoned", 1),
        }
        doubts = house.rows("SELECT call_id FROM call_events WHERE kind = 'doubt'")
        assert len(doubts) == 2
        shown = await house.campaign("alone")
        assert shown is not None and (shown.answered, shown.abandoned) == (2, 2)
        assert house.broken() == []
        assert house.complaints() == []
