"""What anyone who drives a policy may rely on: few fields suffice, any more may be told, nothing else is read."""

from __future__ import annotations

import ast
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dialer.pacing
from dialer.pacing import (
    POLICIES,
    Abandoned,
    AgentLeft,
    Connected,
    Dialled,
    LiveAnswer,
    MachineAnswer,
    NoAnswer,
    Observation,
    Policy,
    Snapshot,
    TalkEnded,
    WrapEnded,
    make_policy,
)
from dialer.pacing.model import Stratum
from dialer.pacing.predictive import SHARE_AT_ONCE
from dialer.simulation.distributions import LogNormal
from dialer.simulation.run import Run
from dialer.simulation.scenario import base

ALL = sorted(POLICIES)
AT_S = 5000.0


def new(name: str, cap: float = 0.03) -> Policy:
    return make_policy(name, abandonment_cap=cap, connect_within_s=2.0, no_answer_s=25.0)


TIMES = st.lists(st.floats(0, 90).map(lambda age: AT_S - age), max_size=20).map(tuple)
STRATA = st.one_of(st.text(max_size=8), st.tuples(st.text(max_size=4), st.integers(0, 23), st.integers(1, 5)))
PAIRS = st.lists(st.tuples(st.floats(0, 90).map(lambda age: AT_S - age), STRATA), max_size=20).map(tuple)
COUNTS = st.integers(0, 30)
REQUIRED = st.builds(Snapshot, st.just(AT_S), COUNTS, st.integers(0, 3), TIMES, TIMES, TIMES, st.integers(0, 80))
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "ringing": PAIRS,
    "next_up": PAIRS,
    "waiting_since_s": TIMES,
    "detecting_since_s": TIMES,
    "reserved": COUNTS,
    "inbound_waiting": st.integers(0, 3),
    "inbound_rate_per_s": st.floats(0, 5),
    "leaving_at_s": TIMES,
    "local_hour": st.one_of(st.none(), st.integers(0, 23)),
    "window_answers": st.integers(0, 5000),
    "window_abandons": st.integers(0, 200),
}


def test_every_optional_field_is_tried_here() -> None:
    required = {"at_s", "ready", "waiting", "ringing_since_s", "talking_since_s", "wrapping_since_s", "lines_free"}
    assert {each.name for each in fields(Snapshot)} == required | set(OPTIONAL)


def trained(name: str) -> Policy:
    policy = new(name)
    Run(replace(base(8), duration_s=900.0, talk=LogNormal(40.0, 40.0)), policy, 3).go()
    return policy


TRAINED = {name: trained(name) for name in ALL}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(ALL), REQUIRED)
def test_the_required_fields_suffice(name: str, seen: Snapshot) -> None:
    for policy in (new(name), TRAINED[name]):
        assert 0 <= policy.decide(seen) <= seen.lines_free
        explained = policy.explain()
        assert explained.reason
        json.dumps(dict(explained.figures))


@pytest.mark.parametrize("field", OPTIONAL)
@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ALL), REQUIRED, st.data())
def test_each_optional_field_may_be_told(field: str, name: str, seen: Snapshot, data: st.DataObject) -> None:
    told = replace(seen, **{field: data.draw(OPTIONAL[field])})
    assert 0 <= TRAINED[name].decide(told) <= seen.lines_free
    assert TRAINED[name].explain().reason


EVENTS = st.lists(
    st.tuples(st.integers(0, 8), st.floats(0, 30), STRATA, st.sampled_from([None, 16, 17, 38])), max_size=40
)


def event(
    index: int, kind: int, lasted_s: float, stratum: str | tuple[object, ...], cause: int | None
) -> Observation:
    at_s = 100.0 + index
    told: dict[str, Any] = {"at_s": at_s, "stratum": stratum, "cause": cause}
    match kind:
        case 0:
            return Dialled(**told)
        case 1:
            return LiveAnswer(dialled_at_s=at_s - lasted_s, **told)
        case 2:
            return MachineAnswer(dialled_at_s=at_s - lasted_s, **told)
        case 3:
            return NoAnswer(dialled_at_s=at_s - lasted_s, **told)
        case 4:
            return Connected(waited_s=lasted_s / 10, **told)
        case 5:
            return Abandoned(waited_s=lasted_s, **told)
        case 6:
            return TalkEnded(talk_s=lasted_s, **told)
        case 7:
            return WrapEnded(wrap_s=lasted_s, **told)
        case _:
            return AgentLeft(**told)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ALL), EVENTS, REQUIRED)
