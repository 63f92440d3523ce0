"""Splits: the draw picks the arm by the shares, a call keeps its arm, and two splits know nothing of each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.check import check
from ivr.nodes.split import BELOW_ONE, drawn
from ivr.session import Context, Session
from ivr.trail import Kind
from ivr.walk import walk
from tests.ivr.conftest import NOTHING_KNOWN, Make, Write, at

TRIAL = """\
language: en
start: trial
nodes:
  trial: {split: {menu_a: 80, menu_b: 20}}
  menu_a: {menu: [a], keys: {"1": trial, "2": other}, failed: bye}
  menu_b: {menu: [b], keys: {"1": trial, "2": other}, failed: bye}
  other: {split: {menu_a: 1, bye: 1}}
  bye: {hangup: []}
"""

SHARES = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 1000), min_size=2)
DRAWS = st.floats(0.0, 1.0, exclude_max=True)


def arms(make: Make, draw: float, keys: str = "") -> list[object]:
    """The arms that a call takes, in their order."""
    _, trail = walk(make(TRIAL), keys, lambda prompt: prompt.key, at(0), draw)
    return [event.detail["arm"] for event in trail if event.kind is Kind.SPLIT]


@pytest.mark.parametrize(("draw", "arm"), [(0.0, "menu_a"), (0.79, "menu_a"), (0.8, "menu_b"), (BELOW_ONE, "menu_b")])
def test_the_draw_falls_into_a_share(make: Make, draw: float, arm: str) -> None:
    assert arms(make, draw, "h") == [arm]


@pytest.mark.parametrize("draw", [0.1, 0.9])
def test_a_call_that_comes_again_goes_the_same_way(make: Make, draw: float) -> None:
    found = arms(make, draw, "1,1,1,h")
    assert len(found) == 4 and len(set(found)) == 1


def test_two_splits_are_drawn_independently() -> None:
    """Over an even grid of draws every pair of arms comes as often as the product of its shares says."""
    grid = 1000
    pairs: Counter[tuple[str, str]] = Counter()
    for step in range(grid):
        first, rest = drawn({"a": 80, "b": 20}, (step + 0.5) / grid)
        second, _ = drawn({"c": 1, "d": 3}, rest)
        pairs[first, second] += 1
    assert pairs == {("a", "c"): 200, ("a", "d"): 600, ("b", "c"): 50, ("b", "d"): 150}


@given(SHARES, DRAWS)
def test_every_draw_gives_an_arm_and_another_draw(shares: dict[str, int], draw: float) -> None:
    arm, rest = drawn(shares, draw)
    assert arm in shares and 0.0 <= rest < 1.0


def test_a_split_takes_no_time_and_gives_no_command(make: Make) -> None:
    flow = replace(make(TRIAL), start="trial")
    session = Session(flow)
    session.start(Context(answered=True, draw=0.9), at(0))
    assert session.node == "menu_b"
    assert [event.since_s for event in session.trail] == [0.0] * len(session.trail)


@pytest.mark.parametrize(
    ("written", "where", "expected"),
    [
        ("{menu_a: 50}", "nodes.trial.split", "expected two or more nodes and their shares"),
        ("{menu_a: 50, menu_b: 0}", "nodes.trial.split.menu_b", "expected two or more nodes and their shares"),
        ("{menu_a: 50, menu_b: half}", "nodes.trial.split.menu_b", "not 'half'"),
        ("{menu_a: 50, menu_c: 50}", "nodes.trial.split.menu_c", 'there is no node "menu_c"; did you mean "menu_b"?'),
        ("{menu_a: 50, trial: 50}", "nodes.trial", "goes round for ever: trial -> trial"),
    ],
)
def test_what_is_wrong_is_named(write: Write, written: str, where: str, expected: str) -> None:
    path = write(TRIAL.replace("{menu_a: 80, menu_b: 20}", written))
    (fault,) = (each for each in check(path, NOTHING_KNOWN) if each.severity.value == "error")
    assert (fault.where.line, fault.where.key) == (4, where)
    assert expected in fault.problem
