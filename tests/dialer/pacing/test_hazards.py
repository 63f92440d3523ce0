"""Hazards of talk and wrap-up, and the chance that an agent is free in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dialer.pacing.ages import Ages
from dialer.pacing.hazards import TALK_EDGES, WRAP_EDGES, Ends, Freeing, Hazard
from dialer.pacing.model import Snapshot

NOBODY = np.zeros(0)


def taught(edges: tuple[float, ...], mean_s: float, count: int = 3000) -> Hazard:
    hazard = Hazard(edges, 60.0)
    for each in np.random.default_rng(5).exponential(mean_s, count):
        hazard.ended(float(each))
    return hazard


def test_exponential_talks_have_one_hazard() -> None:
    hazard = taught(TALK_EDGES, 100.0)
    lasted, within = np.array([0.0, 50.0, 200.0]), np.array([10.0, 30.0])
    found = Ends(TALK_EDGES, lasted, within).chances(hazard.cumulative(NOBODY))
    assert found == pytest.approx(np.tile(1 - np.exp(-within / 100.0), (3, 1)), abs=0.03)
    assert hazard.mean_s(NOBODY) == pytest.approx(100.0, rel=0.1)


def test_talks_under_way_count_as_far_as_they_have_lasted() -> None:
    hazard = taught(TALK_EDGES, 30.0, 50)
    ends = Ends(TALK_EDGES, np.zeros(1), np.array([20.0]))
    before = ends.chances(hazard.cumulative(NOBODY))
    after = ends.chances(hazard.cumulative(np.full(50, 60.0)))
    assert after[0, 0] < 0.8 * before[0, 0]


def test_the_mean_is_not_that_of_the_first_to_end() -> None:
    """A hundred talks of a mean of 100 s began together half a minute ago."""
    hazard, talks_s = Hazard(TALK_EDGES, 100.0), np.random.default_rng(3).exponential(100.0, 100)
    for each in talks_s[talks_s <= 30.0]:
        hazard.ended(float(each))
    assert hazard.mean_s(np.full(int((talks_s > 30.0).sum()), 30.0)) == pytest.approx(100.0, rel=0.25)


def test_constant_talks_end_when_they_must() -> None:
    hazard = Hazard(TALK_EDGES, 60.0)
    for _ in range(500):
        hazard.ended(95.0)
    found = Ends(TALK_EDGES, np.array([20.0, 90.0]), np.array([20.0])).chances(hazard.cumulative(NOBODY))
    assert found[0, 0] < 0.05
    assert found[1, 0] > 0.9


def test_an_agent_is_free_after_talk_and_wrap_up() -> None:
    horizons = np.arange(1.0, 26.0)
    freeing = Freeing(horizons)
    freeing.refresh(taught(TALK_EDGES, 20.0), taught(WRAP_EDGES, 10.0), NOBODY, NOBODY)
    both = 1 - (20.0 * np.exp(-horizons / 20.0) - 10.0 * np.exp(-horizons / 10.0)) / 10.0
    assert freeing.talking[3] == pytest.approx(both, abs=0.04)
    assert freeing.wrapping[5] == pytest.approx(1 - np.exp(-horizons / 10.0), abs=0.05)


def test_chances_follow_the_line_between_the_edges() -> None:
    """Those at the edges, between them and after the last but one are what numpy's own interpolation gives."""
    cumulative = np.linspace(0.0, 3.0, len(WRAP_EDGES)) ** 2
    lasted, within = np.array([0.0, 1.0, 22.0, 119.0, 5000.0]), np.array([0.0, 1.0, 3.7, 40.0])
    before = np.interp(lasted, WRAP_EDGES, cumulative)
    after = np.interp(lasted[:, None] + within[None, :], WRAP_EDGES, cumulative)
    found = Ends(WRAP_EDGES, lasted, within).chances(cumulative)
    assert found == pytest.approx(1.0 - np.exp(before[:, None] - after), abs=1e-12)
    assert (found[:, 0] == 0.0).all() and (found[:4, 3] > 0.0).all()


def test_rows_stay_within_the_tables() -> None:
    ages = Ages((5.0, 1.0, 2.0), (120, 100, 25))
    seen = Snapshot(
        at_s=1e5,
        ready=0,
        waiting=0,
        ringing_since_s=(1e5, 1e5 - 0.9, 1e5 - 1.1, 1e5 - 60.0),
        talking_since_s=(1e5, 1e5 - 2.4, 1e5 - 2.6, 0.0),
        wrapping_since_s=(1e5 - 2.4, 1e5 - 2.6, 0.0),
        lines_free=1,
    )
    assert [each.tolist() for each in ages.rows(seen)] == [[0, 0, 1, 120], [2, 3, 100], [0, 0, 1, 25]]
    later = replace(seen, at_s=1e5 + 10.0, wrapping_since_s=(), ringing_since_s=(1e5,))
    assert [each.tolist() for each in ages.rows(later)] == [[2, 2, 3, 120], [], [5]]