def test_any_event_may_be_told_and_only_what_is_told_counts(
    name: str, events: list[tuple[int, float, Stratum, int | None]], seen: Snapshot
) -> None:
    """Two policies that are told the same decide the same; an attempt's id and the end of a stay say nothing."""
    policy, again = new(name), new(name)
    for index, (kind, lasted_s, stratum, cause) in enumerate(events):
        policy.observe(event(index, kind, lasted_s, stratum, cause))
        again.observe(replace(event(index, kind, lasted_s, stratum, cause), attempt_id=str(index)))
        again.observe(AgentLeft(at_s=100.0 + index))
    assert 0 <= policy.decide(seen) == again.decide(seen) <= seen.lines_free


def test_no_policy_reads_a_clock_chance_or_a_store() -> None:
    """Erlang-B's stream has a seed of its own."""
    for path in Path(dialer.pacing.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [each.name for each in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            banned = {"time", "datetime", "random", "secrets", "os", "sqlite3", "uuid", "asyncio"}
            found = {name.partition(".")[0] for name in names} & banned
            assert found <= ({"random"} if path.stem == "erlang_b" else set()), path


class Seldom:
    """Asks the policy each ``every`` seconds only."""

    def __init__(self, policy: Policy, every: int) -> None:
        self._policy, self._every = policy, every
        self.observe, self.explain = policy.observe, policy.explain

    def decide(self, snapshot: Snapshot) -> int:
        return self._policy.decide(snapshot) if int(snapshot.at_s) % self._every == 0 else 0


@pytest.mark.parametrize("every", [2, 5])
def test_it_may_be_asked_less_often(every: int) -> None:
    scenario = replace(base(20), duration_s=5400.0, talk=LogNormal(40.0, 40.0), wrap_up=LogNormal(8.0, 4.0))
    ours = Run(scenario, Seldom(new("predictive"), every), 4).go()
    theirs = Run(scenario, Seldom(new("progressive"), every), 4).go()
    assert ours.abandonment <= 0.032
    assert ours.occupancy > theirs.occupancy + 0.05


def test_it_may_be_asked_more_often() -> None:
    """However often in a second: no more are added than its bound for one second allows."""
    policy = new("predictive")
    for index in range(200):
        policy.observe(NoAnswer(at_s=900.0 + index, dialled_at_s=875.0 + index))
        policy.observe(LiveAnswer(at_s=900.0 + index, dialled_at_s=890.0 + index))
        policy.observe(TalkEnded(at_s=900.0 + index, talk_s=5.0 + index % 40))
        policy.observe(WrapEnded(at_s=900.0 + index, wrap_s=2.0))
        policy.decide(Snapshot(900.0 + index, 0, 0, (), (), (), 0))
    talking, ringing = tuple(AT_S - each % 30 for each in range(100)), list[float]()
    for tenth in range(9):
        now = AT_S + tenth / 10
        seen = Snapshot(now, 0, 0, tuple(ringing), talking, (), 500)
        ringing += [now] * policy.decide(seen)
    assert 0 < len(ringing) <= SHARE_AT_ONCE * 100 + 4


@pytest.mark.parametrize(("agents", "cap", "expected"), [(5, 0.03, 0.76), (100, 0.03, 0.957), (5, 0.001, 0.62)])
def test_it_says_what_a_team_may_expect(agents: int, cap: float, expected: float) -> None:
    policy = new("predictive", cap)
    policy.decide(Snapshot(5.0, 0, 0, (), (1.0,) * agents, (), 50))
    assert policy.explain().figures["expected_occupancy"] == pytest.approx(expected, abs=0.01)
    assert f"expect to work {100 * expected:.0f}% of their time" in policy.explain().reason
    for second in range(6, 6_000):
        policy.decide(Snapshot(float(second), agents, 0, (), (), (), 0))
    assert float(policy.explain().figures["expected_occupancy"]) < 0.8 * expected
