"""Runs through the dialer's core: they agree with the fast path, decision by decision, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.pacing import Explanation, Observation, Policy, Snapshot
from dialer.presets import PRESETS
from dialer.simulation.as_campaign import campaign_of
from dialer.simulation.core_run import CoreRun
from dialer.simulation.distributions import Constant, Exponential, Uniform
from dialer.simulation.paced import Pace, policy_of
from dialer.simulation.run import Run
from dialer.simulation.scenario import Inbound, LeadList, Outage, Scenario, Shift, Steps, always, base
from dialer.simulation.tally import Tally

ALIKE = replace(
    base(8), duration_s=1800.0, patience=Constant(1.8), no_answer_s=24.7, busy_share=0.2, busy_after_s=3.3,
    message_s=6.1, detection=Uniform(0.5, 2.5), store_s=0.0, bridge_s=0.0,
)  # fmt: skip
"""Nothing takes longer here than there, and nothing happens in the instant of a decision."""


LISTS = (LeadList("old", 2, 60), LeadList("new", 1, 90))


class Recorder:
    """Hands on to another policy and keeps what it decided and heard."""

    def __init__(self, inner: Policy) -> None:
        self.inner = inner
        self.dials: dict[float, int] = {}
        self.heard: list[Observation] = []
        self.seen: list[Snapshot] = []

    def observe(self, seen: Observation) -> None:
        self.heard.append(seen)
        self.inner.observe(seen)

    def decide(self, snapshot: Snapshot) -> int:
        dials = self.inner.decide(snapshot)
        self.seen.append(snapshot)
        if dials:
            self.dials.setdefault(snapshot.at_s, dials)
        return dials

    def explain(self) -> Explanation:
        return self.inner.explain()


def both(scenario: Scenario, name: str, seed: int = 0) -> tuple[Recorder, Recorder, Tally, Tally]:
    fast, core = Recorder(Pace(name).make(scenario)), Recorder(Pace(name).for_core(scenario))
    return fast, core, Run(scenario, fast, seed).go(), CoreRun(scenario, lambda _: core, seed).go()


def test_the_core_counts_over_the_window_that_the_scenario_names() -> None:
    of_a_day = campaign_of(replace(ALIKE, cap_window_s=24 * 3600.0), 0, "predictive")
    assert of_a_day.preset == replace(PRESETS["demo"], cap_window=timedelta(hours=24))
    assert campaign_of(ALIKE, 0, "predictive").preset == PRESETS["demo"], "thirty days"


@pytest.mark.parametrize("name", ["issabel", "vicidial_average", "predictive"])
def test_the_core_decides_as_the_fast_path_does(name: str) -> None:
    fast, core, there, here = both(ALIKE, name)
    assert core.dials == fast.dials
    assert here.dials == there.dials > 100
    assert (here.answers, here.machines, here.abandoned) == (there.answers, there.machines, there.abandoned)
    assert here.occupancy == pytest.approx(there.occupancy)
    assert here.mean_wait_s == pytest.approx(there.mean_wait_s)
    heard = [[(type(each), each.stratum) for each in one.heard if each.attempt_id] for one in (fast, core)]
    assert sorted(heard[0], key=str) == sorted(heard[1], key=str)


def test_occupancy_and_abandonment_lie_within_each_others_intervals() -> None:
    """As things are in life: the core waits for its store, and agents take a moment to be there."""
    scenario = replace(base(20), duration_s=900.0, patience=Constant(1.8), talk=Exponential(30.0))
    pairs = []
    for seed in range(3):
        fast = Run(scenario, policy_of("predictive", scenario), seed).go()
        core = CoreRun(scenario, partial(policy_of, "predictive"), seed).go()
        pairs.append((fast, core))
    occupancies = [core.occupancy - fast.occupancy for fast, core in pairs]
    for apart in (occupancies, [core.abandonment - fast.abandonment for fast, core in pairs]):
        mean = sum(apart) / len(apart)
        spread = (sum((each - mean) ** 2 for each in apart) / (len(apart) - 1)) ** 0.5
        assert abs(mean) <= 4.303 * spread / len(apart) ** 0.5 + 0.005


def conserved(tally: Tally) -> None:
    """Every dial ends in exactly one way; every person met somebody, was left alone, left, or still waits."""
    left = tally.left
    assert tally.dials == left["ringing"] + left["detecting"] + tally.failures + tally.machines + tally.answers
    assert tally.answers == tally.connected + tally.abandoned + tally.gone + left["waiting"]
    assert tally.connected == tally.talks_ended + left["talking"]
    assert tally.machines_missed <= tally.answers
    assert tally.persons_missed <= tally.machines


@settings(max_examples=10, deadline=None)
@given(
    name=st.sampled_from(["power", "issabel", "predictive"]),
    agents=st.integers(0, 8),
    rate=st.floats(0, 1),
    errors=st.floats(0, 1),
    tries=st.integers(1, 3),
    outage=st.sampled_from([(), (Outage(100.0, 200.0, 1.0, 38),), (Outage(100.0, 200.0),)]),
    patience=st.sampled_from([Constant(0.0), Constant(2.0), Exponential(1.0)]),
    lines=st.integers(1, 30),
    seed=st.integers(0, 1000),
)
def test_nothing_is_lost(
    name: str, agents: int, rate: float, errors: float, tries: int, outage: tuple[Outage, ...], patience: Constant,
    lines: int, seed: int,
) -> None:  # fmt: skip
    scenario = replace(
        base(agents), duration_s=500.0, answer_rate=always(rate), busy_share=0.2, dead_share=0.3, outages=outage,
        machines_missed=errors, persons_missed=1 - errors, detection_s=1.3, tries=tries, retry_after_s=60.0,
        patience=patience, lines=lines, talk=Exponential(40.0), lists=LISTS,
        shifts=(Shift(agents, breaks=((150.0, 210.0),), announced=True),),
    )  # fmt: skip
    tally = CoreRun(scenario, partial(policy_of, name), seed).go()
    conserved(tally)
    assert tally.logged_in_s <= agents * 500.0 + 1e-6
    assert sum(each.busy_s for each in tally.hours.values()) == pytest.approx(tally.talking_s + tally.wrapping_s)
    most = 150 * tries
    assert tally.dials <= most


def test_campaigns_share_the_agents_by_weight() -> None:
    light = replace(base(0), shifts=(), name="light", weight=10)
    scenario = replace(base(12), name="heavy", weight=30, beside=(light,), duration_s=3600.0, talk=Exponential(60.0))
    tally = CoreRun(scenario, partial(policy_of, "progressive"), 3, "progressive").go()
    conserved(tally)
    heavy, other = tally.parts["heavy"], tally.parts["light"]
    for part in (heavy, other):
        conserved(part)
    assert heavy.talking_s + other.talking_s == pytest.approx(tally.talking_s)
    assert 2.0 < (heavy.talking_s + heavy.wrapping_s) / (other.talking_s + other.wrapping_s) < 4.0


def test_inbound_callers_go_first_and_none_is_lost() -> None:
    inbound = Inbound(Steps(((0.0, 0.0), (1800.0, 200.0))), Exponential(60.0), Constant(30.0))
    scenario = replace(base(10), duration_s=3600.0, inbound=inbound)
    tally = CoreRun(scenario, partial(policy_of, "progressive"), 1, "progressive").go()
    conserved(tally)
    assert 70 < tally.inbound < 135
    assert tally.inbound_talks > 0.9 * tally.inbound
    assert tally.inbound - tally.inbound_talks - tally.inbound_gone in range(5)
    quiet = CoreRun(replace(scenario, inbound=None), partial(policy_of, "progressive"), 1, "progressive").go()
    assert tally.connected < quiet.connected


def test_who_has_an_agent_kept_is_never_left_alone() -> None:
    tally = CoreRun(replace(base(6), duration_s=1800.0), partial(policy_of, "progressive"), 2, "zero-abandon").go()
    conserved(tally)
    assert tally.abandoned == 0
    assert tally.connected > 20


def test_what_the_live_core_shows_of_strata_and_announced_breaks() -> None:
    scenario = replace(
        base(4), duration_s=900.0, shifts=(Shift(4, breaks=((600.0, 700.0),), announced=True),), store_s=0.5
    )
    recorder = Recorder(policy_of("issabel", scenario))
    CoreRun(scenario, lambda _: recorder, 0).go()
    assert {each.stratum for each in recorder.heard if each.attempt_id} == {"list, 0 h, try 1"}
    assert any(type(each).__name__ == "AgentLeft" for each in recorder.heard)
    told = [each for each in recorder.seen if each.leaving_at_s]
    assert {each.leaving_at_s for each in told} <= {(600.0,) * count for count in range(1, 5)}
    assert min(each.at_s for each in told) >= 480.0
    assert any(each.next_up for each in recorder.seen)
    assert all(len(each.ringing) == len(each.ringing_since_s) for each in recorder.seen)
