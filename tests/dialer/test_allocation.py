"""How agents, lines and calls per second are divided: never more than there is, nothing left idle, fair over time."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.ids import CampaignId
from dialer.allocation import Agents, Group, Party, Units

A, B, C, D = (CampaignId(each) for each in "abcd")
GROUPS = [frozenset(each) for size in (1, 2, 3) for each in combinations((A, B, C), size)]


def most_that_can_work(ready: dict[Group, int], parties: list[Party]) -> int:
    """By the theorem of the least cut: some campaigns take all they can, the others all who may serve them."""
    cuts = []
    for size in range(len(parties) + 1):
        for others in combinations(parties, size):
            served = {party.campaign_id for party in others}
            full = sum(party.most + party.promised for party in parties if party.campaign_id not in served)
            cuts.append(full + sum(count for group, count in ready.items() if group & served))
    return min(cuts)


WEIGHTS = st.integers(1, 100)
COUNTS = st.integers(0, 6)
PRIORITIES = st.integers(-1, 1)


@given(
    ready=st.dictionaries(st.sampled_from(GROUPS), st.integers(0, 8)),
    wants=st.tuples(*[st.tuples(WEIGHTS, COUNTS, COUNTS, COUNTS, PRIORITIES)] * 3),
)
def test_never_more_than_there_is_and_nobody_idles_who_could_work(
    ready: dict[Group, int], wants: tuple[tuple[int, int, int, int, int], ...]
) -> None:
    parties = [Party(campaign_id, *want) for campaign_id, want in zip((A, B, C), wants, strict=True)]
    given_ = Agents().divide(ready, parties, 0.0).given
    for party in parties:
        assert 0 <= given_.get(party.campaign_id, 0) <= party.most + party.promised
    assert sum(given_.values()) == most_that_can_work(ready, parties)
    for campaigns in GROUPS:  # no group of campaigns has more agents than may serve any of them
        serve = sum(count for group, count in ready.items() if group & campaigns)
        assert sum(given_.get(each, 0) for each in campaigns) <= serve


@given(units=st.integers(0, 40), wants=st.lists(st.tuples(WEIGHTS, st.integers(0, 20)), min_size=1, max_size=4))
def test_units_never_more_than_there_are_and_none_left_over(units: int, wants: list[tuple[int, int]]) -> None:
    parties = [Party(key, *want) for key, want in zip((A, B, C, D), wants, strict=False)]
    given_ = Units().divide(units, parties)
    assert sum(given_.values()) == min(units, sum(party.most for party in parties))
    assert all(given_.get(party.campaign_id, 0) <= party.most for party in parties)


@given(
    ready=st.dictionaries(st.sampled_from(GROUPS), st.integers(0, 8)),
    wants=st.tuples(*[st.tuples(WEIGHTS, COUNTS, COUNTS, COUNTS, PRIORITIES)] * 3),
)
def test_lower_priorities_take_nothing_from_higher_ones(
    ready: dict[Group, int], wants: tuple[tuple[int, int, int, int, int], ...]
) -> None:
    parties = [Party(campaign_id, *want) for campaign_id, want in zip((A, B, C), wants, strict=True)]
    given_ = Agents().divide(ready, parties, 0.0).given
    for level in {party.priority for party in parties}:
        above = [replace(each, most=each.most if each.priority >= level else 0) for each in parties]
        alone = Agents().divide(ready, above, 0.0).given
        higher = [party.campaign_id for party in parties if party.priority >= level]
        assert sum(given_.get(each, 0) for each in higher) >= sum(alone.get(each, 0) for each in higher)


@given(
    units=st.integers(0, 40),
    wants=st.lists(st.tuples(WEIGHTS, st.integers(0, 20), PRIORITIES), min_size=1, max_size=4),
)
def test_units_go_to_the_highest_priority_first(units: int, wants: list[tuple[int, int, int]]) -> None:
    parties = [
        Party(key, weight, most, priority=priority)
        for key, (weight, most, priority) in zip((A, B, C, D), wants, strict=False)
    ]
    given_ = Units().divide(units, parties)
    left = units
    for level in sorted({party.priority for party in parties}, reverse=True):
        here = [party for party in parties if party.priority == level]
        taken = sum(given_.get(party.campaign_id, 0) for party in here)
        assert taken == min(left, sum(party.most for party in here))
        left -= taken


def test_a_call_under_way_keeps_its_agent_whatever_the_priority() -> None:
    parties = [Party(A, 1, most=9, priority=1), Party(B, 1, most=9, promised=2)]
    assert Agents().divide({frozenset({A, B}): 3}, parties, 0.0).given == {A: 1, B: 2}


def test_equals_share_by_weight_though_others_wait_below_them() -> None:
    units = Units()
    placed: Counter[CampaignId] = Counter()
    for _ in range(8000):  # far longer than one clock may be ahead of the others
        placed.update(units.divide(1, [Party(A, 3, 5, priority=1), Party(B, 1, 5, priority=1), Party(C, 9, 5)]))
    assert placed == {A: 6000, B: 2000, C: 0}


def test_what_was_promised_comes_first() -> None:
    parties = [Party(A, 1, most=0, promised=2), Party(B, 100, most=9)]
    assert Agents().divide({frozenset({A, B}): 3}, parties, 0.0).given == {A: 2, B: 1}


def test_free_agents_go_by_weight_at_once() -> None:
    parties = [Party(A, 3, most=99), Party(B, 1, most=99)]
    assert Agents().divide({frozenset({A, B}): 8}, parties, 0.0).given == {A: 6, B: 2}


def test_who_can_serve_only_one_serves_that_one() -> None:
    ready = {frozenset({A, B}): 1, frozenset({A}): 1}
    assert Agents().divide(ready, [Party(A, 1, most=1), Party(B, 1, most=1)], 0.0).given == {A: 1, B: 1}


def test_one_call_at_a_time_goes_round_by_weight() -> None:
    units = Units()
    placed: Counter[CampaignId] = Counter()
    for _ in range(400):
        placed.update(units.divide(1, [Party(A, 3, most=5), Party(B, 1, most=5)]))
    assert placed == {A: 300, B: 100}


def test_who_was_idle_has_saved_nothing_up() -> None:
    units = Units()
    for _ in range(1000):
        units.divide(1, [Party(A, 1, most=5)])
    placed: Counter[CampaignId] = Counter()
    for _ in range(10):
        placed.update(units.divide(1, [Party(A, 1, most=5), Party(B, 1, most=5)]))
    assert placed == {A: 5, B: 5}


def worked(weights: dict[CampaignId, int], agents: list[Group], for_s: float, seed: int) -> Counter[CampaignId]:
    """Agent-seconds of each campaign, all of them always wanting more, handling 60 to 180 s."""
    random, allocation, now = Random(seed), Agents(), 0.0
    busy: list[tuple[float, int, CampaignId]] = []
    free, spent = list(range(len(agents))), Counter[CampaignId]()

    def parties() -> list[Party]:
        held = Counter(each[2] for each in busy)
        return [Party(key, weight, most=99, held=held[key]) for key, weight in weights.items()]

    while now < for_s:
        ready = Counter(agents[each] for each in free)
        for key, count in allocation.divide(ready, parties(), now).given.items():
            for _ in range(count):
                fit = [each for each in free if key in agents[each]]
                if not fit:
                    continue  # another campaign had the only one left: the next division sees to it
                agent, handling_s = min(fit, key=lambda each: len(agents[each])), random.uniform(60, 180)
                free.remove(agent)
                heapq.heappush(busy, (now + handling_s, agent, key))
                spent[key] += handling_s  # type: ignore[assignment]  # a Counter of floats does as well
        allocation.divide({}, parties(), now)
        now, agent, _ = heapq.heappop(busy)
        free.append(agent)
    return spent


@pytest.mark.parametrize("weights", [(1, 1, 1), (5, 3, 1), (100, 10, 5), (2, 2, 1)])
@pytest.mark.parametrize("agents", [1, 2, 5, 20])
@pytest.mark.parametrize("seed", [1, 2])
def test_over_time_agents_work_by_weight(weights: tuple[int, int, int], agents: int, seed: int) -> None:
    of = dict(zip((A, B, C), weights, strict=True))
    for_s = 120.0 * 100 * sum(weights) / min(weights) / agents
    spent = worked(of, [frozenset(of)] * agents, for_s, seed)
    for key, weight in of.items():
        assert spent[key] / sum(spent.values()) == pytest.approx(weight / sum(weights), rel=0.1)


def test_agents_of_one_campaign_alone_let_the_others_have_those_they_share() -> None:
    spent = worked({A: 1, B: 1}, [frozenset({A, B})] * 4 + [frozenset({B})] * 2, 36000, 1)
    assert spent[A] / spent[B] == pytest.approx(1.0, rel=0.05)


def test_nobody_starves_though_the_other_had_agents_of_its_own_for_hours() -> None:
    allocation = Agents()
    for hour in range(9):  # B works with ten of its own while A works with the one they share
        parties = [Party(A, 1, most=9, held=1), Party(B, 1, most=9, held=10)]
        allocation.divide({}, parties, 3600.0 * hour)
    waited_s = 0.0
    both = frozenset({A, B})
    while allocation.divide({both: 1}, [Party(A, 1, 9), Party(B, 1, 9)], 28800 + waited_s).given[B] == 0:
        allocation.divide({}, [Party(A, 1, 9, held=1), Party(B, 1, 9)], 28800 + waited_s)
        waited_s += 120
    assert waited_s <= 1920
