"""Asterisk dies or freezes under a running engine: no record is missing, nobody is dialled twice, all goes on."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import AsyncExitStack

import pytest

from tests.integration.conftest import OpenHouse
from tests.integration.harness import number
from tests.integration.premises import Plan

pytestmark = pytest.mark.asterisk

FOUND_S = 10.0
"""A frozen switch is found within this (the fault matrix)."""

RESUMED_S = 15.0
"""Dialling goes on this soon after the switch is back (the fault matrix)."""

MENU, QUEUE, INBOUND_TALK, DIALLED = 6, 4, 4, 6
AGENTS = INBOUND_TALK + DIALLED


async def test_asterisk_killed_with_twenty_calls_up(house_of: OpenHouse) -> None:
    """In the menu, in the queue, in talks, dialled; killed, and started again as its supervisor would do."""
    plan = Plan(agents=AGENTS, lines=DIALLED, talk_ms=(40_000, 40_000))
    async with house_of(plan) as house, AsyncExitStack() as stack:
        await house.start_engine()
        await house.log_in()
        leads = [number(index, index % 3) for index in range(DIALLED)]
        later = [number(100 + index, digit) for index, digit in enumerate((3, 5, 6, 8, 9) * 2)]
        await stack.enter_async_context(house.callers("2000", INBOUND_TALK))
        await house.calls_in("talk", INBOUND_TALK)
        await house.start_campaign("before", leads + later)
        await house.calls_in("talk", AGENTS)
        await stack.enter_async_context(house.callers("2000", QUEUE))
        await stack.enter_async_context(house.callers("1000", MENU))
        await house.calls_in("wait", QUEUE)
        await house.calls_in("menu", MENU)
        rung = house.rung()
        assert rung == AGENTS

        await house.kill_asterisk()
        await house.until(lambda status: bool(status.not_ready), "the loss is found", FOUND_S)
        assert house.engine_alive
        await house.pbx.start()
        back = time.time()
        await house.happens(lambda: bool(house.invited(back)), "dialling goes on", RESUMED_S)
        await house.campaign_over("before")
        lost = [row for row in house.records() if row["called"] not in later]
        assert Counter(row["outcome"] for row in lost) == {"pbx_lost": AGENTS + QUEUE + MENU}
        assert {row["ended_by"] for row in lost} == {"switch"}
        assert house.rung() == 2 * AGENTS, "each nailed-up leg is rung again, once"
        assert Counter(house.invited()) == dict.fromkeys(leads + later, 1)
        assert house.broken(cdr=False) == []
        assert house.complaints() == []


async def test_asterisk_frozen(house_of: OpenHouse) -> None:
    """SIGSTOP, as a machine that hangs: found in time, nothing sent twice, and all goes on after SIGCONT."""
    async with house_of(Plan(agents=4, lines=4, talk_ms=(500, 1000), machine_ms=800)) as house:
        await house.start_engine()
        await house.log_in()
        leads = [number(index, (0, 3, 5, 6, 8, 9)[index % 6]) for index in range(30)]
        await house.start_campaign("frozen", leads)
        await house.happens(lambda: len(house.invited()) >= 8, "dialling")
        house.fault()
        frozen = time.monotonic()
        house.pbx.freeze()
        await house.until(lambda status: bool(status.not_ready), "the freeze is found", FOUND_S)
        assert time.monotonic() - frozen < FOUND_S
        house.pbx.thaw()
        thawed = time.time()
        house.fault()
        await house.happens(lambda: bool(house.invited(thawed)), "dialling goes on", RESUMED_S)
        await house.campaign_over("frozen")
        assert Counter(row["called"] for row in house.records()) == dict.fromkeys(leads, 1)
        assert all(count == 1 for count in Counter(house.invited()).values())
        assert house.rung() == 4, "nailed-up legs are kept"
        assert house.broken() == []
        assert house.complaints() == []


async def test_both_killed_and_the_engine_comes_back_first(house_of: OpenHouse) -> None:
    """A power cut: the engine waits for the switch, calls are pbx_lost, agents are rung, the campaign goes on."""
    async with house_of(Plan(agents=3, lines=2, talk_ms=(8000, 8000))) as house, AsyncExitStack() as stack:
        await house.start_engine()
        await house.log_in()
        leads = [number(0, 0), number(1, 1)]
        later = [number(100 + index, digit) for index, digit in enumerate((3, 5, 8, 9))]
        await stack.enter_async_context(house.callers("2000", 1))
        await stack.enter_async_context(house.callers("1000", 1))
        await house.calls_in("talk", 1)
        await house.start_campaign("cut", leads + later)
        await house.calls_in("talk", 3)
        await house.calls_in("menu", 1)
        await house.kill_asterisk()
        await house.kill_engine()
        assert house.records() == [] or {row["outcome"] for row in house.records()} == {"pbx_lost"}
        await house.start_engine(ready=False)
        await house.until(lambda status: any("switch" in each for each in status.not_ready), "the engine waits")
        await house.pbx.start()
        await house.campaign_over("cut")
        lost = [row for row in house.records() if row["called"] not in later]
        assert len(lost) == 4 and {row["outcome"] for row in lost} == {"pbx_lost"}
        assert house.rung() == 6, "each nailed-up leg is rung again, once"
        assert Counter(house.invited()) == dict.fromkeys(leads + later, 1)
        assert house.broken(cdr=False) == []
        assert house.complaints() == []
