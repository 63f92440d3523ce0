"""Durations of a call: 0 or more, adding up, duration >= billed (I9), whatever is told in whatever order."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from calls.records.durations import CallDurations, Durations, Phase


def test_a_call_that_is_answered_waits_and_talks() -> None:
    took = CallDurations(100.0)
    took.answered(104.0)
    took.enter(Phase.MENU, 104.0)
    took.enter(Phase.WAIT, 110.0)
    took.enter(Phase.TALK, 125.5)
    took.enter(Phase.HOLD, 150.0)
    took.enter(Phase.TALK, 170.25)
    took.enter(Phase.MENU, 205.75)
    assert took.ended(207.25) == Durations(
        ring_s=4.0, menu_s=7.5, wait_s=15.5, talk_s=60.0, hold_s=20.25, duration_s=107.25, billed_s=103.25
    )


def test_a_call_that_is_never_answered_costs_nothing() -> None:
    assert CallDurations(5.0).ended(25.0) == Durations(20.0, 0.0, None, 0.0, None, 20.0, 0.0)


def test_a_call_that_never_rang_says_so() -> None:
    took = CallDurations(0.0, Phase.MENU)
    took.answered(0.0)
    assert took.ended(3.0) == Durations(None, 3.0, None, 0.0, None, 3.0, 3.0)


def test_the_end_is_told_once_and_for_all() -> None:
    took = CallDurations(0.0)
    first = took.ended(10.0)
    took.answered(11.0)
    took.enter(Phase.TALK, 12.0)
    assert took.ended(20.0) == first


STEPS = st.lists(st.tuples(st.sampled_from([*Phase, "answered", "ended"]), st.floats(-1e9, 1e9)), max_size=30)


@given(st.floats(-1e9, 1e9), st.sampled_from(Phase), STEPS, st.floats(-1e9, 1e9))
def test_i9_holds_for_any_telling(
    began: float, phase: Phase, steps: list[tuple[Phase | str, float]], end: float
) -> None:
    took = CallDurations(began, phase)
    for step, now in steps:
        match step:
            case Phase():
                took.enter(step, now)
            case "answered":
                took.answered(now)
            case _:
                took.ended(now)
    found = took.ended(end)
    parts = (found.ring_s or 0.0, found.menu_s, found.wait_s or 0.0, found.talk_s, found.hold_s or 0.0)
    assert found.duration_s >= found.billed_s >= 0
    assert all(part >= 0 for part in parts)
    assert math.isclose(sum(parts), found.duration_s, rel_tol=1e-6, abs_tol=1e-5)
