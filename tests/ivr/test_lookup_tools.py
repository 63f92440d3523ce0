"""Look-ups in tests of flows, and in tests that are written down from walks."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import UserError
from ivr.callers import ScriptedCaller
from ivr.check import load
from ivr.script import parse
from ivr.session import Context
from ivr.testing.recording import recorded
from ivr.testing.running import run
from ivr.testing.script import load_tests
from ivr.walk import Walk
from tests.ivr.conftest import NOON, NOTHING_KNOWN, at
from tests.ivr.test_lookup import FLOW

TESTS = """\
flow: ../main.yaml
tests:
  - name: found
    steps:
      - lookup: {price: "10.50", name: Lamp}
      - expect: {variables: {price: "10.50"}, node: found}
      - hear: [x.found]
  - name: not there
    steps:
      - lookup: missing
      - hear: [x.missing]
      - expect: {outcome: completed}
  - name: nothing said
    steps:
      - expect: {node: other}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "main.yaml").write_text(FLOW, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    return tmp_path / "tests" / "main.yaml"


def test_a_test_says_what_a_look_up_comes_to(file: Path) -> None:
    file.write_text(TESTS, encoding="utf-8")
    tests = load_tests(file)
    flow = load(tests.flow, NOTHING_KNOWN)
    assert [run(test, flow, lambda prompt: prompt.key).failure for test in tests.tests] == [None, None, None]


@pytest.mark.parametrize("wrong", ["lookup: gone", "lookup: [1]", "lookup: {price: [1]}", "lookup: 5"])
def test_what_no_look_up_comes_to_is_refused(file: Path, wrong: str) -> None:
    file.write_text(TESTS.replace("lookup: missing", wrong), encoding="utf-8")
    with pytest.raises(UserError, match="expected"):
        load_tests(file)


@pytest.mark.parametrize("keys", ["l+price=10.50;name=Lamp", "l-", "lf", "l+price=3"])
def test_a_walk_with_a_look_up_is_written_down_and_passes(file: Path, keys: str) -> None:
    flow = load(file.parent.parent / "main.yaml", NOTHING_KNOWN)
    walk = Walk(flow, ScriptedCaller(parse(keys)), lambda prompt: prompt.key, at(0), Context())
    events = list(walk.events())
    assert walk.finished is not None
    file.write_text(recorded("one", "../main.yaml", NOON, Context(), events, walk.finished), encoding="utf-8")
    (test,) = load_tests(file).tests
    assert run(test, flow, lambda prompt: prompt.key).failure is None
