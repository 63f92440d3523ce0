"""What the dialer's tests share: settings with two trunks, a campaign, a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from calls.ids import AgentId
from calls.settings import QueueSettings, Settings, Trunk
from dialer.campaign import Campaign, load
from tests.dialer.actors import Agent
from tests.dialer.world import World

LOOPBACK = Trunk(name="loop", dial="PJSIP/{number}@callees", lines=10, calls_per_second=5, loopback_only=True)
CARRIER = Trunk(name="carrier", dial="PJSIP/{number}@carrier", lines=10, calls_per_second=5)
SECOND = Trunk(name="second", dial="PJSIP/{number}@second", lines=3, calls_per_second=2, loopback_only=True)
SETTINGS = Settings(trunks=(LOOPBACK, CARRIER, SECOND), queues=(QueueSettings(name="sales"),))

LINES = {
    "name": '"Autumn"',
    "list": '"autumn"',
    "queue": '"sales"',
    "trunk": '"loop"',
    "caller_id": '"+12025550100"',
    "preset": '"demo"',
    "max_lines": "10",
    "ring_timeout_s": "20",
    "safe_harbour": '"campaign.sorry"',
}


def campaign_text(tables: str = "", **changed: str | None) -> str:
    """A campaign file; ``None`` leaves a key out."""
    lines = {**LINES, **changed}
    return "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None) + tables


def make_campaign(folder: Path, tables: str = "", campaign_id: str = "autumn", **changed: str | None) -> Campaign:
    path = folder / f"{campaign_id}.toml"
    path.write_text(campaign_text(tables, **changed), encoding="utf-8")
    return load(path, SETTINGS)


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    return make_campaign(tmp_path, "[retries.busy]\nafter_s = 600\ntimes = 3\n")


RETRIES = """
[retries.busy]
after_s = 20
times = 2
[retries.congestion]
after_s = 10
times = 1
[retries.lost]
after_s = 60
times = 2
[retries.pbx_lost]
after_s = 60
times = 2
[attempts]
per_person = 3
per_number = 3
per_day = 3
"""


def numbers(count: int) -> list[str]:
    return [f"+1202555{index:04d}" for index in range(count)]


def make_world(folder: Path, leads: int, agents: int, tables: str = "", **changed: str | None) -> World:
    campaign = make_campaign(folder, tables + RETRIES, "autumn", ring_timeout_s="4", **changed)
    world = World(campaign, LOOPBACK, [Agent(AgentId(f"agent{index}")) for index in range(agents)])
    world.add_leads(numbers(leads))
    return world


Worlds = Callable[..., World]


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Worlds]:
    """Makes worlds as :func:`make_world` does, and closes their databases."""
    made: list[World] = []

    def make(leads: int, agents: int, tables: str = "", **changed: str) -> World:
        made.append(make_world(tmp_path, leads, agents, tables, **changed))
        return made[-1]

    yield make
    for world in made:
        world.db.close()
