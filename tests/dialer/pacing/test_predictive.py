"""The predictive policy: bounds, round trip of its state, its words, the cap in short runs."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.pacing import LiveAnswer, NoAnswer, Snapshot, TalkEnded, make_policy
from dialer.pacing.kept import number, numbers
from dialer.pacing.model import MachineAnswer
from dialer.pacing.predictive import Predictive
from dialer.simulation.distributions import LogNormal
from dialer.simulation.paced import policy_of
from dialer.simulation.replications import replicate
from dialer.simulation.run import Run
from dialer.simulation.scenario import Outage, Scenario, Shift, Steps, base

EMPTY = Snapshot(100.0, 0, 0, (), (), (), 50)


def new(cap: float = 0.03) -> Predictive:
    return Predictive(cap, 2.0, 25.0)


def trained(cap: float = 0.03, seconds: float = 1200.0, agents: int = 12) -> Predictive:
    policy = new(cap)
    Run(replace(base(agents), duration_s=seconds, talk=LogNormal(40.0, 40.0)), policy, 3).go()
    return policy


def test_it_is_made_by_its_name() -> None:
    assert isinstance(
        make_policy("predictive", abandonment_cap=0.03, connect_within_s=2.0, no_answer_s=25.0), Predictive
    )


AGES = st.lists(st.floats(0, 90), max_size=40)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    at_s = 5000.0
    rang, talked, wrapped = (tuple(at_s - age for age in draw(AGES)) for _ in range(3))
    waiting = draw(st.integers(0, 3))
    return Snapshot(
        at_s=at_s,
        ready=draw(st.integers(0, 30)),
        waiting=waiting,
        ringing_since_s=rang,
        talking_since_s=talked,
        wrapping_since_s=wrapped,
        lines_free=draw(st.integers(0, 100)),
        detecting_since_s=tuple(at_s - 1.0 for _ in range(draw(st.integers(0, 3)))),
        inbound_waiting=draw(st.sampled_from([0, 0, 0, 2])),
        window_answers=draw(st.integers(0, 2000)),
        window_abandons=draw(st.integers(0, 60)),
    )


TRAINED = trained()


@settings(max_examples=150, deadline=None)
@given(snapshots(), st.booleans())
def test_a_decision_fits_the_lines_and_is_explained(seen: Snapshot, fresh: bool) -> None:
    policy = new() if fresh else TRAINED
    dials = policy.decide(seen)
    assert 0 <= dials <= seen.lines_free
    if seen.inbound_waiting:
        assert dials == 0
    explained = policy.explain()
    assert explained.reason
    json.dumps(dict(explained.figures))
    assert explained.figures["dials"] == dials
    assert policy.decide(seen) == dials, "asking again changes nothing"


@settings(max_examples=40, deadline=None)
@given(snapshots())
def test_never_a_dial_without_agents(seen: Snapshot) -> None:
    empty = replace(seen, ready=0, talking_since_s=(), wrapping_since_s=(), reserved=0)
    assert TRAINED.decide(empty) == 0
    assert new().decide(empty) == 0


@settings(max_examples=40, deadline=None)
@given(snapshots(), st.integers(1, 8))
def test_free_agents_have_a_line_each_whatever_the_budget_says(seen: Snapshot, more: int) -> None:
    under_way = len(seen.ringing_since_s) + len(seen.detecting_since_s) + seen.waiting
    idle = replace(seen, ready=under_way + more, lines_free=100, inbound_waiting=0)
    assert TRAINED.decide(idle) >= more


def test_it_begins_with_one_line_for_each_free_agent() -> None:
    assert new().decide(replace(EMPTY, ready=7)) == 7
    assert new().decide(replace(EMPTY, ready=7, ringing_since_s=(99.0,) * 5)) == 2


def test_agents_who_leave_and_inbound_calls_are_not_counted_on() -> None:
    idle = replace(EMPTY, at_s=9000.0, ready=8, lines_free=100)
    dials = TRAINED.decide(idle)
    assert dials >= 8
    assert TRAINED.decide(replace(idle, leaving_at_s=(9003.0,) * 4)) < dials
    assert TRAINED.decide(replace(idle, leaving_at_s=(9500.0,) * 4)) == dials
    assert TRAINED.decide(replace(idle, inbound_rate_per_s=0.4)) < dials


def test_it_dials_ahead_once_it_has_learnt() -> None:
    talking = tuple(100.0 - 7.0 * index for index in range(12))
    dials = TRAINED.decide(Snapshot(9000.0, 3, 0, (), tuple(8900.0 + each for each in talking), (), 100))
    assert dials > 3


def test_a_saved_policy_goes_on_as_it_was() -> None:
    """Both are driven through the same run: every decision is the same to the last dial."""
    first = trained(seconds=900.0)
    second = new()
    second.restore(json.loads(json.dumps(first.state())))
    scenario = replace(base(12), duration_s=900.0)
    decided: list[tuple[int, int]] = []

    class Both:
        def observe(self, seen: object) -> None:
            first.observe(seen)  # type: ignore[arg-type]
            second.observe(seen)  # type: ignore[arg-type]

        def decide(self, snapshot: Snapshot) -> int:
            decided.append((first.decide(snapshot), second.decide(snapshot)))
            return decided[-1][0]

        explain = first.explain

    Run(scenario, Both(), 9).go()
    assert all(mine == other for mine, other in decided)
    assert sum(mine for mine, _ in decided) > 100


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.pop("budget"),
        lambda state: state["budget"].update(log="x"),
        lambda state: state["learnt"]["ring"].update(live=[1.0]),
        lambda state: state["learnt"]["rate"].update(blocks=[[1]]),
        lambda state: state["learnt"]["outage"].update(silent=True),
    ],
)
def test_a_state_that_is_none_is_refused(spoil: object) -> None:
    state = json.loads(json.dumps(new().state()))
    assert callable(spoil)
    spoil(state)
    with pytest.raises(ValueError, match="saved pacing state"):
        new().restore(state)


def test_it_says_why() -> None:
    policy = trained()
    policy.decide(Snapshot(9000.0, 2, 0, (8999.0,), (8990.0,), (), 50))
    reason = policy.explain().reason
    assert "2 of 3 agents free" in reason
    assert "of dials reach a person" in reason
    assert "cap 3%" in reason
    policy.decide(replace(EMPTY, at_s=9001.0))
    assert policy.explain().reason == "no agent is at work"
    policy.decide(replace(EMPTY, at_s=9002.0, ready=5, lines_free=0))
    assert "lines or calls per second leave 0" in policy.explain().reason
    policy.decide(replace(EMPTY, at_s=9003.0, ready=5, inbound_waiting=1))
    assert "inbound calls wait: 1" in policy.explain().reason


def test_a_low_cap_is_run_without_risk_and_it_says_so() -> None:
    policy = trained(cap=0.001, agents=5)
    policy.decide(Snapshot(9000.0, 0, 0, (), (8990.0,) * 5, (), 50))
    assert "none is risked" in policy.explain().reason
    assert policy.explain().figures["budget"] == "zero-abandon"


def test_after_a_dead_trunk_there_is_no_burst() -> None:
    policy = trained()
    rate = policy.explain().figures["answer_rate"]
    for index in range(600):
        policy.observe(NoAnswer(at_s=2000.0 + index, dialled_at_s=1999.0 + index, cause=38))
        policy.decide(Snapshot(2000.0 + index, 12, 0, (), (), (), 500))
    assert "trunk may be down" in policy.explain().reason
    assert policy.explain().figures["wanted"] == 12
    policy.observe(LiveAnswer(at_s=2650.0, dialled_at_s=2640.0))
    policy.decide(Snapshot(2651.0, 12, 0, (), (), (), 500))
    assert policy.explain().figures["answer_rate"] == pytest.approx(rate, abs=0.03)


def test_machines_are_not_persons() -> None:
    policy = new()
    for second in range(300):
        policy.observe(MachineAnswer(at_s=second + 10.0, dialled_at_s=float(second)))
        policy.decide(Snapshot(second + 10.0, 1, 0, (), (), (), 5))
    assert float(policy.explain().figures["answer_rate"]) < 0.05


def test_a_decision_takes_a_fraction_of_a_millisecond_at_300_agents() -> None:
    policy = trained(seconds=600.0, agents=40)
    ringing = tuple(9000.0 - index % 25 for index in range(90))
    talking = tuple(9000.0 - index for index in range(260))
    took: list[float] = []
    for second in range(400):
        seen = Snapshot(
            9000.0 + second, 3, 0, tuple(each + second for each in ringing), tuple(each + second for each in talking),
            tuple(8990.0 + second + index / 5 for index in range(35)), 500,
        )  # fmt: skip
        policy.observe(TalkEnded(at_s=9000.0 + second, talk_s=50.0))
        began = time.process_time()
        policy.decide(seen)
        took.append(time.process_time() - began)
    assert sorted(took)[len(took) // 2] < 0.001, "0.2 ms on a free machine; this one may be busy"


HOUR = replace(base(20), duration_s=5400.0, talk=LogNormal(40.0, 40.0), wrap_up=LogNormal(8.0, 4.0))
"""As many answers in an hour and a half as the base scenario has in four hours and a half."""

CHANGES = {
    "steady": HOUR,
    "drop": replace(HOUR, answer_rate=Steps(((0.0, 0.4), (2700.0, 0.15)))),
    "jump": replace(HOUR, answer_rate=Steps(((0.0, 0.1), (2700.0, 0.6)))),
    "silence": replace(HOUR, outages=(Outage(2700.0, 3300.0),)),
    "a third leaves": replace(HOUR, shifts=(Shift(14), Shift(6, 0.0, 2700.0))),
    "wrap-up unseen": replace(HOUR, sees_wrap_up=False),
}


@pytest.mark.parametrize("scenario", CHANGES.values(), ids=CHANGES.keys())
def test_the_cap_holds_and_more_is_talked_than_progressively(scenario: Scenario) -> None:
    ours = Run(scenario, policy_of("predictive", scenario), 1).go()
    theirs = Run(scenario, policy_of("progressive", scenario), 1).go()
    assert ours.abandonment <= 0.032, "the cap, and what one short run may lie above it"
    assert ours.occupancy > theirs.occupancy + 0.1


def test_one_per_cent_holds_too() -> None:
    results = replicate("predictive", replace(HOUR, abandonment_cap=0.01), lambda s: policy_of("predictive", s), 2)
    assert results.abandonment.mean <= 0.0115


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), True, "1"])
def test_a_saved_number_with_which_nothing_can_be_decided_is_refused(odd: object) -> None:
    with pytest.raises(ValueError, match="persons: expected a number"):
        number({"persons": odd}, "persons")
    with pytest.raises(ValueError, match="ages: expected a list of numbers"):
        numbers({"ages": [1.0, odd]}, "ages")
