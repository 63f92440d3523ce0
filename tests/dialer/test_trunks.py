"""Trunks: calls in any sliding second, rest after congestion, the breaker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.settings import Trunk
from dialer.trunks import FIRST_REST_S, JITTER_S, LONGEST_REST_S, OPEN_AFTER, TrunkGate


def gate(rate: float = 5) -> TrunkGate:
    trunk = Trunk(name="loop", dial="PJSIP/{number}@callees", lines=10, calls_per_second=rate)
    return TrunkGate(trunk, now=-100.0)


@given(
    st.floats(0.2, 50),
    st.lists(st.tuples(st.floats(0, 0.7), st.integers(1, 60)), max_size=60),
    st.floats(0, JITTER_S),
)
def test_no_sliding_second_has_more_than_the_rate(rate: float, steps: list[tuple[float, int]], jitter: float) -> None:
    it, now, placed = gate(rate), 0.0, []
    for wait, wish in steps:
        now += wait
        for _ in range(wish):
            if it.may_place(now) > 0:
                it.placed(now)
                placed.append(now)
    on_wire = sorted(at + jitter * (index % 2) for index, at in enumerate(placed))
    window, most = (1.0, int(rate)) if rate >= 1 else (1.0 / rate, 1)
    for first in on_wire:
        assert sum(first <= at < first + window - 1e-9 for at in on_wire) <= most


def test_a_new_gate_waits_as_if_calls_had_just_been_placed() -> None:
    it = TrunkGate(gate().trunk, now=0.0)
    assert it.may_place(0.5) == 0
    at = it.next_at(0.5)
    assert at == 1.0 + JITTER_S
    assert it.may_place(at) == 5


def congest(it: TrunkGate, now: float) -> float:
    """Place a probe as soon as it may go, let it be congested; gives the time after."""
    while it.may_place(now) < 1:
        due = it.next_at(now)
        assert due is not None
        assert due > now
        now = due
    it.placed(now)
    it.congested(now, now + 0.05)
    return now + 0.05


def test_rests_double_and_one_probe_goes_at_a_time() -> None:
    it, now = gate(50), 0.0
    rests = []
    for _ in range(12):
        now = congest(it, now)
        due = it.next_at(now)
        assert due is not None
        assert it.may_place(now) == 0
        rests.append(due - now)
    assert rests[0] == pytest.approx(FIRST_REST_S)
    assert rests[1] == pytest.approx(2 * FIRST_REST_S)
    assert rests[-1] == LONGEST_REST_S
    probe = now + LONGEST_REST_S
    assert it.may_place(probe) == 1
    it.placed(probe)
    assert it.may_place(probe + 5) == 0
    assert it.next_at(probe + 5) is None
    it.carried(probe)
    assert it.may_place(probe + 5) == 50


def test_a_burst_of_refusals_is_one_step() -> None:
    it = gate(10)
    for _ in range(8):
        it.placed(0.0)
    for index in range(8):
        it.congested(0.0, 0.1 + index / 100)
    assert it.next_at(0.2) == pytest.approx(0.1 + FIRST_REST_S)


def test_calls_placed_before_the_rest_do_not_open_the_trunk() -> None:
    it = gate(10)
    it.placed(0.0)
    it.placed(0.0)
    it.congested(0.0, 0.1)
    it.carried(0.0)
    assert it.may_place(0.2) == 0
    assert "congested" in it.describe(0.2)


def test_a_probe_that_says_nothing_makes_room_for_another() -> None:
    it = gate(10)
    now = congest(it, 0.0) + FIRST_REST_S
    it.placed(now)
    it.probe_gone(now)
    assert it.may_place(now + 1) == 1


def test_the_view_says_when_it_is_broken() -> None:
    it, now = gate(50), 0.0
    assert it.describe(now) == ""
    for _ in range(OPEN_AFTER):
        now = congest(it, now)
    assert it.describe(now) == f"trunk loop is broken: rests {FIRST_REST_S * 2 ** (OPEN_AFTER - 1):.1f} s"
