"""A campaign's records: measured, written as a scenario, and simulated on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from calls.errors import CampaignError
from calls.ids import AgentId
from calls.records.times import as_text
from console import main
from dialer import control
from dialer.simulation import what_if
from dialer.simulation.closed_forms import erlang_a, erlang_b
from dialer.simulation.forecast import forecast
from dialer.simulation.measured import KEPT, Measurement, measure
from dialer.simulation.scenario_file import load
from dialer.simulation.scenario_text import text_of
from dialer.simulation.staffing import agents_for_abandonment, agents_for_service, lines_for
from dialer.simulation.what_if import AsItIs, Superseded
from tests.dialer.actors import Agent
from tests.dialer.conftest import make_campaign
from tests.dialer.test_live_pace import LINES, LIVE, Hour
from tests.dialer.world import START

AGENTS, LASTS_S = 8, 1200.0


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hour]:
    """Twenty minutes of a campaign, with what an engine would have kept of its agents."""
    folder = tmp_path_factory.mktemp("measured")
    text = "[pacing]\nmode = 'predictive'\ncap = 0.03\n"
    campaign = make_campaign(folder, text, max_lines="60", ring_timeout_s="20")
    hour = Hour(campaign, LINES, [Agent(AgentId(f"agent{each}")) for each in range(AGENTS)], lasts_s=LASTS_S)
    hour.add_leads([f"+1202{each:07d}" for each in range(1_000_000, 1_004_000)])
    hour.start()
    hour.run(LASTS_S)
    hour.db.execute("UPDATE calls SET wrap_up_s = ? WHERE agent_id IS NOT NULL", (hour.wrap_s,))
    for agent in hour.agents:
        hour.db.execute(
            "INSERT INTO agent_states (agent_id, since_at, state, reason, duration_s, call_id)"
            " VALUES (?, ?, 'ready', '', NULL, NULL)",
            (agent.agent_id, as_text(START)),
        )
    yield hour
    hour.db.close()


def measured(hour: Hour) -> Measurement:
    return measure(hour.db, "autumn", START, hour.wall + timedelta(seconds=1))


def test_what_happened_is_measured(hour: Hour) -> None:
    found = measured(hour)
    sent = "SELECT count(*) FROM attempts WHERE state = 'done' AND json_extract(decision, '$.sent') IS NOT 0"
    assert found.dials == hour.db.execute(sent).fetchone()[0]
    scenario = found.scenario
    assert scenario.most_agents() == AGENTS
    assert scenario.answer_rate.at(0.0) == pytest.approx(LIVE, abs=0.05)
    assert scenario.busy_share == pytest.approx(0.1 / 0.6, abs=0.05)
    assert scenario.talk.mean_s == pytest.approx(30.0, rel=0.25)
    assert scenario.wrap_up.mean_s == hour.wrap_s
    assert (scenario.no_answer_s, scenario.lines, scenario.abandonment_cap) == (20.0, 60, 0.03)
    assert hour.occupancy - 0.15 < found.occupancy <= hour.occupancy  # what is under way is in no record yet
    left = hour.db.execute("SELECT count(*) FROM campaign_leads WHERE state IN ('new', 'retry')").fetchone()[0]
    assert found.leads_left == left


def test_it_is_written_as_a_scenario_and_read_back(hour: Hour, tmp_path: Path) -> None:
    scenario = measured(hour).scenario
    path = tmp_path / "measured.toml"
    path.write_text(text_of(scenario), encoding="utf-8")
    assert load(path) == scenario
    assert len(getattr(scenario.talk, "values_s", ())) <= KEPT


def test_a_forecast_covers_what_happened_and_tells_what_changes_bring(hour: Hour) -> None:
    found = measured(hour)
    told = forecast(found, 2, 1, hours=0.2)
    by_change = {each.change: each for each in told.variants}
    now = by_change["as it is"]
    assert abs(now.occupancy.mean - hour.occupancy) <= now.occupancy.half + 0.05
    assert now.gain_per_hour.mean == 0.0
    assert by_change["one agent more"].talks_per_hour.mean > by_change["one agent fewer"].talks_per_hour.mean
    assert by_change["one point of cap more"].note == ""
    assert told.hours_left is not None
    per_hour = found.dials / (LASTS_S / 3600)
    assert told.hours_left.mean == pytest.approx(found.leads_left / per_hour, rel=0.25)
    assert erlang_b(told.lines_needed, 1.0) < 0.01
    assert json.loads(json.dumps(told.as_json()))["variants"][0]["change"] == "as it is"
    staff = told.staffing
    assert staff is not None and staff.share == 0.03
    assert staff.load == pytest.approx(now.occupancy.mean * AGENTS, rel=0.25)
    assert erlang_b(staff.none_busy, staff.load) <= 0.03 < erlang_b(staff.none_busy - 1, staff.load)
    assert AGENTS <= staff.few_leave <= staff.none_busy, "what is not paced takes more agents"


def test_the_command_tells_all_of_it(hour: Hour, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "records.db")) as copy:
        hour.db.backup(copy)
    (tmp_path / "callwright.toml").write_text(f'[engine]\ndatabase = "{tmp_path}/records.db"\n', encoding="utf-8")
    times = ("--from", f"{START:%Y-%m-%dT%H:%M:%S}", "--to", f"{hour.wall + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}")
    shorter = ("--hours", "0.1", "--replications", "2", "--workers", "1")
    words = ["--settings", str(tmp_path / "callwright.toml"), "dialer", "forecast", "autumn", *times, *shorter]
    told = CliRunner().invoke(main.app, words, env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    for each in (
        "one agent more",
        "one line more",
        "one point of cap more",
        "hours of dialling",
        "Erlang B",
        "erlangs",
    ):
        assert each in told.stdout
    assert "(Erlang C)" in told.stdout and "(Erlang A)" in told.stdout


@pytest.fixture(scope="module")
def base(hour: Hour) -> AsItIs:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(what_if, "HOURS", 0.2)
        patch.setattr(what_if, "WARM_UP_S", 300.0)
        return what_if.as_it_is(measured(hour), 2, 1, lambda: True)


def test_a_change_that_is_tried_stands_beside_things_as_they_are(
    base: AsItIs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(what_if, "HOURS", 0.2)
    campaign = base.measured.campaign
    same = what_if.what_if(base, campaign, 1, lambda: True)
    assert (same.then.gain_per_hour.mean, same.then.talks_per_hour) == (0.0, same.now.talks_per_hour)
    less = what_if.what_if(base, control.changed(campaign, {"max_lines": 4}), 1, lambda: True)
    assert less.then.talks_per_hour.mean < 0.7 * less.now.talks_per_hour.mean
    slower = what_if.what_if(base, control.changed(campaign, {"pacing.mode": "progressive"}), 1, lambda: True)
    assert slower.then.occupancy.mean < slower.now.occupancy.mean
    assert json.loads(json.dumps(less.as_json()))["then"]["gain_per_hour"]["mean"] < 0


def test_a_change_that_nobody_waits_for_ends_after_the_run_in_hand(base: AsItIs) -> None:
    asked = []

    def is_wanted() -> bool:
        asked.append(True)
        return False

    with pytest.raises(Superseded, match="another change"):
        what_if.what_if(base, base.measured.campaign, 1, is_wanted)
    assert len(asked) == 1


def test_things_as_they_are_are_those_that_were_changed_beside_the_file(hour: Hour) -> None:
    campaign = measured(hour).campaign
    control.keep(hour.db, campaign.campaign_id, {"max_lines": 7, "pacing.cap": 0.01}, "test", START)
    try:
        scenario = measured(hour).scenario
    finally:
        control.clear(hour.db, campaign.campaign_id)
    assert (scenario.lines, scenario.abandonment_cap) == (7, 0.01)


@pytest.mark.parametrize(
    ("campaign", "hours", "message"),
    [("winter", 0.0, "no campaign winter"), ("autumn", 24.0, "0 dials and 0 talks .* expected 50 and 10")],
)
def test_what_cannot_be_measured_says_so(hour: Hour, campaign: str, hours: float, message: str) -> None:
    begin = hour.wall + timedelta(hours=hours)
    with pytest.raises(CampaignError, match=message):
        measure(hour.db, campaign, begin, begin + timedelta(hours=1))


@settings(max_examples=40, deadline=None)
@given(load=st.floats(0.1, 200), blocked=st.floats(0.001, 0.5))
def test_lines_are_the_fewest(load: float, blocked: float) -> None:
    lines = lines_for(load, blocked)
    assert erlang_b(lines, load) <= blocked
    assert lines == 1 or erlang_b(lines - 1, load) > blocked


def test_agents_by_known_values() -> None:
    assert agents_for_service(100 / 3600, 180.0, 0.8, 20.0) == 8
    agents = agents_for_abandonment(100 / 3600, 180.0, 60.0, 0.05)
    assert erlang_a(agents, 100 / 3600, 180.0, 60.0) <= 0.05 < erlang_a(agents - 1, 100 / 3600, 180.0, 60.0)
