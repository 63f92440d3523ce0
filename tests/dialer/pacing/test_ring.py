"""Ring times: the chance that a dial that rings is answered soon."""

from __future__ import annotations

import numpy as np
import pytest

from dialer.pacing.ring import STEPS, RingTimes


def taught() -> RingTimes:
    """Persons answer after 5 to 10 s, a quarter of the dials; machines after 15 s, a quarter; the rest rings out."""
    ring = RingTimes(25.0)
    for index in range(500):
        ring.live(5.0 + (index % 50) / 10)
        ring.other(15.5)
        ring.other(25.0)
        ring.other(25.0)
    return ring


def test_a_new_dial_is_answered_by_and_by() -> None:
    chances = taught().answered(0.25)
    assert chances[0, 3] < 0.01
    assert chances[0, 24] == pytest.approx(0.25, abs=0.01)
    assert np.all(np.diff(chances[0]) >= 0)


def test_a_dial_that_still_rings_is_a_likelier_answer_then_hardly_any() -> None:
    chances = taught().answered(0.25)
    assert chances[12, 24] < 0.01
    assert chances[7, 24] > 0.1


def test_those_whom_a_machine_has_not_taken_are_the_fewer() -> None:
    ring = RingTimes(25.0)
    for _ in range(500):
        ring.live(20.0)
        ring.other(2.0)
    chances = ring.answered(0.5)
    assert chances[10, 24] > 0.9
    assert chances[0, 24] == pytest.approx(0.5, abs=0.02)


def test_a_step_is_a_share_of_the_ring_time() -> None:
    assert RingTimes(50.0).step_s == 50.0 / STEPS


def test_arrivals_are_shares() -> None:
    assert taught().arrivals().sum() == pytest.approx(1.0)
