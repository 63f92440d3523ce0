"""Lanes of tests on a real Asterisk: even, and the same on every worker."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import conftest
from tests.lanes import SECONDS, TIMED, USUAL_S, LaneWorker, lanes, lanes_of

PROJECT = Path(__file__).resolve().parents[1]
NAMES = st.sets(st.text("abcdef", min_size=1, max_size=3), max_size=12)


def test_the_longest_has_a_lane_of_its_own_where_the_rest_is_shorter() -> None:
    seconds = {"long": 100.0, "a": 40.0, "b": 30.0, "c": 20.0}
    assert lanes(["a", "b", "c", "long"], 2, seconds) == {"long": 0, "a": 1, "b": 1, "c": 1}


@given(NAMES, st.integers(1, 4), st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.floats(1, 200)))
def test_no_lane_is_longer_than_the_rest_by_more_than_its_last(
    names: set[str], count: int, seconds: dict[str, float]
) -> None:
    found = lanes(names, count, seconds)
    assert found.keys() == names and lanes(sorted(names, reverse=True), count, seconds) == found
    lengths = [sum(seconds.get(each, USUAL_S) for each in found if found[each] == lane) for lane in range(count)]
    longest = max((seconds.get(each, USUAL_S) for each in names), default=0.0)
    assert max(lengths) - min(lengths) <= longest + 1e-6


def test_every_module_with_a_length_is_there() -> None:
    assert [path for path in {*SECONDS, *TIMED} if not (PROJECT / path).is_file()] == []


def test_what_is_timed_is_in_a_lane() -> None:
    assert TIMED <= lanes_of(PROJECT).keys()


class Listed:
    """As much of an item of pytest as its place is told by."""

    def __init__(self, nodeid: str) -> None:
        self.nodeid = nodeid

    def get_closest_marker(self, name: str) -> None:
        """None: it is of no lane by its mark."""


def test_lanes_come_first_and_what_takes_itself_a_priority_last(pytestconfig: pytest.Config) -> None:
    lane = next(iter(TIMED))
    items = [Listed(f"{file}::test") for file in ("tests/browser/test_days.py", "tests/calls/test_ids.py", lane)]
    LaneWorker(pytestconfig).pytest_collection_modifyitems(items)  # type: ignore[arg-type]  # see Listed
    assert [each.nodeid.split("::")[0] for each in items] == [
        lane,
        "tests/calls/test_ids.py",
        "tests/browser/test_days.py",
    ]


def test_nobody_looks_for_garbage_while_tests_are_collected() -> None:
    collecting = conftest.pytest_collection()
    next(collecting)
    assert not gc.isenabled()
    with pytest.raises(StopIteration):
        collecting.send(None)
    assert gc.isenabled()


def test_a_worker_looks_through_no_collected_tests_for_garbage(pytestconfig: pytest.Config) -> None:
    kept = [[each] for each in range(1000)]
    before = gc.get_freeze_count()
    LaneWorker(pytestconfig).pytest_collection_finish()
    assert gc.get_freeze_count() >= before + len(kept)
