"""What comes from outside against a running engine: floods of connections, and names made to be believed."""

from __future__ import annotations

import asyncio
import re

import pytest

from console.demo.ports import LOOPBACK
from console.demo.sipp import CallerScript, Press
from tests.integration.conftest import OpenHouse
from tests.integration.harness import DEADLINE_S, House
from tests.integration.premises import Plan
from tests.integration.raw_wire import SipCaller

pytestmark = pytest.mark.asterisk

CONNECTIONS = 1000
AT_ONCE = 50


async def knock(port: int) -> None:
    """Connect and close, as a port probe does."""
    _, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.close()
    await writer.wait_closed()


async def test_a_thousand_connections_that_only_close(house_of: OpenHouse) -> None:
    async with house_of(Plan(agents=0)) as house:
        await house.start_engine()
        waits = await house.caller(CallerScript("1000", (Press(6.0, "2"),)))
        await house.calls_in("menu", 1)
        for _ in range(CONNECTIONS // AT_ONCE):
            await asyncio.gather(*(knock(house.agi_port) for _ in range(AT_ONCE)))
        await house.calls_in("menu", 1)
        comes = await house.caller(CallerScript("1000", (Press(1.0, "2"),)))
        for caller in (waits, comes):
            await caller.wait(DEADLINE_S)
            assert [each.event for each in caller.events] == ["answered", "keyed_2", "ended_by_switch"]
        await house.happens(lambda: len(house.records()) == 2, "two records")
        assert {(row["outcome"], row["last_node"]) for row in house.records()} == {("answered", "goodbye")}
        status = await house.status()
        assert status is not None and not status.not_ready
        assert house.broken() == []
        assert house.complaints() == []


NUMBER = "+493055501"
SILENCE = {0x7F, 0xFF}
"""The µ-law codes of zero."""

NAMES = (
    "Doe,FILE(/tmp/callwright-was-here)=evil",
    "a\"b'c;d|e&f$(id)`id`",
    "${SHELL(id)}$[1+1]",
    "line\u2028paragraph\u2029next\u0085end",
    "\x1b[2J\x1b]0;owned\x07bell",
    "J\udce9r\udcf4me Latin-1",
    '{"event": "forged", "level": "error"}',
    "=HYPERLINK(0)",
    "x" * 400,
)

FORGED = (
    "%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aPrivilege%3a%20call,all%0d%0aUniqueid%3a%20{id}%0d%0aChannelState%3a%206"
    "%0d%0aCause%3a%2016%0d%0a%0d%0a",
    "%0a%0aEvent%3a%20Hangup%0aPrivilege%3a%20call,all%0aUniqueid%3a%20{id}%0aCause%3a%2016%0a%0a",
    "%0d%0aagi_uniqueid%3a%20{id}%0d%0aagi_arg_1%3a%20{id}",
    "%00{id}",
    "500%26PJSIP",
)


async def comes_and_goes(house: House, sender: str) -> None:
    """A caller with this From header is in the menu, and hangs up: one record more."""
    before = len(house.records())
    async with SipCaller(house.pbx.ports.sip) as caller:
        caller.invite("1000", sender)
        await house.happens(lambda: bool(set(caller.heard) - SILENCE), f"{sender!r} hears the menu")
        caller.hang_up()
        await house.happens(lambda: len(house.records()) == before + 1, f"a record for {sender!r}")


async def test_hostile_names_and_numbers(house_of: OpenHouse) -> None:
    """Each caller has one record with digits for a number; the talk and the agents whose ids they forge stay."""
    async with house_of(Plan(agents=2)) as house:
        await house.start_engine()
        await house.log_in()
        async with house.callers("2000", 1):
            await house.calls_in("talk", 1)
            (talk,) = house.rows("SELECT channel FROM live_calls")
            legs = [row["leg_id"] for row in house.rows("SELECT leg_id FROM agent_legs")]
            for name in NAMES:
                quoted = name.replace('"', '\\"')
                await comes_and_goes(house, f'"{quoted}" <sip:{NUMBER}@127.0.0.1>')
            for forged in FORGED:
                for known in (talk["channel"], legs[0]):
                    await comes_and_goes(house, f"<sip:{forged.format(id=known)}@127.0.0.1>")
            status = await house.status()
            assert status is not None and [call.phase for call in status.calls] == ["talk"]
            assert sorted(agent.state for agent in status.agents) == ["ready", "talking"]
        records = house.records("called = '1000'")
        assert len(records) == len(NAMES) + 2 * len(FORGED)
        assert {row["outcome"] for row in records} == {"answered"}
        assert all(re.fullmatch(r"\+?[0-9]{0,15}", str(row["caller"])) for row in records)
        assert sum(row["caller"] == NUMBER for row in records) == len(NAMES)
        ended = [line["call_id"] for line in house.log_lines() if line["event"] == "call ended"]
        assert len(ended) == len(set(ended)), "a call ended twice"
        assert not [line for line in house.log_lines() if line.get("event") == "forged"]
        assert all(text.isprintable() for text in house.log.read_text(encoding="utf-8").split("\n"))
        assert house.complaints() == []
