"""docs/pacing.md: its examples run, its list of policies is the list of policies."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dialer import control
from dialer.campaign import load as load_campaign
from dialer.pacing import POLICIES, Snapshot
from dialer.simulation.scenario import base
from dialer.simulation.scenario_file import load
from tests.bench import pacing as bench
from tests.bench import pacing_grid
from tests.bench.pacing_grid import FAMILIES, FOUND
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
    bench.main(["--scenarios", "base", "--agents", "1", "--replications", "1", "--policies", "progressive"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| scenario | agents | policy")
    assert lines[2].startswith("| base | 1 | progressive | ")
    assert "at p99" in lines[-1]


def test_the_scenarios_are_there_for_any_team() -> None:
    for agents in bench.SIZES:
        found = bench.scenarios(agents)
        assert next(iter(found)) == "base"
        assert len(found) == 14
        assert {each.most_agents() for each in found.values()} == {agents}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_baseline_has_a_setting_and_the_grid_names_them_all(family: str) -> None:
    known = FAMILIES[family]
    names = [known.named(setting) for setting in known.settings]
    assert len(set(names)) == len(names)
    for agents, setting in FOUND[family].items():
        assert agents in bench.SIZES
        policy = pacing_grid.policy(family, setting, base(agents))
        assert policy.decide(Snapshot(5.0, 1, 0, (), (), (), 0)) == 0


def test_the_grid_is_searched_for_the_most_talk_within_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    ratios = replace(FAMILIES["ratio available"], settings=((1.0,), (2.0,), (40.0,)))
    monkeypatch.setitem(FAMILIES, "ratio available", ratios)
    monkeypatch.setattr(pacing_grid, "base", lambda agents: replace(base(agents), duration_s=3600.0))
    assert pacing_grid.best("ratio available", 10) == (2.0,)
