"""The demonstration's list and campaign, and that they run to their end in time."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import console
from calls.errors import CampaignError, Location
from calls.ids import AgentId
from calls.settings import QueueSettings, Settings, Trunk
from dialer.campaign import load
from dialer.leads.file import LeadFile
from dialer.leads.report import Counts, ImportReport
from dialer.leads.store import import_leads
from dialer.leads.table import open_table
from tests.dialer.actors import Agent
from tests.dialer.checker import broken
from tests.dialer.world import START, World
from tests.fresh_store import fill

DEMO = Path(console.__file__).parent / "demo"
CARRIER = Trunk(name="carrier", dial="PJSIP/{number}@carrier", lines=8, calls_per_second=5, loopback_only=True)
SUPPORT = (QueueSettings(name="support"),)


@pytest.fixture
def imported() -> Iterator[tuple[ImportReport, list[str]]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    count = itertools.count()
    with (DEMO / "leads.csv").open("rb") as stream:
        where = Location(DEMO / "leads.csv")
        leads = LeadFile(open_table(stream, where), where, "US")
        report = import_leads(connection, leads, "shops", START, lambda: f"id{next(count)}")
    yield report, [row[0] for row in connection.execute("SELECT number FROM leads ORDER BY rowid")]
    connection.close()


def test_the_list_shows_what_an_import_reports(imported: tuple[ImportReport, list[str]]) -> None:
    report, numbers = imported
    assert report.counts == Counts(upto=44, rows=43, imported=40, refused=3)
    reasons = sorted(each.reason.split(" row ")[0] for each in report.first_refused)
    assert reasons == [
        "a number has only digits, +, spaces, brackets, dots, slashes and dashes",
        "no country's numbering plan has such a number",
        "the same number as",
    ]
    digits = Counter(number[-1] for number in numbers)
    assert all(digits[digit] >= 2 for digit in "3456789")
    assert sum(digits[digit] for digit in "012") > 20


def test_the_campaign_runs_to_its_end_in_time(imported: tuple[ImportReport, list[str]]) -> None:
    campaign = load(DEMO / "campaign.toml", Settings(trunks=(CARRIER,), queues=SUPPORT))
    world = World(campaign, CARRIER, [Agent(AgentId(f"agent{index}")) for index in range(3)])
    world.add_leads(imported[1])
    world.start()
    began = world.now
    world.run(300)
    assert world.finished
    assert world.now - began < 120
    assert broken(world, per_person=1, at_end=True) == []
    world.db.close()


def test_the_campaign_never_goes_outside() -> None:
    outside = CARRIER.model_copy(update={"loopback_only": False})
    with pytest.raises(CampaignError, match=r"campaign.toml:8: preset: .* trunk carrier leads outside"):
        load(DEMO / "campaign.toml", Settings(trunks=(outside,), queues=SUPPORT))
