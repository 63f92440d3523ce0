"""The commands that show rules, what they refused, who changed what, and whether a run kept them."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calls.ids import CampaignId, LeadId
from calls.records.writer import write_once
from calls.settings import load
from console import operations
from console.cli.shared import with_writer
from dialer import judging
from dialer.compliance import Refused
from dialer.presets import PRESETS
from tests.console.command_line import invoke, process
from tests.console.served import install
from tests.dialer.conftest import make_campaign

NOW = datetime.now(UTC)
CAMPAIGN = CampaignId("autumn")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An installation with a campaign of two leads that was started, changed, and started again."""
    made = install(tmp_path, render=False)

    def fill(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'autumn', 'x')")
        for number in ("+12025550105", "+12025550106"):
            db.execute(
                "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
                " VALUES (?1, 'l', ?1, ?1, '[]', 'x')",
                (number,),
            )

    settings = load(made, {})
    write_once(settings.engine.database, fill)
    first, then = make_campaign(tmp_path), make_campaign(tmp_path, max_lines="5")
    with_writer(settings, lambda writer: operations.register(writer, first, "ann", NOW - timedelta(hours=3)))
    with_writer(settings, lambda writer: operations.register(writer, then, "bob", NOW - timedelta(hours=2)))
    return made


def refuse(path: Path, lead: str, rule: str, until: datetime | None, times: int = 1) -> None:
    def write(db: sqlite3.Connection) -> None:
        for minute in range(times):
            at = NOW - timedelta(hours=1) + timedelta(minutes=minute)
            judging.refuse(db, CAMPAIGN, LeadId(lead), Refused(rule, until), at)

    write_once(load(path, {}).engine.database, write)


def test_presets_are_shown_with_their_sources(path: Path) -> None:
    shown = invoke(path, "campaign", "presets")
    assert all(name in shown for name in PRESETS) and "confirm with counsel" in shown
    (canada,) = json.loads(invoke(path, "campaign", "presets", "canada", "--json"))
    assert canada["abandoned"] == "5% in a calendar month" and len(canada["sources"]) == 3
    assert "no preset mars: there are demo" in process(path, "campaign", "presets", "mars", status=1)


def test_refusals_are_shown_by_rule(path: Path) -> None:
    until = NOW + timedelta(hours=5)
    refuse(path, "+12025550105", "calling_hours", until, times=3)
    refuse(path, "+12025550106", "calling_hours", until + timedelta(hours=1))
    refuse(path, "+12025550106", "do_not_call", None)
    hours, list_ = json.loads(invoke(path, "campaign", "refusals", "autumn", "--json"))
    assert (hours["rule"], hours["leads"], hours["times"]) == ("calling_hours", 2, 4)
    assert hours["first may be dialled"] == until.isoformat(timespec="seconds")
    assert hours["leads for example"] == "+12025550105, +12025550106"
    assert (list_["rule"], list_["first may be dialled"]) == ("do_not_call", "never")
    assert "calling_hours" in invoke(path, "campaign", "refusals", "autumn", "--sample", "0")
    assert invoke(path, "report", "refusals", "--csv").splitlines()[1].startswith("autumn,calling_hours,2,4,")
    assert json.loads(invoke(path, "report", "refusals", "--campaign", "other", "--json")) == []
    begin = (NOW + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert json.loads(invoke(path, "report", "refusals", "--from", begin, "--json")) == []


def test_changes_are_listed_by_who_and_what(path: Path) -> None:
    def listed(*words: str) -> list[tuple[str, str]]:
        return [(each["who"], each["what"]) for each in json.loads(invoke(path, "audit", "list", "--json", *words))]

    assert listed() == [
        ("ann", "campaign.new"), ("ann", "campaign.start"), ("bob", "campaign.change"), ("bob", "campaign.start"),
    ]  # fmt: skip
    assert listed("--who", "bob", "--what", "campaign.change") == [("bob", "campaign.change")]
    assert len(listed("--what", "campaign")) == 4 and listed("--what", "camp") == []
    assert listed("--most", "1") == [("bob", "campaign.start")]
    assert len(listed("--since", (NOW - timedelta(hours=2, minutes=30)).strftime("%Y-%m-%dT%H:%M:%S"))) == 2
    (change,) = json.loads(invoke(path, "audit", "list", "--what", "campaign.change", "--json"))
    assert change["detail"]["changed"] == {"campaign.file.max_lines": [10, 5]}
    assert "campaign.change" in invoke(path, "audit", "list")


def test_a_proof_ends_with_one_where_a_rule_was_broken(path: Path) -> None:
    assert "was ever started" in process(path, "campaign", "audit", "winter", status=1)
    assert "no rule was broken, as far as the records show" in invoke(path, "campaign", "audit", "autumn")
    write_once(
        load(path, {}).engine.database,
        lambda db: db.execute(
            "INSERT INTO calls (call_id, direction, switch, boot_id, channel, caller, called, campaign_id,"
            " started_at, ended_at, duration_s, billed_s, outcome) VALUES ('c', 'outbound', 'm', 'b', '', '', '',"
            " 'autumn', '2027-03-01T09:00:00+00:00', '2027-03-01T09:00:00+00:00', 1, 1, 'busy')"
        ),
    )
    found = json.loads(invoke(path, "campaign", "audit", "autumn", "--json", status=1))
    breach = {"attempt_id": "", "rule": "I7", "evidence": "the dialled call c belongs to no attempt"}
    assert found["breaches"] == [breach] and len(found["not_in_the_records"]) == 4
    assert "1 breaches" in invoke(path, "campaign", "audit", "autumn", status=1)
