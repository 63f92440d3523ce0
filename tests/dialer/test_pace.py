"""The modes of a campaign: the file, the policies, and how the core dials by them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import CampaignError
from calls.ids import AttemptId
from dialer import events as ev
from dialer.campaign import load
from dialer.pacing import Broadcast, Dialled, Policy, Power, Snapshot
from tests.dialer.checker import broken
from tests.dialer.conftest import SETTINGS, Worlds, campaign_text, make_campaign
from tests.dialer.core_bench import Bench, asked, is_place


def snapshot(at_s: float = 0.0, ready: int = 0, lines: int = 40, **more: object) -> Snapshot:
    given = {"waiting": 0, "ringing_since_s": (), "talking_since_s": (), "wrapping_since_s": ()} | more
    return Snapshot(at_s=at_s, ready=ready, lines_free=lines, **given)  # type: ignore[arg-type]  # the test's own words


def decide(policy: Policy, seen: Snapshot) -> tuple[int, str]:
    return policy.decide(seen), policy.explain().reason


# --- the file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "line", "words"),
    [
        ("mode = 'fast'", 11, 'pacing.mode: expected "progressive"'),
        ("mode = 'power'\nratio = 0.5", 12, "pacing.ratio: expected lines for each free agent, 1 to 10"),
        ("ratio = 1.5", 11, 'pacing.ratio: is for mode = "power"; the mode is "progressive"'),
        ("calls_per_minute = 60", 11, 'pacing.calls_per_minute: is for mode = "broadcast"'),
        ("mode = 'broadcast'\ncalls_per_minute = 0", 12, "pacing.calls_per_minute: expected calls in a minute"),
        ("cap = 1.5", 11, "pacing.cap: expected a share from 0 to 1"),
    ],
)
def test_a_pace_that_does_not_fit_is_named(tmp_path: Path, table: str, line: int, words: str) -> None:
    path = tmp_path / "autumn.toml"
    path.write_text(campaign_text(f"[pacing]\n{table}\n"), encoding="utf-8")
    with pytest.raises(CampaignError) as problem:
        load(path, SETTINGS)
    assert words in str(problem.value)
    assert problem.value.where is not None
    assert problem.value.where.line == line


def test_a_cap_above_the_presets_is_refused_and_one_below_holds(tmp_path: Path) -> None:
    us = {"preset": '"us-telemarketing"', "trunk": '"carrier"'}
    with pytest.raises(CampaignError, match=r"pacing.cap: expected 0.03 or less, as preset us-telemarketing demands"):
        make_campaign(tmp_path, "[pacing]\ncap = 0.05\n", **us)
    campaign = make_campaign(tmp_path, "[pacing]\ncap = 0.02\n", **us)
    assert campaign.file.pacing.cap_within(campaign.preset) == 0.02


# --- power ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "dials", "reason"),
    [
        (snapshot(ready=0, window_answers=100), 0, "no free agent"),
        (snapshot(ready=4, window_answers=100), 6, "1.5 lines for each of 4 free agents"),
        (snapshot(ready=4, window_answers=100, ringing_since_s=(0.0, 0.0)), 4, "less 2 under way"),
        (snapshot(ready=4, window_answers=100, lines=3), 3, "6 wanted, and lines or calls per second leave 3"),
        (snapshot(ready=4, window_answers=100, inbound_waiting=1), 0, "inbound calls wait: 1"),
        (snapshot(ready=4), 4, "0 of 0 abandoned, one more would break the cap of 3%"),
        (snapshot(ready=4, window_answers=33), 4, "one more would break the cap"),
        (snapshot(ready=4, window_answers=34), 6, "1.5 lines"),
        (snapshot(ready=4, window_answers=100, window_abandons=3), 4, "3 of 100 abandoned"),
    ],
)
def test_power_dials_its_ratio_within_the_cap(seen: Snapshot, dials: int, reason: str) -> None:
    got, why = decide(Power(0.03, 2.0, 25.0), seen)
    assert got == dials
    assert reason in why


# --- broadcast --------------------------------------------------------------------------------------------------


def test_broadcast_takes_the_lines_where_no_rate_is_set() -> None:
    assert decide(Broadcast(None), snapshot(lines=7))[0] == 7


@given(rate=st.integers(1, 600), lines=st.integers(0, 30), minutes=st.integers(2, 4))
def test_broadcast_never_passes_its_rate_in_any_minute(rate: int, lines: int, minutes: int) -> None:
    policy = Broadcast(rate)
    at: list[float] = []
    for second in range(60 * minutes):
        dials = policy.decide(snapshot(float(second), lines=lines))
        assert 0 <= dials <= lines
        for _ in range(dials):
            policy.observe(Dialled(at_s=second + 0.004))
            at.append(second + 0.004)
    for index, first in enumerate(at):
        assert sum(each < first + 60 for each in at[index:]) <= rate
    if lines >= rate / 6 + 1:
        assert len(at) >= minutes * rate * 0.9, "and it is used"


@pytest.mark.parametrize("late_s", [0.0, 0.15, 0.9])
def test_calls_that_go_out_late_do_not_halve_a_broadcast(late_s: float) -> None:
    policy, dialled = Broadcast(3000), 0
    for second in range(60):
        dials = policy.decide(snapshot(float(second), lines=1000))
        assert dials <= 50
        for _ in range(dials):
            policy.observe(Dialled(at_s=second + late_s))
        dialled += dials
    assert 2900 <= dialled <= 3000


def test_a_broadcast_is_dialled_without_agents(tmp_path: Path) -> None:
    pacing = "[pacing]\nmode = 'broadcast'\ncalls_per_minute = 120\n"
    it = Bench(make_campaign(tmp_path, pacing, queue=None, safe_harbour=None, flow='"offer"'), agents=0)
    assert asked(it.first) == [2]
    assert sum(map(is_place, it.begin(2))) == 2
    assert asked(it.tick(0.5)) == []
    timer = it.core.next_timer()
    assert timer is not None
    assert asked(it.tick(timer - it.now)) == [2]


# --- by hand ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["manual", "preview"])
def test_by_hand_the_core_dials_nothing_by_itself(tmp_path: Path, mode: str) -> None:
    it = Bench(make_campaign(tmp_path, f"[pacing]\nmode = '{mode}'\n"))
    assert asked(it.first) == []
    assert asked(it.tick(100.0)) == []
    assert it.reason().startswith(f"{mode}: agents")
    assert it.core.view(it.now).campaigns[0].state is ev.CampaignState.RUNNING


# --- once a second ----------------------------------------------------------------------------------------------


def test_predictive_decides_once_a_second_though_nothing_happens(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, "[pacing]\nmode = 'predictive'\n"), agents=0)
    it.tell(ev.AttemptsBegun(it.campaign.campaign_id, ev.Begun(next_in_s=0.0)))
    begun = it.now
    for second in range(1, 4):
        timer = it.core.next_timer()
        assert timer == pytest.approx(begun + second)
        assert timer is not None
        it.tick(timer - it.now)


def test_predictive_does_not_decide_between_its_seconds(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, "[pacing]\nmode = 'predictive'\n"), agents=0)
    it.tell(ev.AttemptsBegun(it.campaign.campaign_id, ev.Begun(next_in_s=0.0)))
    assert asked(it.agents(2)) == []
    assert asked(it.tick(1.0)) == [2]


@pytest.mark.parametrize("mode", ["power", "predictive"])
def test_a_list_is_dialled_to_its_end(worlds: Worlds, mode: str) -> None:
    world = worlds(20, 3, tables=f"[pacing]\nmode = '{mode}'\n")
    world.start()
    world.run(7200)
    assert world.finished


def test_the_attempts_row_says_why_in_figures(worlds: Worlds) -> None:
    world = worlds(20, 3, tables="[pacing]\nmode = 'predictive'\n")
    world.start()
    world.run(30)
    row = world.db.execute(
        "SELECT decision ->> 'answer_rate', decision ->> 'budget', decision ->> 'reason' FROM attempts"
    ).fetchone()
    assert row[0] == 0.5
    assert row[1] == "steered"
    assert "one line for each free agent until the first dials" in row[2]


# --- an agent kept for each dial --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "keeps"),
    [
        ("mode = 'zero-abandon'", True),
        ("mode = 'predictive'\ncap = 0.0", True),
        ("mode = 'progressive'\ncap = 0.01", False),
        ("mode = 'manual'\ncap = 0.0", False),
    ],
)
def test_when_an_agent_is_kept_for_each_dial(tmp_path: Path, table: str, keeps: bool) -> None:
    campaign = make_campaign(tmp_path, f"[pacing]\n{table}\n")
    assert campaign.file.pacing.reserves(campaign.preset) is keeps
    zero = make_campaign(tmp_path, preset='"zero-abandon"', trunk='"carrier"')
    assert zero.file.pacing.reserves(zero.preset)


def test_nothing_is_dialled_before_its_agent_is_there(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, "[pacing]\nmode = 'zero-abandon'\n"))
    assert asked(it.first) == [2]
    actions = it.begin(2)
    assert [type(each) for each in actions] == [ev.ReserveAgent, ev.ReserveAgent]
    assert asked(it.agents(1, reserved=1)) == []
    placed = [each for each in it.tell(ev.AgentReserved(AttemptId("a2"))) if isinstance(each, ev.PlaceCall)]
    assert [each.dial.attempt_id for each in placed] == ["a2"]
    actions = it.tick(5.0)
    ended = [(each.attempt_id, each.sent) for each in actions if isinstance(each, ev.Finish)]
    assert ended == [("a1", False)]
    assert asked(actions) == [1], "the other agent is free for another dial"


def test_who_was_kept_and_is_lost_is_kept_no_more(tmp_path: Path) -> None:
    it = Bench(make_campaign(tmp_path, "[pacing]\nmode = 'zero-abandon'\n"))
    gate = it.core._state.rooms.gates["loop"]
    it.begin(1)
    it.agents(1, reserved=1)
    for _ in range(gate.trunk.lines):
        gate.placed(it.now)
    it.tell(ev.AgentReserved(AttemptId("a1")))
    it.agents(1)  # lost while the trunk had no call of this second left
    assert [each for each in it.tick(2.0) if isinstance(each, ev.PlaceCall)] == []
    it.agents(0, reserved=1)
    placed = [each for each in it.tell(ev.AgentReserved(AttemptId("a1"))) if isinstance(each, ev.PlaceCall)]
    assert [each.dial.attempt_id for each in placed] == ["a1"]


@pytest.mark.parametrize("mode", ["progressive", "zero-abandon"])
def test_agents_who_are_taken_away_leave_people_alone_unless_they_are_kept(worlds: Worlds, mode: str) -> None:
    world = worlds(40, 3, tables=f"[pacing]\nmode = '{mode}'\n")
    world.start()
    for _ in range(60):
        world.run(1.3)
        world.set_agents_away(True)  # all who are not promised to a call
        world.run(3.0)
        world.set_agents_away(False)
    world.run(7200)
    assert world.finished
    abandoned = world.db.execute("SELECT coalesce(sum(abandoned), 0) FROM calls").fetchone()[0]
    assert (abandoned > 0) is (mode == "progressive")
    assert broken(world, per_person=3, at_end=True) == []
