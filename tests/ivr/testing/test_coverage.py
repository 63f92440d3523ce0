"""Coverage says which nodes and ways were gone, of the flow and of those that it calls."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.check import Known, load
from ivr.drawing.cards import exit_name
from ivr.flow import Flow
from ivr.session import Context, Finished, Session
from ivr.testing.coverage import coverage
from ivr.testing.junit import junit
from ivr.testing.script import MONDAY_NOON
from ivr.trail import Instant, Kind, TrailEvent
from ivr.walk import walk
from tests.ivr import strategies
from tests.ivr.conftest import at
from tests.ivr.test_properties import flow_of, one_that_fits
from tests.ivr.testing.conftest import Play, text

CALLING = """\
language: en
start: a
nodes:
  a: {subflow: called, returns: {yes: b}, next: c}
  b: {hangup: []}
  c: {hangup: []}
"""

CALLED = """\
language: en
start: ask
nodes:
  ask: {menu: [x], keys: {"1": good, "2": bad}, failed: bad}
  good: {return: "yes"}
  bad: {return: "no"}
"""


def trails(flow: Flow, *scripts: str) -> list[tuple[TrailEvent, ...]]:
    return [walk(flow, keys, text, Instant(MONDAY_NOON, 0.0))[1] for keys in scripts]


def test_nodes_and_ways(flow_file: Path) -> None:
    flow = load(flow_file, Known())
    (covered,) = coverage([flow], trails(flow, "1,h", "200,q0,h"))
    assert (covered.flow, covered.nodes, covered.ways) == ("main", 9, 14)
    assert covered.missed_nodes == ("closed", "goodbye")
    assert ("support", "nobody", "alice") not in covered.missed_ways
    assert ("menu", "direct_dial", "support") not in covered.missed_ways
    assert ("menu", "keys.2", "support") in covered.missed_ways
    assert covered.node_percent == pytest.approx(100 * 7 / 9)
    assert covered.way_percent == pytest.approx(100 * 6 / 14)


def test_subflows_are_covered_by_the_flows_that_call_them(tmp_path: Path) -> None:
    (tmp_path / "called.yaml").write_text(CALLED, encoding="utf-8")
    path = tmp_path / "calling.yaml"
    path.write_text(CALLING, encoding="utf-8")
    flow = load(path, Known())
    called, calling = coverage([flow], trails(flow, "1"))
    assert (called.flow, called.missed_nodes) == ("called", ("bad",))
    assert called.missed_ways == (("ask", "keys.2", "bad"), ("ask", "failed", "bad"))
    assert (calling.missed_nodes, calling.missed_ways) == (("c",), (("a", "next", "c"),))
    everything = coverage([flow], trails(flow, "1", "2", ""))
    assert [(each.node_percent, each.way_percent) for each in everything] == [(100.0, 100.0), (100.0, 100.0)]


def test_a_flow_without_ways_is_covered_by_one_call(tmp_path: Path) -> None:
    path = tmp_path / "bye.yaml"
    path.write_text("language: en\nstart: a\nnodes: {a: {hangup: []}}\n", encoding="utf-8")
    flow = load(path, Known())
    (untouched,) = coverage([flow], [])
    assert (untouched.node_percent, untouched.way_percent) == (0.0, 100.0)


@settings(max_examples=60, deadline=None)
@given(data=strategies.flows, draw=st.data())
def test_every_way_that_is_gone_is_one_that_the_flow_has(data: dict[str, object], draw: st.DataObject) -> None:
    """Coverage, drawings and figures go by this: a node's exits have the names that trails give them."""
    flow = flow_of(data)
    session = Session(flow)
    step = session.start(Context(answered=True), at(0))
    for second in range(20):
        if isinstance(step, Finished):
            break
        step = session.resume(one_that_fits(step, draw), at(second))
    there = {
        (name, exit_name(exit), exit.to)
        for name, node in flow.nodes.items()
        for exit in node.exits(dict(flow.extensions))
    }
    trail = [event for event in session.trail if event.kind in (Kind.NODE_ENTERED, Kind.NODE_LEFT)]
    gone = {
        (str(left.detail["node"]), str(left.detail["exit"]), str(entered.detail["node"]))
        for left, entered in pairwise(trail)
        if left.kind is Kind.NODE_LEFT
    }
    assert gone <= there
    (covered,) = coverage([flow], [session.trail])
    assert set(covered.missed_ways) == there - gone


def test_junit_counts_and_names_what_failed(play: Play) -> None:
    good, bad = play("- hang_up"), play("- expect: {outcome: closed}")
    root = ET.fromstring(junit([(Path("tests/main.yaml"), [good, bad])]).partition("\n")[2])
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    (suite,) = root
    passed, failed = suite
    assert (suite.get("name"), passed.get("line"), len(passed)) == ("tests/main.yaml", "2", 0)
    (failure,) = failed
    assert "it was completed at goodbye" in (failure.get("message") or "")
    assert (failure.text or "").count("main.yaml:4: ") == 1
