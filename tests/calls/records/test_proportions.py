"""Wilson's interval: by its definition, and by values from the literature."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.records.proportions import Z_95, wilson


@given(st.integers(1, 5000), st.floats(0, 1))
def test_the_bounds_are_the_shares_that_the_count_is_just_not_unlikely_under(trials: int, share: float) -> None:
    """The definition: at either bound p the count is z standard errors of p away from what p expects."""
    successes = round(share * trials)
    found = wilson(successes, trials)
    assert found is not None
    seen = successes / trials
    assert 0 <= found[0] <= seen <= found[1] <= 1
    for bound in found:
        if 0 < bound < 1:
            assert abs(seen - bound) == pytest.approx(Z_95 * sqrt(bound * (1 - bound) / trials), abs=1e-9)


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_values_of_the_literature(successes: int, trials: int, expected: tuple[float, float]) -> None:
    """R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Stat. Med. 17 (1998), table I,
    method 3."""
    assert wilson(successes, trials) == pytest.approx(expected, abs=5e-5)


def test_no_trial_says_nothing() -> None:
    assert wilson(0, 0) is None
