"""Which number is shown: the same to the same person, near before far, all of them alike."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import caller_ids

WASHINGTON, NEW_YORK, BERLIN, MUNICH = "+12025550100", "+12125550100", "+493023125000", "+498923125000"
POOL = (MUNICH, BERLIN, NEW_YORK, WASHINGTON)


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        ("+12025550177", WASHINGTON),
        ("+12125550177", NEW_YORK),
        ("+13105550177", NEW_YORK),  # Los Angeles: the country's first
        ("+493023125999", BERLIN),
        ("+4915123456789", MUNICH),  # a mobile telephone has no area
        ("+33142345678", MUNICH),  # another country: any
    ],
)
def test_a_number_of_the_same_area_then_of_the_same_country(called: str, shown: str) -> None:
    assert caller_ids.choose(POOL, called, None, {}) == shown


def test_who_was_called_before_sees_the_same_number_while_it_is_in_the_pool() -> None:
    assert caller_ids.choose(POOL, "+12025550177", MUNICH, {MUNICH: 99}) == MUNICH
    assert caller_ids.choose(POOL, "+12025550177", "+442079460000", {}) == WASHINGTON


@given(st.lists(st.sampled_from(["+4915123456789", "+12025550177", "+12125550188", "+33142345678"])))
def test_those_that_are_as_near_are_shown_alike(called: list[str]) -> None:
    pool = (WASHINGTON, "+12025550101", "+12025550102", BERLIN)
    shown: Counter[str] = Counter()
    for number in called:
        shown[caller_ids.choose(pool, number, None, shown)] += 1
    of_washington = [shown[each] for each in pool[:3]]
    only_there = [number for number in called if number.startswith("+1")]
    if len(only_there) == len(called):
        assert max(of_washington) - min(of_washington) <= 1
    assert shown.total() == len(called) and set(shown) <= set(pool)


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (WASHINGTON, ""),
        ("+1202555010", "no country's numbering plan has such a number"),
        ("+49112", "such a number is never dialled"),
    ],
)
def test_a_number_that_is_shown_exists(number: str, problem: str) -> None:
    assert (caller_ids.problem_of(number) == "") == (problem == "")
