"""The histogram against a plain count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.histogram import BOUNDS_S, Histogram


@given(st.lists(st.floats(0, 10) | st.sampled_from(BOUNDS_S)))
def test_it_counts_what_took_at_most_each_bound(times_s: list[float]) -> None:
    histogram = Histogram()
    for took_s in times_s:
        histogram.observe(took_s)
    assert dict(histogram.buckets()) == {
        bound: sum(took_s <= bound for took_s in times_s) for bound in (*BOUNDS_S, float("inf"))
    }
    assert histogram.sum_s == pytest.approx(sum(times_s))


def test_its_bounds_grow() -> None:
    assert list(BOUNDS_S) == sorted(set(BOUNDS_S))
