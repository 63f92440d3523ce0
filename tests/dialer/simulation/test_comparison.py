"""Policies side by side, intervals, distributions."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from math import inf
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from calls.errors import ScenarioError
from dialer.simulation.comparison import compare, percent, simulate
from dialer.simulation.distributions import Constant, Distribution, Exponential, LogNormal, Measured, Uniform
from dialer.simulation.paced import policy_of
from dialer.simulation.page import page
from dialer.simulation.replications import Interval, difference, interval, replicate
from dialer.simulation.run import Run
from dialer.simulation.scenario import Shift, base
from dialer.simulation.scenario_file import find, shipped

SHORT = replace(base(6), duration_s=1200.0)


def test_a_comparison_for_people_and_for_programs() -> None:
    comparison = compare(SHORT, ["progressive", "issabel"], 3)
    table = comparison.table().splitlines()
    assert table[0] == "base: 6 agents, 0.333333 h, cap 3% in 30 days, 3 replications"
    assert [line.split()[0] for line in table[1:]] == ["policy", "progressive", "issabel"]
    found = json.loads(json.dumps(comparison.as_json()))
    assert [each["policy"] for each in found["policies"]] == ["progressive", "issabel"]
    first = found["policies"][0]
    runs = [each["occupancy"] for each in first["replications"]]
    assert first["occupancy"]["mean"] == pytest.approx(sum(runs) / 3)
    assert first["abandonment"]["mean"] == 0.0


def test_campaigns_that_share_agents_have_rows_of_their_own() -> None:
    comparison = compare(replace(find("two-campaigns"), shifts=(Shift(6),), duration_s=400.0), ["progressive"], 2)
    (found,) = comparison.results
    assert len(found.campaigns) > 1
    lines = comparison.table().splitlines()[2:]
    assert lines[0].startswith("progressive ")
    assert [line.strip().split("  ")[0] for line in lines[1:]] == [each.policy for each in found.campaigns]
    assert sum(each.occupancy.mean for each in found.campaigns) == pytest.approx(found.occupancy.mean)
    (told,) = json.loads(json.dumps(comparison.as_json()))["policies"]
    assert [each["campaign"] for each in told["campaigns"]] == [each.policy for each in found.campaigns]
    assert told["campaigns"][0]["occupancy"]["mean"] == found.campaigns[0].occupancy.mean
    shown = page(comparison)
    assert all(f'<span class="part">{each.policy}</span>' in shown for each in found.campaigns)
    assert compare(SHORT, ["progressive"], 1).results[0].campaigns == ()


def test_one_replication_has_no_interval() -> None:
    found = compare(SHORT, ["progressive"], 1).as_json()
    policies = found["policies"]
    assert isinstance(policies, list)
    assert policies[0]["occupancy"]["half_width_95"] is None


@pytest.mark.parametrize(
    ("policies", "count", "message"),
    [
        (["progresive"], 1, "policy progresive: expected one of"),
        ([], 1, "one policy or more"),
        (["progressive", "progressive"], 1, "none of them twice"),
        (["progressive"], 0, "0 replications"),
        (["oracle_talk_ends", "zero-abandon"], 1, "oracle_talk_ends: sees what is to come on the fast path only"),
    ],
)
def test_what_cannot_be_compared_is_refused(policies: list[str], count: int, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        compare(SHORT, policies, count)


def test_oracles_stand_beside_the_others() -> None:
    names = ["predictive", "oracle_talk_ends", "oracle_ring_outcomes"]
    found = compare(replace(SHORT, duration_s=900.0), names, 1)
    occupancies = [each.tallies[0].occupancy for each in found.results]
    assert [each.policy for each in found.results] == names
    assert len(set(occupancies)) == 3, "each knows something else"


def test_a_scenario_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text("duration_s = 600\n[[shifts]]\nagents = 2\n", encoding="utf-8")
    assert simulate(str(path), ["progressive"], 1).scenario.name == "small"


def test_an_interval_is_student_s() -> None:
    found = interval([1.0, 2.0, 3.0])
    assert found.mean == 2.0
    assert found.half == pytest.approx(4.303 / 3**0.5, rel=1e-3)
    assert interval([5.0]) == Interval(5.0, inf)
    assert found.covers(4.4)
    assert not found.covers(4.6)
    assert percent(Interval(0.8771, 0.0031)) == "87.7 ±0.3"


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    random = np.random.default_rng(11)
    covered = sum(interval(random.normal(3.0, 1.0, 8).tolist()).covers(3.0) for _ in range(600))
    assert 0.92 <= covered / 600 <= 0.98


def test_the_same_dials_make_the_difference_narrow() -> None:
    ours = replicate("ratio_available", SHORT, lambda s: policy_of("ratio_available", s), 6)
    theirs = replicate("progressive", SHORT, lambda s: policy_of("progressive", s), 6)
    gain = difference(ours, theirs)
    assert gain.mean == pytest.approx(ours.occupancy.mean - theirs.occupancy.mean)
    assert gain.half < ours.occupancy.half + theirs.occupancy.half


def test_no_replication_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        replicate("ratio_available", SHORT, lambda s: policy_of("ratio_available", s), 0)


@pytest.mark.parametrize(
    ("distribution", "mean_s", "sd_s"),
    [
        (Constant(3.0), 3.0, 0.0),
        (Uniform(2.0, 8.0), 5.0, 6 / 12**0.5),
        (Exponential(20.0), 20.0, 20.0),
        (LogNormal(120.0, 120.0), 120.0, 120.0),
        (Measured((1.0, 3.0)), 2.0, 1.0),
    ],
)
def test_distributions_have_their_means(distribution: Distribution, mean_s: float, sd_s: float) -> None:
    times = distribution.draw(np.random.default_rng(1), 200_000)
    assert distribution.mean_s == mean_s
    assert times.mean() == pytest.approx(mean_s, rel=0.02)
    assert times.std() == pytest.approx(sd_s, rel=0.05, abs=1e-9)
    assert times.min() >= 0


def test_three_hundred_agents_are_fast() -> None:
    """Eight hours under ten seconds on a free machine: here a quarter of an hour, some 0.4 s of CPU there, and room
    for a slow and busy one."""
    scenario = replace(base(300), duration_s=900.0)
    began = time.process_time()
    Run(scenario, policy_of("predictive", scenario), 0).go()
    assert time.process_time() - began < 3.0


def test_workers_give_what_one_process_gives() -> None:
    alone = compare(replace(SHORT, duration_s=300.0), ["progressive", "issabel"], 2)
    shared = compare(replace(SHORT, duration_s=300.0), ["progressive", "issabel"], 2, workers=2)
    assert shared == alone


def test_what_needs_the_core_runs_through_it() -> None:
    short = replace(SHORT, duration_s=300.0)
    assert not compare(short, ["progressive"], 1).core
    assert compare(short, ["progressive"], 1, core=True).core
    assert compare(short, ["zero-abandon"], 1).core
    shared = compare(replace(short, beside=(replace(short, name="other", shifts=()),)), ["progressive"], 1)
    assert shared.core
    parts = json.loads(json.dumps(shared.as_json()))["policies"][0]["replications"][0]["campaigns"]
    assert parts.keys() == {"base", "other"}


@pytest.mark.parametrize("name", sorted(shipped()))
def test_the_scenarios_that_come_with_the_product_run(name: str) -> None:
    scenario = replace(find(name), duration_s=120.0)
    found = compare(scenario, ["progressive"], 1)
    assert found.results[0].tallies[0].dials > 0
    assert found.core == (name in ("two-campaigns", "blended"))
    assert shipped()[name]


def test_a_scenario_that_there_is_not() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario of that name: there are .*lunch"):
        find("brunch")


def test_the_page_is_whole_by_itself() -> None:
    found = compare(replace(SHORT, name="<b>Day</b>", duration_s=600.0), ["progressive", "issabel"], 2)
    text = page(found)
    assert "<b>" not in text
    assert "&lt;b&gt;Day&lt;/b&gt;" in text
    assert not re.search(r"(src|href|url\()", text)
    assert text.count("<svg") == text.count("</svg>") == 4
    assert "prefers-color-scheme: dark" in text
    for each in found.results:
        assert percent(each.occupancy) in text
    assert "nan" not in text.lower()
    ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])


def test_pictures_of_one_replication_and_of_nobody() -> None:
    nobody = replace(base(0), duration_s=60.0)
    assert "<svg" in page(compare(nobody, ["progressive"], 1))
