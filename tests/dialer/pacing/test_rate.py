"""The answer rate: unbiased while dials are under way, changes found."""

from __future__ import annotations

import random

import pytest

from dialer.pacing.rate import AnswerRate


def feed(rate: AnswerRate, share: float, dials: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(dials):
        rate.count(1, int(chance.random() < share))


def test_it_begins_high() -> None:
    assert AnswerRate().live == 0.5


@pytest.mark.parametrize("share", [0.02, 0.24, 0.8])
def test_it_finds_a_steady_share(share: float) -> None:
    rate = AnswerRate()
    feed(rate, share, 3000, 1)
    assert rate.live == pytest.approx(share, abs=4 * (share * (1 - share) / 1500) ** 0.5)
    assert rate.changes <= 1


@pytest.mark.parametrize(("before", "after"), [(0.4, 0.15), (0.15, 0.4), (0.1, 0.6)])
def test_a_change_is_found_within_some_hundred_dials(before: float, after: float) -> None:
    rate = AnswerRate()
    feed(rate, before, 2000, 2)
    changes = rate.changes
    feed(rate, after, 200, 3)
    assert rate.changes > changes
    assert rate.live == pytest.approx(after, abs=0.1)


def test_chance_is_seldom_taken_for_a_change() -> None:
    rate = AnswerRate()
    feed(rate, 0.24, 60_000, 4)
    assert rate.changes <= 3


def test_quick_answers_do_not_count_before_the_others_of_their_second() -> None:
    rate = AnswerRate()
    rate.ended(10.2, True)
    assert not rate.settle([10.9], 60.0, 15.0, learn=True)
    assert rate.resolved == 0
    rate.ended(10.9, False)
    assert rate.settle([11.5], 60.0, 40.0, learn=True)
    assert rate.resolved == 2


def test_a_dial_whose_end_is_never_told_is_not_waited_for() -> None:
    rate = AnswerRate()
    rate.ended(10.2, True)
    assert rate.settle([10.9], 60.0, 71.0, learn=True)
    assert rate.resolved == 1


def test_what_ended_in_an_outage_is_let_go() -> None:
    rate = AnswerRate()
    rate.ended(10.0, False)
    rate.settle([], 60.0, 40.0, learn=False)
    rate.settle([], 60.0, 41.0, learn=True)
    assert rate.resolved == 0
    assert rate.live == 0.5
