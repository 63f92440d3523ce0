"""docs/pacing.md: its examples run, its list of policies is the list of policies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dialer import control
from dialer.campaign import load as load_campaign
from dialer.pacing import POLICIES
from dialer.simulation.scenario_file import load
from tests.bench import pacing as bench
from tests.dialer.conftest import SETTINGS, campaign_text, make_campaign

DOC = (Path(__file__).resolve().parents[3] / "docs" / "pacing.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)


def test_every_policy_is_named() -> None:
    table = DOC.split("| policy | what it does |")[1].split("\n\n")[0]
    named = {
        name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1] if line else "")
    }
    assert named == set(POLICIES)


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("python")
    exec(compile(example, "docs/pacing.md", "exec"), {})
    assert capsys.readouterr().out.startswith("1 one line for each free agent")


def test_the_scenario_of_the_example_loads(tmp_path: Path) -> None:
    example = blocks("toml")[-1]
    path = tmp_path / "tuesday.toml"
    path.write_text(example, encoding="utf-8")
    scenario = load(path)
    assert scenario.name == "Tuesday"
    assert scenario.most_agents() == 20


def test_the_parts_of_a_campaign_file_are_right(tmp_path: Path) -> None:
    pace, shared, schedule = blocks("toml")[:-1]
    keys, _, skills = shared.partition("\n\n")
    path = tmp_path / "autumn.toml"
    path.write_text(
        keys + "\n" + campaign_text(pace + schedule + skills, preset='"us-telemarketing"', trunk='"carrier"'),
        encoding="utf-8",
    )
    campaign = load_campaign(path, SETTINGS)
    assert (campaign.file.priority, campaign.file.weight) == (5, 30)
    assert campaign.file.pacing.ratio == 1.5
    assert campaign.file.schedule.begins == "2027-03-01"
    assert campaign.file.skills == {"german": 5}


def test_the_changes_of_the_example_are_right(tmp_path: Path) -> None:
    words = re.search(r"callwright campaign set autumn (.*)", blocks("sh")[0])
    assert words is not None
    changed = control.changed(make_campaign(tmp_path), control.read(words[1].split()))
    control.require_fit(changed, SETTINGS)
    assert changed.file.max_lines == 30


def test_the_command_of_the_tables_writes_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["base", "--agents", "1", "--replications", "1", "--policies", "progressive"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| scenario | agents | policy")
    assert lines[2].startswith("| base | 1 | progressive | ")
    commands = re.findall(r"python -m tests\.bench\.pacing ([^`]*)`", DOC)
    assert commands
    for command in commands:
        words = command.split()
        assert words[0] in ("base", "changes")
        for policy in words[words.index("--policies") + 1].split(",") if "--policies" in words else ():
            assert policy in POLICIES


def test_the_changing_scenarios_and_the_grids_are_there_for_any_team() -> None:
    for agents in (5, 100):
        assert len(bench.changing(agents)) == 11
        assert all(each.most_agents() == agents for each in bench.changing(agents).values())
        assert set(bench.tuned(agents)) == {"ratio all, tuned", "ratio available, tuned", "ADAPT, tuned"}
