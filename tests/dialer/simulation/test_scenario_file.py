"""Scenarios in files: what they say, and faults with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import ScenarioError
from dialer.simulation.distributions import Constant, Exponential, LogNormal, Measured, Uniform
from dialer.simulation.scenario import Inbound, LeadList, Outage, Scenario, Shift, Steps, always
from dialer.simulation.scenario_file import load

FULL = """\
name = "Tuesday"
duration_s = 7200
warm_up_s = 600
answer_rate = [[0, 0.40], [3600, 0.15]]
machine_share = 0.3
busy_share = 0.1
lines = 60
calls_per_second = 5
abandonment_cap = 0.01
cap_window_s = 86400
sees_wrap_up = false

[[shifts]]
agents = 10
breaks = [[1200, 1400]]

[[shifts]]
agents = 2
from_s = 600
until_s = 3600

[ring]
kind = "uniform"
low_s = 2
high_s = 20

[talk]
kind = "exponential"
mean_s = 90

[wrap_up]
kind = "measured"
values_s = [3, 5, 9.5]

[patience]
kind = "constant"
value_s = 1.8

[[outages]]
from_s = 100
until_s = 200
fails_after_s = 1
cause = 38

[[lists]]
name = "old"
weight = 3
leads = 100
answer_rate = [[0, 0.2], [3600, 0.1]]

[[campaigns]]
name = "beside"
answer_rate = 0.5
weight = 20

[campaigns.talk]
kind = "constant"
value_s = 30

[inbound]
calls_per_hour = [[0, 20], [3600, 0]]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "day.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_full_scenario(tmp_path: Path) -> None:
    assert load(written(tmp_path, FULL)) == Scenario(
        name="Tuesday",
        duration_s=7200.0,
        warm_up_s=600.0,
        answer_rate=Steps(((0.0, 0.40), (3600.0, 0.15))),
        machine_share=Steps(((0.0, 0.3),)),
        busy_share=0.1,
        lines=60,
        calls_per_second=5,
        abandonment_cap=0.01,
        cap_window_s=86400.0,
        sees_wrap_up=False,
        shifts=(Shift(10, 0.0, float("inf"), ((1200.0, 1400.0),)), Shift(2, 600.0, 3600.0)),
        ring=Uniform(2.0, 20.0),
        talk=Exponential(90.0),
        wrap_up=Measured((3.0, 5.0, 9.5)),
        patience=Constant(1.8),
        outages=(Outage(100.0, 200.0, 1.0, 38),),
        lists=LISTS,
        inbound=Inbound(Steps(((0.0, 20.0), (3600.0, 0.0)))),
        beside=(BESIDE,),
    )


LISTS = (LeadList("old", 3, 100, Steps(((0.0, 0.2), (3600.0, 0.1)))),)
BESIDE = Scenario(
    (),
    name="beside",
    weight=20,
    answer_rate=always(0.5),
    machine_share=always(0.3),
    busy_share=0.1,
    lines=60,
    abandonment_cap=0.01,
    cap_window_s=86400.0,
    ring=Uniform(2.0, 20.0),
    talk=Constant(30.0),
    wrap_up=Measured((3.0, 5.0, 9.5)),
    patience=Constant(1.8),
    outages=(Outage(100.0, 200.0, 1.0, 38),),
    lists=LISTS,
)


def test_what_is_left_out_is_as_in_the_base_scenario(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, "[[shifts]]\nagents = 3\n"))
    assert scenario == Scenario((Shift(3),), name="day")
    assert scenario.talk == LogNormal(120.0, 120.0)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("agents = 10", 'agents = "ten"', ":14: shifts[0].agents: expected a whole number"),
        ("breaks = [[1200, 1400]]", "breaks = [[1400, 1200]]", ":13: shifts[0]: expected breaks that end"),
        ("[3600, 0.15]", "[3600, 1.15]", ":4: answer_rate: expected shares"),
        ("[[0, 0.40]", "[[1, 0.40]", ":4: answer_rate: expected times that rise"),
        ("low_s = 2\n", "low_s = 30\n", ":22: ring: low_s and high_s: expected"),
        ('"exponential"', '"exp"', ":27: talk: expected"),
        ("mean_s = 90", "mean_s = 0", ":27: talk: mean_s: expected more than 0"),
        ("values_s = [3, 5, 9.5]", "values_s = []", ":31: wrap_up: values_s: expected"),
        ("until_s = 200", "until_s = 50", ":39: outages[0]: expected until_s after from_s"),
        ("cause = 38", "cause = 200", ":43: outages[0].cause: expected"),
        ("warm_up_s = 600", "warm_up_s = 7200", "warm_up_s: expected 0 or more and less"),
        (
            "= 86400",
            "= 60",
            ":10: cap_window_s: expected seconds, 3600 to 31622400: 86400 for a law that counts a day",
        ),
        ("lines = 60", "linse = 60", ":7: linse"),
        ("leads = 100", "leads = -1", ":48: lists[0].leads: expected"),
        ("[3600, 0.1]", "[3600, 1.1]", ":45: lists[0]: expected shares"),
        ('name = "beside"', 'name = "Tuesday"', ":51: campaigns[0]: expected another name"),
        ("value_s = 30", "value_s = -30", ":58: campaigns[0].talk.value_s: expected"),
        ("[3600, 0]]", "[3600, -1]]", ":60: inbound: calls_per_hour: expected 0 or more"),
    ],
)
def test_faults_say_where_they_are(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in FULL
    with pytest.raises(ScenarioError) as caught:
        load(written(tmp_path, FULL.replace(before, after, 1)))
    assert message in str(caught.value)
    assert "day.toml" in str(caught.value)


def test_a_scenario_needs_agents(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="one shift or more"):
        load(written(tmp_path, "shifts = []\n"))
