"""Changes of a campaign while it runs, and what its pacing keeps over a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calls.errors import CampaignError
from calls.ids import CampaignId
from dialer import control, pacing, pacing_states
from dialer import events as ev
from dialer.campaign import Campaign
from dialer.pacing import LiveAnswer, NoAnswer, Snapshot
from dialer.run import CampaignRun
from tests.dialer.conftest import SETTINGS, make_campaign
from tests.dialer.core_bench import Bench, asked
from tests.fresh_store import fill

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
AUTUMN = CampaignId("autumn")


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'autumn', '')")
    connection.execute(
        "INSERT INTO campaigns (campaign_id, name, list_id, settings, state, created_at, changed_at)"
        " VALUES ('autumn', 'Autumn', 'l', '{}', 'stopped', '', '')"
    )
    yield connection
    connection.close()


def test_changes_are_read_as_people_write_them() -> None:
    words = ["pacing.mode=power", 'pacing.mode="power"', "pacing.ratio=2", "max_lines = 30", "pacing.cap=0.02"]
    assert control.read(words) == {"pacing.mode": "power", "pacing.ratio": 2, "max_lines": 30, "pacing.cap": 0.02}
    with pytest.raises(CampaignError, match="expected a key and a value such as max_lines=30"):
        control.read(["max_lines"])


def test_a_campaign_is_changed(campaign: Campaign) -> None:
    found = control.changed(
        campaign, {"pacing.mode": "power", "pacing.ratio": 2, "max_lines": 30, "weight": 5, "priority": 2}
    )
    assert (found.file.pacing.mode, found.file.pacing.ratio) == ("power", 2.0)
    assert (found.file.max_lines, found.file.weight, found.file.priority) == (30, 5, 2)
    assert found.file.name == campaign.file.name
    assert found.file.retries == campaign.file.retries


def test_another_mode_leaves_out_what_went_with_the_one_before(tmp_path: Path) -> None:
    power = make_campaign(tmp_path, "[pacing]\nmode = 'power'\nratio = 2\n")
    found = control.changed(power, {"pacing.mode": "predictive"})
    assert (found.file.pacing.mode, found.file.pacing.ratio) == ("predictive", None)
    control.require_fit(found, SETTINGS)
    assert control.merged({"pacing.ratio": 3, "weight": 2}, {"pacing.mode": "predictive"}) == {
        "pacing.mode": "predictive",
        "weight": 2,
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"preset": "demo"}, "preset cannot be changed while it runs: expected one of pacing.mode, pacing.ratio"),
        ({"pacing.mode": "fast"}, 'pacing.mode: expected "progressive"'),
        ({"max_lines": 0}, "max_lines: expected a whole number, 1 to 100000"),
        ({"weight": 101}, "weight: expected a whole number, 1 to 100"),
        ({"priority": 101}, "priority: expected a whole number, -100 to 100"),
        ({"pacing.ratio": 2}, 'pacing.ratio: is for mode = "power"'),
        ({"pacing.mode": "broadcast"}, "flow: missing"),
    ],
)
def test_what_a_file_would_be_refused_for_is_refused(
    campaign: Campaign, changes: Mapping[str, control.Value], words: str
) -> None:
    with pytest.raises(CampaignError) as problem:
        control.require_fit(control.changed(campaign, changes), SETTINGS)
    assert words in str(problem.value)


def test_changes_are_kept_and_cleared(db: sqlite3.Connection, campaign: Campaign) -> None:
    control.keep(db, AUTUMN, {"weight": 5, "pacing.mode": "predictive"}, "anna", NOW)
    assert control.effective(db, campaign).file.weight == 5
    control.keep(db, AUTUMN, {"pacing.cap": 0.02}, "anna", NOW)
    assert control.kept(db, AUTUMN) == {"pacing.cap": 0.02}
    assert control.clear(db, AUTUMN)
    assert not control.clear(db, AUTUMN)
    assert control.effective(db, campaign) == campaign


# --- in the core ------------------------------------------------------------------------------------------------


def test_a_change_takes_effect_at_once(campaign: Campaign) -> None:
    it = Bench(campaign, agents=0)
    it.tell(ev.AttemptsBegun(AUTUMN, ev.Begun(next_in_s=0.0)))
    assert asked(it.agents(4)) == [4]
    it.begin(4)
    assert asked(it.tell(ev.CampaignRenewed(control.changed(campaign, {"max_lines": 4})))) == []
    assert it.reason() == "the campaign's 4 lines are in use"
    by_hand = control.changed(campaign, {"pacing.mode": "manual"})
    it.tell(ev.CampaignRenewed(by_hand))
    assert it.reason().startswith("manual")
    with pytest.raises(CampaignError, match="was not started"):
        it.tell(ev.CampaignRenewed(by_hand.model_copy(update={"id": "winter"})))


def test_a_schedule_that_nobody_looked_at_or_that_is_closed_dials_nothing(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, '[schedule]\nuntil = "2027-03-31"\n'), agents=2)
    it.tell(ev.AttemptsBegun(AUTUMN, ev.Begun(next_in_s=0.0)))
    assert it.reason() == "its schedule has not been looked at yet"
    assert asked(it.tell(ev.ScheduleTold(AUTUMN, ""))) == [2]
    actions = it.tell(ev.ScheduleTold(AUTUMN, "outside its schedule"))
    assert actions == []
    begun = it.begin(2)
    assert [type(each) for each in begun] == [ev.Finish, ev.Finish], "what is not sent yet is given back"
    assert it.reason() == "outside its schedule"
    assert it.core.view(it.now).campaigns[0].state is ev.CampaignState.RUNNING


# --- what was learnt --------------------------------------------------------------------------------------------


def worked(campaign: Campaign) -> CampaignRun:
    run = CampaignRun(campaign, 0.0)
    for second in range(200):
        run.lanes[""].policy.observe(answer(second))
        run.lanes[""].policy.decide(Snapshot(float(second), 2, 0, (), (), (), 10))
    return run


def answer(second: int) -> LiveAnswer | NoAnswer:
    made = LiveAnswer if second % 3 == 0 else NoAnswer
    return made(at_s=second + 0.5, dialled_at_s=float(second - 5))


def test_what_was_learnt_is_restored(db: sqlite3.Connection, tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path, "[pacing]\nmode = 'predictive'\n")
    before = worked(campaign)
    learnt = before.learnt()
    assert learnt is not None
    pacing_states.keep(db, {AUTUMN: learnt, CampaignId("gone"): learnt}, NOW)
    pacing_states.keep(db, {AUTUMN: learnt}, NOW)
    it = Bench(campaign, start=False)
    it.tell(ev.CampaignStarted(campaign, learnt=pacing_states.kept(db, AUTUMN)))
    assert it.core.learnt() == {AUTUMN: learnt}
    assert pacing_states.kept(db, CampaignId("gone")) is None


@pytest.mark.parametrize(
    "state", [{}, {"ring_timeout_s": 20.0, "predictive": {"learnt": 1}}, {"ring_timeout_s": 9.0, "predictive": {}}]
)
def test_what_cannot_be_read_is_learnt_anew(tmp_path: Path, state: dict[str, object]) -> None:
    run = CampaignRun(make_campaign(tmp_path, "[pacing]\nmode = 'predictive'\n"), 0.0)
    fresh = run.learnt()
    run.remember(state)
    assert run.learnt() == fresh


def test_what_one_switch_had_learnt_is_shared_by_the_two_that_follow(tmp_path: Path) -> None:
    """Otherwise the people abandoned once are answered for, or the surplus spent, on each of them."""
    campaign = make_campaign(tmp_path, "[pacing]\nmode = 'predictive'\n")
    run = CampaignRun(campaign, 0.0)
    for each in range(5):
        run.lane_of("").policy.observe(pacing.Connected(at_s=each, waited_s=3.0 if each < 3 else 0.5))
    learnt = run.learnt()
    assert learnt is not None
    two = CampaignRun(campaign, 0.0, {"east": ("loop",), "west": ("second",)})
    two.remember(learnt)
    figures = [lane.policy.explain().figures for lane in two.lanes.values()]
    assert [(each["answers"], each["abandons"]) for each in figures] == [(2, 2), (2, 2)]


def test_another_cap_keeps_what_was_learnt_and_another_mode_does_not(tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path, "[pacing]\nmode = 'predictive'\n")
    run = worked(campaign)
    learnt = run.learnt()
    run.renew(control.changed(campaign, {"pacing.cap": 0.02}), 0.0)
    assert run.learnt() == learnt
    run.renew(control.changed(campaign, {"pacing.mode": "power"}), 0.0)
    assert run.learnt() is None
