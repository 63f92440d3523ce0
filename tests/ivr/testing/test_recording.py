"""A walk that is written down is a test that passes, and goes the same way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.callers import ScriptedCaller
from ivr.check import Known, load
from ivr.flow import Flow
from ivr.script import parse
from ivr.session import Context
from ivr.testing.recording import recorded
from ivr.testing.running import run
from ivr.testing.script import load_tests
from ivr.trail import Instant, Kind, TrailEvent
from ivr.walk import Walk
from tests.ivr import strategies
from tests.ivr.conftest import NOON
from tests.ivr.test_properties import flow_of
from tests.ivr.testing.conftest import text

SCRIPTS = [
    *("", "1,h", "h", "w,1,w,w", "7,1,h", "245,1,h", "w0.3,1,w1,h", "3,t-", "3,tb", "3,w5,h", "3,t+"),
    *("2,q+", "2,w20,q+", "2,q-", "2,q0,t+", "2,qc", "200,w3,h", "2#,q+", "w1,7,w1,7", "1,1,1,3,t-"),
    *("f", "2,f", "3,f", "1,f", "w1,1,w1,f"),
]


def again(walk: Walk, flow: Flow, file: Path, context: Context) -> tuple[list[TrailEvent], list[TrailEvent]]:
    """The trail of a walk, and that of the test that it was written down as, which passed."""
    events = list(walk.events())
    assert walk.finished is not None
    file.write_text(recorded("a walk", "main.yaml", NOON, context, events, walk.finished), encoding="utf-8")
    ran = run(load_tests(file).tests[0], flow, text)
    assert ran.failure is None, f"{ran.failure}\n{file.read_text(encoding='utf-8')}"
    return list(walk.session.trail), list(ran.trail)


def way(trail: list[TrailEvent]) -> list[tuple[str, object, object]]:
    kinds = (Kind.NODE_ENTERED, Kind.NODE_LEFT, Kind.NOINPUT, Kind.NOMATCH, Kind.CHOICE, Kind.OUTCOME)
    names = ("exit", "keys", "outcome")
    return [
        (event.kind.value, event.detail.get("node"), [event.detail.get(name) for name in names])
        for event in trail
        if event.kind in kinds
    ]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_walk_passes_as_a_test(flow_file: Path, script: str) -> None:
    flow = load(flow_file, Known())
    walk = Walk(flow, ScriptedCaller(parse(script)), text, Instant(NOON, 0.0))
    was, now = again(walk, flow, flow_file.parent / "walk.yaml", Context())
    assert way(was) == way(now)


SENT = """\
language: en
variables: {ticket: ""}
start: count
nodes:
  count: {guard: 5, within: 10m, blocked: told, next: send}
  send: {webhook: tickets, reference: ticket, failed: told, next: told}
  told: {say: [x.one], next: bye}
  bye: {hangup: [x.one]}
"""


@pytest.mark.parametrize("script", ["h", "w0.1,h", "b-,h", "f", ""])
def test_who_hangs_up_while_something_is_asked_or_written_does_so_in_the_test(tmp_path: Path, script: str) -> None:
    file = tmp_path / "main.yaml"
    file.write_text(SENT, encoding="utf-8")
    flow = load(file, Known())
    walk = Walk(flow, ScriptedCaller(parse(script)), text, Instant(NOON, 0.0))
    was, now = again(walk, flow, tmp_path / "walk.yaml", Context())
    assert way(was) == way(now)


words = st.sampled_from(["1", "2", "12", "7", "#", "200", "201", "29", "w", "w1", "w0.2", "h"])


@settings(max_examples=30, deadline=None)
@given(data=strategies.flows, script=st.lists(words, max_size=6), draw=st.sampled_from([0.0, 0.3, 0.9]))
def test_any_walk_passes_as_a_test(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object], script: list[str], draw: float
) -> None:
    flow = flow_of(data)
    context = Context(draw=draw)
    walk = Walk(flow, ScriptedCaller(parse(",".join(script))), text, Instant(NOON, 0.0), context)
    was, now = again(walk, flow, tmp_path_factory.getbasetemp() / "walk.yaml", context)
    assert way(was) == way(now)
