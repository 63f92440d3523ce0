"""Runs: conservation laws, shifts, outages, what the policy is told and when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.pacing.model import (
    Abandoned,
    Connected,
    Dialled,
    Explanation,
    LiveAnswer,
    NoAnswer,
    Observation,
    Policy,
    Snapshot,
    WrapEnded,
)
from dialer.pacing.predictive import Predictive
from dialer.simulation.distributions import Constant
from dialer.simulation.paced import policy_of
from dialer.simulation.run import Run
from dialer.simulation.scenario import Outage, Scenario, Shift, Steps, always, base

SHORT = replace(base(10), duration_s=1800.0)


class Recorder:
    """Hands on to another policy and keeps what passes by."""

    def __init__(self, inner: Policy) -> None:
        self.inner = inner
        self.seen: list[Observation] = []
        self.snapshots: list[Snapshot] = []

    def observe(self, seen: Observation) -> None:
        self.seen.append(seen)
        self.inner.observe(seen)

    def decide(self, snapshot: Snapshot) -> int:
        self.snapshots.append(snapshot)
        return self.inner.decide(snapshot)

    def explain(self) -> Explanation:
        return self.inner.explain()


def recorded(scenario: Scenario, name: str = "issabel", seed: int = 0) -> tuple[Run, Recorder]:
    recorder = Recorder(policy_of(name, scenario))
    run = Run(scenario, recorder, seed)
    run.go()
    return run, recorder


@settings(max_examples=15, deadline=None)
@given(
    name=st.sampled_from(["progressive", "power", "ratio_available", "issabel", "vicidial_average", "predictive"]),
    agents=st.integers(0, 12),
    rate=st.floats(0, 1),
    machines=st.floats(0, 1),
    busy=st.floats(0, 1),
    detection_s=st.sampled_from([0.0, 2.5]),
    outage=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_nothing_is_lost(
    name: str, agents: int, rate: float, machines: float, busy: float, detection_s: float, outage: bool, seed: int
) -> None:
    scenario = replace(
        base(agents), duration_s=900.0, answer_rate=always(rate), machine_share=always(machines), busy_share=busy,
        detection_s=detection_s, lines=40, outages=(Outage(300.0, 400.0, 1.0, 38),) if outage else (),
    )  # fmt: skip
    run = Run(scenario, policy_of(name, scenario), seed)
    tally = run.go()
    left = tally.left
    assert tally.dials == left["ringing"] + left["detecting"] + tally.failures + tally.machines + tally.answers
    assert tally.answers == tally.connected + tally.abandoned + left["waiting"]
    assert tally.connected == tally.talks_ended + left["talking"]
    assert run.ready + left["talking"] + left["wrapping"] == agents
    assert tally.logged_in_s == pytest.approx(agents * 900.0)
    assert tally.talking_s + tally.wrapping_s <= tally.logged_in_s + 1e-6
    assert sum(each.answers for each in tally.hours.values()) == tally.answers
    assert sum(each.abandoned for each in tally.hours.values()) == tally.abandoned


def test_littles_law_of_the_ringing_dials() -> None:
    scenario = replace(SHORT, ring=Constant(10.0), duration_s=7200.0)
    tally = Run(scenario, policy_of("progressive", scenario), 1).go()
    answered = tally.answers + tally.machines
    assert tally.ringing_s == pytest.approx(answered * 10.0 + tally.failures * 25.0, rel=0.02)


def test_the_same_seed_is_the_same_run_and_another_is_not() -> None:
    first, again, other = (Run(SHORT, policy_of("issabel", SHORT), seed).go() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_dials_are_not_told_to_a_policy_that_does_not_hear_them() -> None:
    class Deaf(Recorder):
        unheard = Predictive(0.03, 2.0, 25.0).unheard

    _, heard = recorded(SHORT, "predictive")
    deaf = Deaf(policy_of("predictive", SHORT))
    assert Run(SHORT, deaf, 0).go() == Run(SHORT, policy_of("predictive", SHORT), 0).go()
    assert deaf.snapshots == heard.snapshots
    assert deaf.seen == [each for each in heard.seen if not isinstance(each, Dialled)] != heard.seen


def test_dials_have_the_same_fate_under_every_policy() -> None:
    scenario = replace(SHORT, shifts=(Shift(1),), duration_s=600.0)
    first, second = (recorded(scenario, name)[1] for name in ("progressive", "ratio_all"))
    fates = [[type(e) for e in r.seen if isinstance(e, LiveAnswer | NoAnswer)][:5] for r in (first, second)]
    assert fates[0] == fates[1]


def test_agents_come_go_and_have_breaks() -> None:
    scenario = Scenario((Shift(4, 0.0, 1000.0, ((200.0, 300.0),)), Shift(2, 500.0)), duration_s=1500.0)
    _, recorder = recorded(scenario, "progressive")
    at_work = {s.at_s: s.ready + len(s.talking_since_s) + len(s.wrapping_since_s) for s in recorder.snapshots}
    assert at_work[100.0] == 4
    assert at_work[400.0] == 4
    assert at_work[999.0] == 6
    assert at_work[1499.0] == 2
    assert all(s.ready == 0 for s in recorder.snapshots if 200.0 <= s.at_s < 300.0)


def test_an_abandonment_is_told_after_the_message_and_counted_in_the_window_then() -> None:
    scenario = replace(base(5), duration_s=600.0, answer_rate=always(1.0), machine_share=always(0.0), message_s=7.0)
    _, recorder = recorded(scenario, "issabel")
    abandoned = [each for each in recorder.seen if isinstance(each, Abandoned)]
    assert abandoned
    assert all(each.waited_s == pytest.approx(9.0) for each in abandoned)
    last = recorder.snapshots[-1]
    assert last.window_abandons == sum(each.at_s <= last.at_s for each in abandoned)
    assert all(each.waited_s <= 2.0 for each in recorder.seen if isinstance(each, Connected))


def test_an_outage_answers_nothing_and_tells_its_cause() -> None:
    scenario = replace(SHORT, answer_rate=always(1.0), outages=(Outage(600.0, 900.0, 2.0, 38),))
    _, recorder = recorded(scenario)
    within = [each for each in recorder.seen if 600.0 <= getattr(each, "dialled_at_s", 0.0) < 900.0]
    assert within
    assert {type(each) for each in within} == {NoAnswer}
    assert {each.cause for each in within} == {38}


def test_lines_and_calls_per_second_bound_the_dials() -> None:
    scenario = replace(SHORT, lines=8, calls_per_second=2)
    _, recorder = recorded(scenario, "progressive")
    for seen in recorder.snapshots:
        held = len(seen.ringing_since_s) + len(seen.talking_since_s) + seen.waiting
        assert held <= 8
        assert seen.lines_free <= 2


def test_wrap_up_may_stay_unseen() -> None:
    _, recorder = recorded(replace(SHORT, sees_wrap_up=False))
    assert not any(isinstance(each, WrapEnded) for each in recorder.seen)
    assert not any(each.wrapping_since_s for each in recorder.snapshots)


def test_the_answer_rate_follows_its_steps() -> None:
    scenario = replace(SHORT, answer_rate=Steps(((0.0, 0.0), (900.0, 1.0))))
    _, recorder = recorded(scenario)
    times = [each.dialled_at_s for each in recorder.seen if isinstance(each, LiveAnswer)]
    assert min(times) >= 900.0


def test_a_policy_that_dials_more_than_there_are_lines_is_caught() -> None:
    class Greedy(Recorder):
        def decide(self, snapshot: Snapshot) -> int:
            return snapshot.lines_free + 1

    with pytest.raises(AssertionError, match="lines free"):
        Run(SHORT, Greedy(policy_of("progressive", SHORT)), 0).go()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Steps(((1.0, 0.5),)),
        lambda: Steps(()),
        lambda: Shift(-1),
        lambda: Shift(1, 0.0, 10.0, ((5.0, 5.0),)),
        lambda: Outage(10.0, 5.0),
        lambda: replace(SHORT, answer_rate=always(1.1)),
        lambda: replace(SHORT, warm_up_s=1e6),
        lambda: replace(SHORT, no_answer_s=0.0),
        lambda: replace(SHORT, lines=0),
    ],
)
def test_what_cannot_be_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match="expected"):
        make()
