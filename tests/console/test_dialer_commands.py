"""``callwright dialer``: comparisons, pages, measured scenarios, forecasts, staffing."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calls.errors import CampaignError, ScenarioError
from calls.records.times import as_text
from console import main
from dialer import roll
from dialer.simulation.scenario_file import load, shipped
from tests.dialer.conftest import make_campaign
from tests.fresh_store import fill

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
DIALS, AGENTS = 120, 3

FOREGROUND = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
"""Who runs the tests in the background lets their processes ignore Ctrl-C."""

SMALL = """\
duration_s = 300
[[shifts]]
agents = 3
"""


def invoke(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(
        main.app, ["--settings", str(folder / "callwright.toml"), "dialer", *words], env={"COLUMNS": "160"}
    )
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation whose campaign ``autumn`` has dialled: every third number was answered, by a person."""
    database = tmp_path / "calls.db"
    (tmp_path / "callwright.toml").write_text(f'[engine]\ndatabase = "{database}"\n', encoding="utf-8")
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    memory = sqlite3.connect(":memory:", isolation_level=None)
    fill(memory)
    campaign = make_campaign(tmp_path, "[pacing]\nmode = 'predictive'\ncap = 0.03\n", max_lines="20")
    at = as_text(NOON)
    memory.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'autumn', ?)", (at,))
    for index in range(DIALS + 60):
        memory.execute(
            "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
            " VALUES (?, 'l', ?, ?, '[]', ?)",
            (f"lead{index}", f"+1202555{index:04d}", f"+1202555{index:04d}", at),
        )
    roll.register(memory, campaign, NOON)
    for index in range(DIALS):
        dial(memory, index)
    kept = sqlite3.connect(database)
    memory.backup(kept)
    kept.close()
    memory.close()
    return tmp_path


def dial(db: sqlite3.Connection, index: int) -> None:
    begun = NOON + timedelta(seconds=10 * index)
    answered = index % 3 == 0
    ended = begun + timedelta(seconds=40 if answered else 20)
    outcome = "answered" if answered else "no_answer"
    number = f"+1202555{index:04d}"
    db.execute(
        "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
        " trunk, state, intended_at, ended_at, outcome, decision)"
        " VALUES (?, 'autumn', ?, ?, ?, 1, 'main', 'b', 'loop', 'done', ?, ?, ?, '{}')",
        (f"a{index}", f"lead{index}", number, number, as_text(begun), as_text(ended), outcome),
    )
    db.execute("UPDATE campaign_leads SET state = 'done', tries = 1 WHERE lead_id = ?", (f"lead{index}",))
    if answered:
        db.execute(
            "INSERT INTO calls (call_id, direction, switch, boot_id, channel, caller, called, campaign_id, lead_id,"
            " agent_id, started_at, answered_at, ended_at, ring_s, talk_s, wrap_up_s, duration_s, billed_s, outcome)"
            " VALUES (?, 'outbound', 'main', 'b', '', '', ?, 'autumn', ?, ?, ?, ?, ?, 8, 30, 5, 40, 30, 'answered')",
            (
                f"a{index}", number, f"lead{index}", f"agent{index % AGENTS}", as_text(begun),
                as_text(begun + timedelta(seconds=8)), as_text(ended),
            ),
        )  # fmt: skip


def test_a_comparison_and_its_page(folder: Path) -> None:
    small, target = str(folder / "small.toml"), folder / "page.html"
    words = ("simulate", small, "--policy", "progressive", "--replications", "2", "--workers", "1")
    assert "small: 3 agents" in invoke(folder, *words, "--html", str(target))
    assert "<svg" in target.read_text(encoding="utf-8")
    assert json.loads(invoke(folder, *words, "--core", "--json"))["through_core"] is True


def test_the_scenarios_are_named(folder: Path) -> None:
    said = invoke(folder, "scenarios")
    assert all(name in said for name in shipped())
    with pytest.raises(ScenarioError, match="no file brunch"):
        invoke(folder, "simulate", "brunch")


def test_records_become_a_scenario(folder: Path) -> None:
    target = folder / "autumn-measured.toml"
    period = ("--from", "2027-03-01", "--to", "2027-03-02")
    assert invoke(folder, "measure", "autumn", *period, "--out", str(target)) == ""
    scenario = load(target)
    assert scenario.answer_rate.at(0.0) == pytest.approx(1 / 3, abs=0.01)
    assert (scenario.talk.mean_s, scenario.wrap_up.mean_s) == (30.0, 5.0)
    assert target.read_text(encoding="utf-8") == invoke(folder, "measure", "autumn", *period)
    with pytest.raises(CampaignError, match="0 dials"):
        invoke(folder, "measure", "autumn", "--from", "2027-03-05", "--to", "2027-03-06")


def test_a_forecast_for_people_and_for_programs(folder: Path) -> None:
    period = ("--from", "2027-03-01", "--to", "2027-03-02")
    words = ("forecast", "autumn", *period, "--replications", "2", "--workers", "1", "--hours", "0.1")
    said = invoke(folder, *words)
    assert "120 dials, 40 talks" in said
    assert "one agent more" in said
    assert "60 leads are left" in said
    found = json.loads(invoke(folder, *words, "--json"))
    assert found["leads_left"] == 60
    assert found["variants"][0]["change"] == "as it is"


def test_staffing(folder: Path) -> None:
    said = invoke(folder, "staffing", "--calls-per-hour", "100", "--handling-s", "180")
    assert "80% within 20 s (Erlang C): 8 agents" in said


def test_ctrl_c_ends_it_and_its_processes(folder: Path) -> None:
    """As a terminal sends it: to all processes at once. Nothing but one word is said."""
    words = ["dialer", "simulate", "base", "--policy", "predictive", "--replications", "4"]
    run = [sys.executable, "-c", f"{FOREGROUND}; from console.main import run; run()", *words]
    with subprocess.Popen(run, start_new_session=True, stderr=subprocess.PIPE, text=True) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + 120.0
        while len(children.read_text().split()) < 3:  # two workers, and who looks after what they share
            assert time.monotonic() < deadline, "no workers"
            time.sleep(0.002)  # so soon they may have been told nothing yet
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=120.0)
    assert (process.returncode, said) == (130, "stopped\n")
