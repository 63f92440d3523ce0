from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.switch.keys import DIGITS, KEYS, Complete, KeyBuffer, More
from calls.switch.port import KeyPlan, Match, NoInput, NoMatch


def plan(*choices: str, dial: Iterable[int] = ()) -> KeyPlan:
    return KeyPlan(frozenset(choices), frozenset(dial))


def press_all(buffer: KeyBuffer, keys: str) -> Complete | More:
    decision: Complete | More = More()
    for key in keys:
        decision = buffer.press(key)
    return decision


@pytest.mark.parametrize(
    ("made", "keys", "expected"),
    [
        (plan("1", "2"), "1", Match("1")),
        (plan("1", "2"), "3", NoMatch("3")),
        (plan("1", "12"), "12", Match("12")),
        (plan("1", "12"), "13", NoMatch("13")),
        (plan("1", "12"), "1#", Match("1")),
        (plan("1", dial={3}), "123", Match("123")),
        (plan("1", dial={3}), "1*", NoMatch("1*")),
        (plan("1", dial={3}), "1#", Match("1")),
        (plan("1", dial={3}), "12#", NoMatch("12")),
        (plan("1", dial={2, 4}), "12#", Match("12")),
        (plan("1", dial={2, 4}), "1234", Match("1234")),
        (plan("#"), "#", Match("#")),
        (plan("1"), "#", NoMatch("#")),
        (plan("1#", "1"), "1#", Match("1#")),
        (plan("#1"), "#1", Match("#1")),
        (plan("1", "12", "#"), "1#", Match("1")),
        (plan("*"), "*", Match("*")),
        (plan("A"), "A", Match("A")),
        (plan("1"), "A", NoMatch("A")),
        (plan("12"), "2", NoMatch("2")),
        (plan(), "5", NoMatch("5")),
        (plan(dial={1}), "5", Match("5")),
    ],
)
def test_is_complete_at_once(made: KeyPlan, keys: str, expected: Match | NoMatch) -> None:
    buffer = KeyBuffer(made)
    assert press_all(buffer, keys[:-1]) == More()
    assert buffer.press(keys[-1]) == Complete(expected)


@pytest.mark.parametrize(
    ("made", "keys", "expected"),
    [
        (plan("1", "12"), "1", Match("1")),
        (plan("1", dial={3}), "1", Match("1")),
        (plan("1", dial={3}), "9", NoMatch("9")),
        (plan("1", dial={3}), "12", NoMatch("12")),
        (plan("42"), "4", NoMatch("4")),
        (plan("#1"), "#", NoMatch("#")),
        (plan(dial={2, 4}), "12", Match("12")),
        (plan(dial={2, 4}), "123", NoMatch("123")),
        (plan("1"), "", NoInput()),
    ],
)
def test_waits_and_is_judged_by_the_timeout(made: KeyPlan, keys: str, expected: Match | NoMatch | NoInput) -> None:
    buffer = KeyBuffer(made)
    assert press_all(buffer, keys) == More()
    assert buffer.keys == keys
    assert buffer.timed_out() == expected


@pytest.mark.parametrize("junk", ["x", "a", "", "12", "\n", "٣", "²", "é"])
def test_what_is_no_key_is_dropped(junk: str) -> None:
    buffer = KeyBuffer(plan("1", dial={2}))
    assert buffer.press(junk) == More()
    assert buffer.timed_out() == NoInput()
    assert buffer.press("1") == More()
    assert buffer.press(junk) == More()
    assert buffer.press("2") == Complete(Match("12"))


def test_the_first_key_says_whether_the_caller_barged_in() -> None:
    buffer = KeyBuffer(plan("12"))
    buffer.press("1", in_prompt=True)
    assert buffer.press("2") == Complete(Match("12", barged_in=True))
    late = KeyBuffer(plan("12"))
    late.press("1")
    assert late.press("3", in_prompt=True) == Complete(NoMatch("13"))
    assert KeyBuffer(plan("1")).press("#", in_prompt=True) == Complete(NoMatch("#", barged_in=True))


def test_once_complete_it_stays_so() -> None:
    buffer = KeyBuffer(plan("1", "2"))
    first = buffer.press("1")
    assert buffer.press("2") == first
    assert buffer.timed_out() == Match("1")


KEY = st.sampled_from(sorted(KEYS))
CHOICES = st.frozensets(st.text(KEY, min_size=1, max_size=3), max_size=6)
PLANS = st.builds(KeyPlan, CHOICES, st.frozensets(st.integers(1, 4), max_size=2))


def valid(made: KeyPlan, keys: str) -> bool:
    return keys in made.choices or (len(keys) in made.direct_dial_digits and set(keys) <= DIGITS)


@given(PLANS, st.text(KEY, max_size=8))
def test_a_match_is_valid_and_a_nomatch_is_not(made: KeyPlan, keys: str) -> None:
    buffer = KeyBuffer(made)
    press_all(buffer, keys)
    match buffer.timed_out():
        case Match(keys=taken):
            assert valid(made, taken)
            assert keys.startswith(taken)
        case NoMatch(keys=taken):
            assert not valid(made, taken)
            assert keys.startswith(taken)
        case NoInput():
            assert keys == ""


@given(PLANS, st.text(KEY, min_size=1, max_size=8))
def test_waiting_always_has_a_reason(made: KeyPlan, keys: str) -> None:
    """After ``More`` some further keys make a match; after ``Complete`` nothing else would have."""
    buffer = KeyBuffer(made)
    for pressed, key in enumerate(keys, 1):
        decision = buffer.press(key)
        so_far = keys[:pressed]
        growing = [choice for choice in made.choices if choice.startswith(so_far) and choice != so_far]
        dialling = set(so_far) <= DIGITS and any(length > pressed for length in made.direct_dial_digits)
        if isinstance(decision, More):
            assert growing or dialling
            continue
        ended = key == "#" and buffer.keys == so_far[:-1]
        assert ended or not (growing or dialling)
        break


@given(PLANS)
def test_every_choice_can_be_keyed(made: KeyPlan) -> None:
    """With the timeout's help at most: only a choice behind a shorter one's own end would be out of reach."""
    for choice in made.choices:
        buffer = KeyBuffer(made)
        press_all(buffer, choice)
        assert buffer.timed_out() == Match(choice)
