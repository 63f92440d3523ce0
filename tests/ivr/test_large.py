"""A flow of 500 nodes: read, checked and walked like a small one."""

from __future__ import annotations

from ivr.check import Known, check, load
from ivr.faults import Rule
from ivr.walk import walk
from tests.bench.flows import INNER, flow_text, mixed_text, saying
from tests.ivr.conftest import Write, at

KNOWN = Known(frozenset({"q"}), frozenset(), {"en": frozenset({"x.menu", "x.retry", "x.bye", "system.sorry"})})


def test_500_nodes(write: Write) -> None:
    path = write(flow_text(500))
    faults = check(path, KNOWN)
    assert [str(fault) for fault in faults if fault.rule is not Rule.OVERLAPPING_KEYS] == []
    flow = load(path, KNOWN)
    assert len(flow.nodes) == 502
    finished, trail = walk(flow, ",".join(["1"] * 300 + ["2", "q+"]), lambda prompt: prompt.key, at(0))
    assert finished.outcome == "completed"
    assert sum(event.kind.value == "choice" for event in trail) == 301


def test_a_long_round_is_found_without_recursion(write: Write) -> None:
    """5,000 nodes in one round: deeper than Python's stack."""
    nodes = "\n".join(f"  n{index}: {{say: [x.bye], next: n{(index + 1) % 5000}}}" for index in range(5000))
    faults = check(write(f"language: en\nstart: n0\nnodes:\n{nodes}\n"), KNOWN)
    assert [fault.rule for fault in faults] == [Rule.ENDLESS_LOOP]


def test_500_nodes_with_expressions_and_subflows(write: Write) -> None:
    path = write(mixed_text(500))
    path.with_name("inner.yaml").write_text(INNER, encoding="utf-8")
    assert [str(fault) for fault in check(path, saying())] == []
    flow = load(path, saying())
    assert (len(flow.nodes), list(flow.subflows)) == (502, ["inner"])
