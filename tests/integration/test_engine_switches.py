"""A campaign over trunks of two real Asterisks, of which one is killed in the middle and comes back."""

from __future__ import annotations

import random
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.demo.pbx import PbxPorts, PrivateAsterisk
from console.demo.ports import free_port
from tests.integration.checker import Limits, broken
from tests.integration.conftest import OpenHouse, Trees
from tests.integration.harness import House, number
from tests.integration.premises import SECRETS, Plan

pytestmark = pytest.mark.asterisk

SWITCH = """
[[switches]]
name = "{name}"
kind = "asterisk"
[switches.asterisk]
ami_port = {ami}
agi_port = {agi}
audio_ports = {audio}
"""

SECOND = """
[[trunks]]
name = "second"
switch = "west"
dial = "PJSIP/{{number}}@carrier"
lines = {lines}
calls_per_second = {calls_per_second}
loopback_only = true
"""

LEADS = 40
AGENTS = {"agent0": "east", "agent1": "east", "agent2": "west", "agent3": "west"}


def of_both(house: House, west: PrivateAsterisk, agi_port: int) -> None:
    """Rewrite the settings of the house: its own switch is in the east, and half of the agents are in the west."""
    path = house.folder / "callwright.toml"
    head, rest = path.read_text(encoding="utf-8").split("[switch]\n", 1)
    text = f"{head}[prompts]{rest.split('[prompts]', 1)[1]}"
    text = text.replace('name = "carrier"\n', 'name = "carrier"\nswitch = "east"\n', 1)
    for agent, home in AGENTS.items():
        text = text.replace(f'id = "{agent}"\n', f'id = "{agent}"\nswitch = "{home}"\n')
    text = text.replace("[[destinations]]\n", '[[destinations]]\nswitch = "east"\n')
    text += SECOND.format(lines=house.plan.lines, calls_per_second=house.plan.calls_per_second)
    text += SWITCH.format(name="east", ami=house.pbx.ports.ami, agi=house.agi_port, audio=[20_000, 20_200])
    text += SWITCH.format(name="west", ami=west.ports.ami, agi=agi_port, audio=[20_300, 20_400])
    path.write_text(text, encoding="utf-8")


@asynccontextmanager
async def second_switch(house: House, tree: Path) -> AsyncIterator[PrivateAsterisk]:
    """Another Asterisk with the same far ends, in the settings as ``west``."""
    agi_port = free_port(socket.SOCK_STREAM)
    west = PrivateAsterisk(
        tree,
        house.folder / "west",
        ports=PbxPorts.choose(random.Random()),
        secrets=SECRETS,
        agi_port=agi_port,
        trunks=house.pbx.values.trunks,
        phones=house.pbx.values.phones,
        name="west",
    )
    async with west:
        of_both(house, west, agi_port)
        yield west


def other_tree(trees: Trees) -> Path:
    """The other version where it lies beside the chosen one."""
    other = trees.asterisk.parent / "asterisk-22"
    return other if (other / "complete").exists() else trees.asterisk


def dialled(house: House, switch: str, since: str = "") -> int:
    """Attempts that were begun on a switch after a moment."""
    rows = house.rows("SELECT 1 FROM attempts WHERE switch = ? AND intended_at > ?", switch, since)
    return len(rows)


async def test_one_of_two_is_killed_and_comes_back_while_the_other_goes_on(house_of: OpenHouse, trees: Trees) -> None:
    plan = Plan(agents=4, lines=2, talk_ms=(1500, 2500))
    async with house_of(plan) as house, second_switch(house, other_tree(trees)) as west:
        await house.start_engine()
        await house.until(lambda status: not any(each.down for each in status.switches), "both are there")
        await house.log_in()
        people = [number(index, index % 3) for index in range(LEADS)]
        await house.start_campaign("both", people, {"trunk": None, "trunks": '["carrier", "second"]'})
        await house.until(
            lambda status: {each.switch for each in status.calls if each.phase == "talk"} == {"east", "west"},
            "people talk on both",
        )
        await house.kill_asterisk(west)
        await house.until(lambda status: any(each.down for each in status.switches), "the loss is found", 10.0)
        status = await house.status()
        assert status is not None and not status.not_ready, "the other is dialled by"
        lost = str(house.rows("SELECT max(intended_at) AS at FROM attempts")[0]["at"])
        await house.happens(lambda: dialled(house, "east", lost) >= 3, "the campaign goes on in the east")
        assert dialled(house, "west", lost) == 0
        await west.start()
        await house.happens(lambda: dialled(house, "west", lost) >= 3, "the west takes calls again")
        await house.campaign_over("both", 120)
        assert Counter(house.invited()) == dict.fromkeys(people, 1), "everybody's phone rang once"
        records = house.records()
        assert Counter(row["called"] for row in records) == dict.fromkeys(people, 1), "and each has one record"
        outcomes = Counter((row["switch"], row["outcome"]) for row in records)
        assert outcomes["east", "answered"] + outcomes["west", "answered"] + outcomes["west", "pbx_lost"] == LEADS
        assert 1 <= outcomes["west", "pbx_lost"] <= plan.lines
        homes = {(row["switch"], AGENTS[str(row["agent_id"])]) for row in records if row["agent_id"]}
        assert homes == {("east", "east"), ("west", "west")}
        runs = Counter(row["switch"] for row in house.rows("SELECT switch FROM switch_boots"))
        assert runs == {"east": 1, "west": 2}
        limits = Limits(2 * plan.lines, 2 * plan.calls_per_second)
        assert broken(house.evidence(cdr=False), limits) == []
        assert house.complaints() == []
