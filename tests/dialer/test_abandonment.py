"""The share of abandoned calls, as presets count it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.abandonment import Tally, counted
from dialer.presets import Denominator

PERSON, UK = Denominator.ANSWERED_BY_PERSON, Denominator.UK_ESTIMATE


@pytest.mark.parametrize(
    ("tally", "denominator", "found"),
    [
        (Tally(100, 3, 90, 0), PERSON, (100, 3)),
        (Tally(100, 3, 90, 10), PERSON, (90, 3)),  # what agents found to be machines no person answered
        (Tally(100, 4, 90, 0), UK, (94, 4)),  # nobody found a machine: all abandoned calls count
        (Tally(100, 10, 90, 45), UK, (50, 5)),  # half of those that agents heard were machines
        (Tally(100, 3, 90, 45), UK, (47, 2)),  # one and a half: rounded up
        (Tally(5, 5, 0, 0), UK, (5, 5)),  # no agent has heard any
        (Tally(8, 3, 5, 5), UK, (0, 0)),
        (Tally(0, 0, 0, 0), UK, (0, 0)),
    ],
)
def test_by_hand(tally: Tally, denominator: Denominator, found: tuple[int, int]) -> None:
    assert counted(tally, denominator) == found


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    handled, abandoned, left = draw(st.integers(0, 500)), draw(st.integers(0, 500)), draw(st.integers(0, 50))
    return Tally(handled + abandoned + left, abandoned, handled, draw(st.integers(0, handled)))


@given(tallies(), st.sampled_from(list(Denominator)))
def test_a_share_is_one(tally: Tally, denominator: Denominator) -> None:
    answered, abandoned = counted(tally, denominator)
    assert 0 <= abandoned <= max(answered, 0)
    assert abandoned <= tally.abandoned
    if not tally.machines:
        assert abandoned == tally.abandoned, "what nobody marked is never estimated away"
