"""What the dialer's tests share: settings with two trunks, a campaign, a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.settings import QueueSettings, Settings, Trunk
from dialer.campaign import Campaign, load

LOOPBACK = Trunk(name="loop", dial="PJSIP/{number}@callees", lines=10, calls_per_second=5, loopback_only=True)
CARRIER = Trunk(name="carrier", dial="PJSIP/{number}@carrier", lines=10, calls_per_second=5)
SETTINGS = Settings(trunks=(LOOPBACK, CARRIER), queues=(QueueSettings(name="sales"),))

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


def make_campaign(folder: Path, tables: str = "", name: str = "autumn", **changed: str | None) -> Campaign:
    path = folder / f"{name}.toml"
    path.write_text(campaign_text(tables, **changed), encoding="utf-8")
    return load(path, SETTINGS)


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    return make_campaign(tmp_path, "[retries.busy]\nafter_s = 600\ntimes = 3\n")
