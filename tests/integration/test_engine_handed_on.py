"""A whole engine on a real Asterisk: callers who are handed on, with and without a question first."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest

from console.engine.status import Status
from tests.integration.conftest import OpenHouse
from tests.integration.harness import House
from tests.integration.premises import Plan

pytestmark = pytest.mark.asterisk


def agents(status: Status) -> dict[str, str]:
    return {agent.id: agent.state for agent in status.agents}


@dataclass(frozen=True, slots=True)
class Took:
    """How many pairs were brought together, and the bound under which the slowest was."""

    count: int
    slowest_s: float


def bridges(house: House) -> Took:
    """By the engine's own figures."""
    port = re.search(r"http_port = ([0-9]+)", (house.folder / "callwright.toml").read_text(encoding="utf-8"))
    assert port is not None
    text = httpx.get(f"http://127.0.0.1:{port[1]}/metrics").text
    found = re.findall(r'callwright_bridge_seconds_bucket\{le="([^"]+)"\} ([0-9.]+)', text)
    most = max(float(count) for _, count in found)
    return Took(int(most), min(float(bound) for bound, count in found if float(count) == most))


async def tell(house: House, path: str, body: dict[str, object]) -> None:
    await asyncio.to_thread(house.client.tell, "POST", path, body)


async def talker(house: House) -> tuple[str, str]:
    """Who talks, and the other one."""
    status = await house.status()
    assert status is not None
    (talks,) = [agent.id for agent in status.agents if agent.state == "talking"]
    (other,) = [agent.id for agent in status.agents if agent.id != talks]
    return talks, other


async def test_a_caller_is_handed_on_and_asked_for_first(house_of: OpenHouse) -> None:
    """Blind to the other agent, back by a completed question, and on hold; no leg is lost, one record is left."""
    async with house_of(Plan(agents=2, wrap_up_s=0.0)) as house:
        await house.start_engine()
        await house.log_in()
        async with house.callers("2000", 1) as (caller,):
            await house.calls_in("talk", 1)
            first, second = await talker(house)
            await tell(house, f"/v1/agents/{first}/transfer", {"agent": second})
            await house.until(lambda status: agents(status) == {first: "ready", second: "talking"}, "handed on")
            await tell(house, f"/v1/agents/{second}/transfer", {"agent": first, "attended": True})
            await house.until(lambda status: set(agents(status).values()) == {"talking"}, "the two talk")
            await house.order(f"/v1/agents/{second}/transfer/complete")
            await house.until(lambda status: agents(status) == {first: "talking", second: "ready"}, "taken over")
            await house.happens(lambda: bridges(house).count == 3, "both hear each other: the floor says so before")
            await tell(house, f"/v1/agents/{first}/transfer", {"agent": second, "attended": True})
            await house.until(lambda status: set(agents(status).values()) == {"talking"}, "the two talk again")
            await house.order(f"/v1/agents/{first}/transfer/cancel")
            await house.until(lambda status: agents(status) == {first: "talking", second: "ready"}, "taken back")
            await house.calls_in("talk", 1)
            await house.order(f"/v1/agents/{first}/hold")
            await house.calls_in("hold", 1)
            await house.order(f"/v1/agents/{first}/take-back")
            await house.calls_in("talk", 1)
            await house.happens(lambda: bridges(house).count == 5, "both hear each other after the hold")
            caller.hang_up()
            await house.until(lambda status: set(agents(status).values()) == {"ready"}, "all over")
        await house.happens(lambda: len(house.records()) == 1, "the record is written")
        (record,) = house.records()
        assert (record["agent_id"], record["outcome"], record["ended_by"]) == (first, "answered", "caller")
        assert record["hold_s"] and record["talk_s"], "questions and the hold have a time of their own"
        assert house.rung() == 2, "each leg stays"
        assert house.complaints() == []
        took = bridges(house)
        assert took.count == 5 and took.slowest_s <= 0.2, f"{took}: from the leg's being there to both hearing"


async def there(house: House, agent: str) -> None:
    """Returns when who is asked is beside the agent."""
    await house.until(lambda status: [each.asks for each in status.agents] == ["there"], "they talk")


async def in_use(house: House, lines: int) -> None:
    """Returns when so many of the carrier's are."""
    await house.until(lambda status: [each.in_use for each in status.trunks] == [lines], f"{lines} lines in use")


async def test_somebody_outside_is_asked_first(house_of: OpenHouse) -> None:
    """A destination that is asked and let go, a number that takes the caller, and one that hangs up in the talk. Each
    has a line of its trunk, after a crash of the engine too."""
    async with house_of(Plan(agents=1, wrap_up_s=0.0, talk_ms=(60_000, 60_000))) as house:
        await house.start_engine()
        await house.log_in()
        async with AsyncExitStack() as stack:
            (first,) = await stack.enter_async_context(house.callers("2000", 1))
            await house.calls_in("talk", 1)
            (second,) = await stack.enter_async_context(house.callers("2000", 1))
            ask = "/v1/agents/agent0/transfer"
            await tell(house, ask, {"destination": "boss", "attended": True})
            await there(house, "agent0")
            await in_use(house, 1)
            await house.order(f"{ask}/cancel")
            await in_use(house, 0)
            await house.calls_in("talk", 1)
            await house.happens(lambda: bridges(house).count == 2, "both hear each other again")
            await tell(house, ask, {"number": "+4930123001", "attended": True})
            await there(house, "agent0")
            await house.order(f"{ask}/complete")
            await house.calls_in("talk", 2)  # the second caller has the agent, the first one who was asked
            assert house.invited() == ["49301000000", "+4930123001"]
            limits = await house.pbx.cli("core show channels verbose")
            assert sum("callwright-agent" in line for line in limits.splitlines()) == 2, limits
            await house.kill_engine()
            await house.start_engine()
            await in_use(house, 1)
            first.hang_up()
            await house.happens(lambda: len(house.records()) == 1, "the record of the first")
            await in_use(house, 0)
            await house.until(lambda status: len(status.calls) == 1, "the second talks on")
            second.hang_up()
            await house.until(lambda status: set(agents(status).values()) == {"ready"}, "all over")
        await house.happens(lambda: len(house.records()) == 2, "both records are written")
        await house.happens(lambda: house.rows("SELECT minutes FROM toll_calls") == [{"minutes": 1}], "given back")
        lines = house.rows("SELECT kind, placed_at IS NOT NULL AS out, freed_at IS NOT NULL AS free FROM trunk_lines")
        assert lines == [{"kind": "handed_on", "out": 1, "free": 1}] * 2
        assert {record["outcome"] for record in house.records()} == {"answered"}
        left = [name for name in (await house.channels()).values() if name.startswith("PJSIP/")]
        assert [name.split("-")[0] for name in left] == ["PJSIP/agent0"], "nobody outside is left"
        assert house.complaints() == []
