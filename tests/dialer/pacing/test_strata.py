"""Strata: each learns how its share of answers differs, from its list, its hour, its try and by itself."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.pacing import LiveAnswer, NoAnswer, Snapshot, make_policy
from dialer.pacing.model import Stratum
from dialer.pacing.predictive import Predictive
from dialer.pacing.rate import AnswerRate
from dialer.pacing.strata import LEAST, MOST, Strata

SHARES = {"gold, 9 h, try 1": 0.5, "gold, 10 h, try 1": 0.4, "iron, 9 h, try 1": 0.12, "iron, 9 h, try 2": 0.06}


def fed(dials: int, shares: dict[str, float], seed: int, rate: AnswerRate | None = None) -> AnswerRate:
    chance, rate = random.Random(seed), rate or AnswerRate()
    for _ in range(dials):
        stratum = chance.choice(list(shares))
        rate.count(1, int(chance.random() < shares[stratum]), stratum)
    return rate


def live(rate: AnswerRate, stratum: Stratum) -> float:
    return rate.live_of(rate.strata.weight(stratum))


def test_each_stratum_finds_its_own_share() -> None:
    rate = fed(3000, SHARES, 1)
    for stratum, share in SHARES.items():
        assert live(rate, stratum) == pytest.approx(share, abs=0.05 + share / 8), stratum


def test_one_that_was_never_dialled_is_as_its_levels_are() -> None:
    rate = fed(3000, SHARES, 2)
    assert live(rate, "iron, 10 h, try 2") < live(rate, "iron, 9 h, try 1") < live(rate, "gold, 11 h, try 1")
    assert live(rate, "silver, 12 h, try 7") == pytest.approx(rate.share)


def test_one_stratum_alone_has_no_weight_whatever_changes() -> None:
    rate = fed(600, {"gold, 9 h, try 1": 0.4}, 3)
    fed(600, {"gold, 9 h, try 1": 0.1}, 4, rate)
    assert rate.strata.weight("gold, 9 h, try 1") == 1.0
    assert rate.live == pytest.approx(0.1, abs=0.04)


def test_another_mix_is_no_change() -> None:
    """Two lists in equal parts, then the poor one alone: the share follows at once, and nothing is forgotten."""
    shares = {"gold": 0.5, "iron": 0.1}
    rate = fed(1500, shares, 5)
    changes = rate.changes
    fed(200, {"iron": 0.1}, 6, rate)
    assert rate.changes == changes
    assert rate.live == pytest.approx(0.1, abs=0.04)
    fed(64, {"gold": 0.5}, 7, rate)
    assert live(rate, "gold") == pytest.approx(0.5, abs=0.12)


def test_a_list_that_runs_dry_is_found_within_some_hundred_dials() -> None:
    rate = fed(2000, {"gold": 0.4, "iron": 0.4}, 8)
    fed(500, {"gold": 0.4, "iron": 0.05}, 9, rate)
    assert live(rate, "iron") < 0.17
    assert live(rate, "gold") > 0.28


def test_a_text_and_a_tuple_are_the_same() -> None:
    strata = Strata()
    for _ in range(50):
        strata.learn(("gold", 9, 1), 1, 1, 0.3)
        strata.learn("iron, 9, 1", 1, 0, 0.3)
    assert strata.weight(("gold", 9, 1)) == strata.weight("gold, 9, 1") > 1.5
    assert strata.weight(("iron", 9, 1)) == strata.weight("iron, 9, 1") < 0.7


NAMES = st.one_of(st.text(max_size=12), st.tuples(st.sampled_from(["gold", "iron"]), st.integers(0, 23)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=60), NAMES)
def test_weights_are_bounded_and_kept(seen: list[tuple[Stratum, bool]], asked: Stratum) -> None:
    rate, again = AnswerRate(), AnswerRate()
    for stratum, answered in seen:
        rate.ended(5.0, answered, stratum)
        rate.count(1, answered, stratum)
    assert LEAST <= rate.strata.weight(asked) <= MOST
    assert 0 < rate.live < 1
    again.restore(json.loads(json.dumps(rate.state())))
    assert again.strata.weight(asked) == rate.strata.weight(asked)
    assert again.state() == rate.state()


def trained() -> Predictive:
    """A policy that has seen two lists for a while, every other dial of each."""
    policy = make_policy("predictive", abandonment_cap=0.03, connect_within_s=2.0, no_answer_s=25.0)
    assert isinstance(policy, Predictive)
    chance = random.Random(10)
    for second in range(1200):
        stratum, share = (("gold", 9, 1), 0.6) if second % 2 else (("iron", 9, 1), 0.06)
        if chance.random() < share:
            policy.observe(LiveAnswer(at_s=second + 8.0, dialled_at_s=float(second), stratum=stratum))
        else:
            policy.observe(NoAnswer(at_s=second + 25.0, dialled_at_s=float(second), stratum=stratum))
        policy.decide(Snapshot(second + 25.0, 0, 0, (), (second - 9.0,) * 12, (), 0))
    return policy


def test_it_dials_by_who_rings_and_who_is_next() -> None:
    policy, talking = trained(), (1000.0,) * 24

    def dials(ringing: Stratum, next_up: Stratum) -> int:
        seen = Snapshot(
            1226.0, 4, 0, (1220.0,) * 8, talking, (), 100,
            ringing=((1220.0, ringing),) * 8, next_up=((0.0, next_up),) * 40,
        )  # fmt: skip
        return policy.decide(seen)

    gold, iron = ("gold", 9, 1), ("iron", 9, 1)
    assert dials(iron, iron) > dials(gold, iron)
    assert dials(iron, iron) > dials(iron, gold)
