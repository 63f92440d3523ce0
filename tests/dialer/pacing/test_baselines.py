"""The policies others use: their rules by hand, and the published figures of the base scenario within noise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.pacing import POLICIES, LiveAnswer, NoAnswer, Snapshot, TalkEnded, make_policy
from dialer.pacing.erlang_b import ErlangB, load_at
from dialer.pacing.issabel import Issabel
from dialer.pacing.model import Abandoned
from dialer.pacing.period import Period
from dialer.pacing.ratio import PerAgent, PerAvailableAgent
from dialer.pacing.vicidial import Adapt, Limit, Tuning
from dialer.simulation.closed_forms import erlang_b
from dialer.simulation.paced import policy_of
from dialer.simulation.replications import replicate
from dialer.simulation.scenario import base


def seen(
    at_s: float, ready: int, *, ringing: int = 0, talking: int = 0, waiting: int = 0, lines: int = 500
) -> Snapshot:
    return Snapshot(at_s, ready, waiting, (at_s - 5.0,) * ringing, (at_s - 30.0,) * talking, (), lines)


def test_ratio_per_available_agent() -> None:
    policy = PerAvailableAgent(0.03, 2.0, 25.0, ratio=2.5)
    assert policy.decide(seen(0.0, 3)) == 7
    assert policy.decide(seen(1.0, 3, ringing=5, waiting=1)) == 1
    assert policy.decide(seen(2.0, 3, ringing=9)) == 0
    assert policy.decide(seen(3.0, 3, lines=4)) == 4


def test_ratio_over_all_agents_counts_talks_as_lines() -> None:
    policy = PerAgent(0.03, 2.0, 25.0, ratio=2.0)
    assert policy.decide(seen(0.0, 4, talking=6, ringing=3)) == 11
    assert policy.decide(seen(1.0, 4, talking=6)) == 0, "it looks every 2.5 s"
    assert policy.decide(seen(2.5, 4, talking=6)) == 14


def test_a_batch_is_dialled_once() -> None:
    period = Period(5.0)
    assert period.due(10.0)
    period.begin(10.0, 4)
    assert period.left(seen(10.0, 1)) == 4
    again = Snapshot(10.1, 1, 0, (10.0, 10.0, 10.05), (), (), 50)
    assert period.left(again) == 1
    assert period.left(seen(11.0, 1)) == 0
    assert not period.due(14.9)
    assert period.due(15.2)
    assert period.due(20.0), "the beat is kept"
    assert period.due(60.0)
    assert not period.due(64.0)


def driven(limit: Limit, ready: int, until_s: int, tuning: Tuning | None = None, drops: int = 0) -> Adapt:
    policy = Adapt(limit, 0.03, 2.0, 25.0, tuning=tuning)
    for index in range(100):
        policy.observe(LiveAnswer(at_s=1.0, dialled_at_s=0.0))
        if index < drops:
            policy.observe(Abandoned(at_s=1.0, waited_s=2.0))
    for second in range(until_s):
        policy.decide(seen(float(second), ready, talking=10 - ready))
    return policy


def level(policy: Adapt) -> float:
    return float(policy.explain().figures["level"])


def test_vicidial_raises_its_level_while_agents_are_free() -> None:
    assert level(driven(Limit.HARD, 2, 17)) == pytest.approx(1.2)
    assert level(driven(Limit.HARD, 2, 32)) == pytest.approx(1.2**2)
    assert level(driven(Limit.HARD, 2, 600)) == 3.0
    assert level(driven(Limit.HARD, 2, 17, Tuning(intensity=50.0))) == pytest.approx(1.3)
    assert level(driven(Limit.HARD, 2, 17, Tuning(difference_target=-1.0))) == pytest.approx(1.1)
    assert level(driven(Limit.HARD, 0, 100)) == 1.0


def test_vicidial_over_its_limit() -> None:
    assert level(driven(Limit.HARD, 2, 100, drops=10)) == 1.0
    assert level(driven(Limit.AVERAGE, 5, 20, drops=10)) == 1.0
    tapered = level(driven(Limit.TAPERED, 5, 17, drops=10))
    assert tapered == pytest.approx(1.5 * 0.8), "2100 less 1300, of 1000"


@pytest.mark.parametrize(("failures", "expected"), [(0, 1.5**2 / 2), (60, 1.5**2)])
def test_vicidial_halves_its_level_when_most_calls_of_a_minute_are_dropped(failures: int, expected: float) -> None:
    policy = Adapt(Limit.HARD, 1.0, 2.0, 25.0)
    for second in range(31):
        policy.decide(seen(float(second), 5, talking=5))
    for _ in range(40):
        policy.observe(LiveAnswer(at_s=30.0, dialled_at_s=20.0))
        policy.observe(Abandoned(at_s=30.0, waited_s=2.0))
    for _ in range(failures):
        policy.observe(NoAnswer(at_s=30.0, dialled_at_s=5.0))
    for second in range(31, 62):
        policy.decide(seen(float(second), 0, talking=10))
    assert level(policy) == pytest.approx(expected)


def test_issabel_counts_long_talks_as_soon_free() -> None:
    policy = Issabel(0.03, 2.0, 25.0)
    for _ in range(10):
        policy.observe(TalkEnded(at_s=1.0, talk_s=10.0))
    assert policy.decide(Snapshot(100.0, 1, 0, (), (60.0, 99.0), (), 50)) == 2
    for _ in range(9):
        policy.observe(NoAnswer(at_s=100.0, dialled_at_s=80.0))
    policy.observe(LiveAnswer(at_s=100.0, dialled_at_s=92.0))
    assert policy.decide(Snapshot(105.0, 1, 0, (), (60.0, 104.0), (), 50)) == 10, "divided by 0.2 at least"


@pytest.mark.parametrize("agents", [1, 10, 100])
def test_erlang_b_finds_its_load(agents: int) -> None:
    assert erlang_b(agents, load_at(agents, 0.03)) == pytest.approx(0.03, abs=1e-6)
    assert load_at(0, 0.03) == 0.0


def test_erlang_b_dials_nothing_for_nobody() -> None:
    policy = ErlangB(0.03, 2.0, 25.0)
    assert sum(policy.decide(seen(float(second), 0)) for second in range(100)) == 0


PUBLISHED = [
    ("progressive", 10, 60.2, 0.0),
    ("ratio_available", 20, 65.4, 0.0),
    ("issabel", 10, 81.7, 11.0),
    ("erlang_b", 10, 53.1, 2.3),
    ("vicidial_hard_limit", 10, 60.9, 3.3),
    ("vicidial_average", 20, 61.2, 3.2),
    ("vicidial_tapered", 10, 62.6, 3.3),
]


@pytest.mark.parametrize(("name", "agents", "occupancy", "abandoned"), PUBLISHED)
def test_the_published_figures(name: str, agents: int, occupancy: float, abandoned: float) -> None:
    """Occupancy within 2 points, and the abandoned within a quarter and 1.6 points, of what was published."""
    results = replicate(name, base(agents), lambda scenario: policy_of(name, scenario), 3)
    assert 100 * results.occupancy.mean == pytest.approx(occupancy, abs=2.0)
    assert 100 * results.abandonment.mean == pytest.approx(abandoned, rel=0.25, abs=1.6)


COUNTS = st.integers(0, 30)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(POLICIES)), st.lists(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS), max_size=8))
def test_every_policy_stays_within_the_lines(name: str, looks: list[tuple[int, int, int, int, int]]) -> None:
    policy = make_policy(name, abandonment_cap=0.03, connect_within_s=2.0, no_answer_s=25.0)
    for index, (ready, ringing, talking, waiting, lines) in enumerate(looks):
        look = seen(2.5 * index, ready, ringing=ringing, talking=talking, waiting=waiting, lines=lines)
        assert 0 <= policy.decide(look) <= lines
        assert policy.explain().reason
        nobody = replace(look, ready=0, talking_since_s=())
        assert policy.decide(nobody) == 0 or name == "erlang_b" or ready + talking
