"""Oracles: they see what is to come, and it shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dialer.pacing.model import Snapshot
from dialer.simulation.distributions import LogNormal
from dialer.simulation.oracles import RingOutcomesKnown, TalkEndsKnown
from dialer.simulation.paced import policy_of
from dialer.simulation.run import Run
from dialer.simulation.scenario import base

SCENARIO = replace(base(10), duration_s=4800.0, talk=LogNormal(40.0, 40.0), wrap_up=LogNormal(8.0, 4.0))


def test_who_knows_the_ring_outcomes_talks_far_more() -> None:
    plain = Run(SCENARIO, policy_of("predictive", SCENARIO), 1).go()
    seeing = Run(SCENARIO, RingOutcomesKnown(0.03, 2.0, 25.0), 1).go()
    assert seeing.occupancy > plain.occupancy + 0.03
    assert seeing.abandonment < 0.035


def test_who_knows_the_ends_of_talks_knows_them() -> None:
    oracle = TalkEndsKnown(0.03, 2.0, 25.0)
    world = Run(replace(SCENARIO, duration_s=900.0), oracle, 1)
    world.go()
    world.free_at = {1: world.now + 5.0, 2: world.now + 300.0}
    seen = Snapshot(world.now, 0, 0, (), (world.now - 9.0, world.now - 9.0), (), 9)
    coins = oracle.agents(seen, world)
    horizons = oracle.learnt.horizons_s
    assert coins[0].tolist() == (horizons >= 5.0).astype(float).tolist()
    assert not np.any(coins[1])


def test_an_oracle_needs_a_run() -> None:
    with pytest.raises(AssertionError, match="outside a run"):
        TalkEndsKnown(0.03, 2.0, 25.0).chances(Snapshot(1.0, 1, 0, (), (), (), 9))
