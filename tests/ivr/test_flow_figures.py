"""The figures of flows, by hand on six calls, and held against a slow recomputation from the raw events of walks."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.causes import Outcome
from calls.ids import BootId, CallId, FlowId
from calls.records import flow_figures as ff
from calls.records.database import open_writer
from calls.records.figure import Figure
from calls.records.flow_figures import FlowScope
from calls.records.migrations import migrate
from calls.records.store import CallEvent, CallRecord, Direction, finish_call
from calls.reports.of_flow import flow_figures
from calls.switch.port import Gather, Transfer
from ivr.callers import Asked
from ivr.check import Known, load
from ivr.commands import Enqueue, Listen
from ivr.flow import Flow
from ivr.script import Act, Leave, Pass, act
from ivr.session import Context
from ivr.trail import Instant, TrailEvent
from ivr.walk import Walk
from tests.calls.records.scratch import taken_back

BEGIN = datetime.fromisoformat("2026-01-05T00:00:00+00:00")
END = BEGIN + timedelta(days=3)

FLOW = """\
language: en
start: trial
extensions: {"200": sales}
nodes:
  trial: {split: {menu_a: 1, menu_b: 1}}
  menu_a: {menu: [a], keys: {"1": menu_b, "2": sales, "3": pay}, direct_dial: true, noinput: [x, x], failed: bye}
  menu_b: {menu: [b], keys: {"1": trial, "2": boss, "9": bye}, nomatch: [], failed: sorry}
  sales: {queue: sales, failed: menu_b, next: menu_b}
  boss: {transfer: boss, failed: bye}
  pay: {subflow: pay, next: menu_b}
  sorry: {hangup: [x], outcome: sorry}
  bye: {hangup: [x]}
"""
PAY = """\
language: en
start: ask
nodes:
  ask: {menu: [p], keys: {"1": back, "2": sales}, failed: back}
  sales: {queue: sales, failed: back, next: back}
  back: {return: done}
"""
NEWER = FLOW.replace("failed: sorry", "phrases: {boss: {en: [front desk]}}, failed: bye")


class Fitting:
    """A caller who does what fits the command: the words of a list, in turn."""

    WORDS: dict[type, tuple[str, ...]] = {  # noqa: RUF012 - never changed
        Gather: ("1", "2", "3", "9", "200", "w", "#", "h", "5"),
        Listen: ("1", "2", "9", "w", "#", "s=front desk", "s?=front desk", "s-", "sd", "s=yes"),
        Enqueue: ("q+", "q-", "q0", "h", "w3"),
        Transfer: ("t+", "t-", "h"),
    }

    def __init__(self, choices: Iterable[int]) -> None:
        self._choices = iter(choices)

    def act(self, asked: Asked) -> Act | None:
        choice = next(self._choices, None)
        if choice is None:
            return Leave()
        words = self.WORDS.get(type(asked.command))
        if words is not None:
            return act(words[choice % len(words)])
        return Leave() if choice == 7 else Pass(0.1) if choice == 8 else None


def trail_of(flow: Flow, choices: Iterable[int], began_at: datetime, draw: float) -> tuple[TrailEvent, ...]:
    walked = Walk(flow, Fitting(choices), lambda prompt: "one two three", Instant(began_at, 0.0), Context(draw=draw))
    for _ in walked.events():
        pass
    return walked.session.trail


@dataclass(frozen=True)
class Row:
    """One call: its record and its trail."""

    record: CallRecord
    trail: tuple[TrailEvent, ...]

    def named(self, *kinds: str) -> list[TrailEvent]:
        return [event for event in self.trail if event.kind in kinds]

    @property
    def nodes(self) -> list[str]:
        return [str(event.detail["node"]) for event in self.named("node_entered")]

    @property
    def outcome(self) -> str:
        return str(self.trail[-1].detail["outcome"])

    @property
    def dropped(self) -> bool:
        return self.outcome in ("hung_up", "abandoned")

    @property
    def contained(self) -> bool:
        return not self.named("queue_entered", "transfer_started")


def row(
    name: str,
    flow: Flow,
    choices: Iterable[int],
    *,
    after_s: float = 0.0,
    caller: str = "",
    draw: float = 0.0,
    direction: Direction = Direction.INBOUND,
) -> Row:
    at = BEGIN + timedelta(seconds=after_s)
    trail = trail_of(flow, choices, at, draw)
    record = CallRecord(
        call_id=CallId(name),
        direction=direction,
        switch="main",
        boot_id=BootId("b"),
        channel="",
        caller=caller if direction is Direction.INBOUND else "+4930100",
        called="100" if direction is Direction.INBOUND else caller,
        started_at=at,
        ended_at=at,
        duration_s=0.0,
        billed_s=0.0,
        outcome=Outcome.ANSWERED,
        flow=flow.id,
        flow_version=flow.version,
    )
    return Row(record, trail)


def keep(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    for each in rows:
        events = [CallEvent(event.at, event.since_s, event.kind.value, event.detail) for event in each.trail]
        finish_call(connection, each.record, events)


def named(figures: Iterable[Figure]) -> dict[str, tuple[float, float | None]]:
    return {
        f"{each.name} {each.subject}".strip(): (round(float(each.numerator), 6), each.denominator) for each in figures
    }


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Flow, Flow, Flow]:
    """Two versions of a flow, and another flow."""
    folder = tmp_path_factory.mktemp("flows")
    (folder / "pay.yaml").write_text(PAY, encoding="utf-8")
    (folder / "other.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "main.yaml").write_text(FLOW, encoding="utf-8")
    first = load(folder / "main.yaml", Known())
    (folder / "main.yaml").write_text(NEWER, encoding="utf-8")
    return first, load(folder / "main.yaml", Known()), load(folder / "other.yaml", Known())


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    made = open_writer(Path(tmp_path_factory.mktemp("db")) / "calls.db")
    migrate(made)
    yield made
    made.close()


# --- by hand ----------------------------------------------------------------------------------------------------


@pytest.fixture
def six_calls(connection: sqlite3.Connection, flows: tuple[Flow, Flow, Flow]) -> Iterator[sqlite3.Connection]:
    flow = flows[0]
    one, two, silent, away, nine = 0, 1, 5, 7, 3
    hour = 3600.0
    with taken_back(connection):
        keep(
            connection,
            [
                row("self", flow, [one, nine], caller="+1"),  # menu_a, menu_b, bye: done by themselves
                row("again", flow, [one, nine], caller="+2"),  # the same, but calls again a day less a second later
                row("later", flow, [away], caller="+2", after_s=24 * hour - 1),  # hangs up in menu_a
                row("kept", flow, [one, nine], caller="+1", after_s=24 * hour),  # a day later: that is no repeat
                row("served", flow, [silent, two, nine], caller=""),  # silent once, then sales, then menu_b, bye
                row("gave-up", flow, [two, 2], caller="+3", draw=0.9),  # menu_b: boss; hangs up while it rings
            ],
        )
        yield connection


def test_a_flow_by_hand(six_calls: sqlite3.Connection) -> None:
    found = named(flow_figures(six_calls, FlowScope(FlowId("main"), BEGIN, END)))
    assert {name: value for name, value in found.items() if " " not in name} == {
        "entered": (6, None),
        "containment_technical": (4, 6),
        "containment_functional": (2, 6),
        "drop_off": (1, 6),
    }
    of_menu = {name.split()[0]: value for name, value in found.items() if name.endswith(" menu_a")}
    took_s = of_menu.pop("time")
    assert of_menu == {
        "entries": (5, None),
        "node_drop_off": (1, 5),
        "noinput": (1, 5),
        "nomatch": (0, 5),
        "retries": (1, 5),
        "zero_outs": (1, 5),
        "by_keys": (4, 4),
        "by_speech": (0, 4),
    }
    assert took_s[1] == 5 and took_s[0] > 0
    assert found["zero_outs menu_b"] == (1, 5) and found["node_drop_off boss"] == (0, 1)


def test_choices_by_speech_and_words_that_are_none(connection: sqlite3.Connection, flows: tuple[Flow, ...]) -> None:
    one, says, unsure, mumbles, yes = 0, 5, 6, 7, 9
    with taken_back(connection):
        keep(connection, [row("a", flows[1], [one, mumbles, unsure, yes]), row("b", flows[1], [one, says])])
        found = named(flow_figures(connection, FlowScope(FlowId("main"), BEGIN, END)))
        assert (found["by_speech menu_a"], found["by_keys menu_a"]) == ((0, 2), (2, 2))
        assert (found["by_speech menu_b"], found["by_keys menu_b"]) == ((2, 2), (0, 2))
        assert (found["nomatch menu_b"], found["zero_outs menu_b"]) == ((1, 2), (2, 2))


def test_paths_and_links_by_hand(six_calls: sqlite3.Connection) -> None:
    scope = FlowScope(FlowId("main"), BEGIN, END)
    found = ff.paths(six_calls, scope)
    assert [(path.nodes, path.calls, path.drops) for path in found] == [
        ("trial > menu_a > menu_b > bye", 3, 0),
        ("trial > menu_a", 1, 1),
        ("trial > menu_a > sales > menu_b > bye", 1, 0),
        ("trial > menu_b > boss", 1, 0),
    ]
    steps = [(link.step, link.source, link.target, link.calls) for link in ff.links(six_calls, scope)]
    assert steps[:2] == [(1, "trial", "menu_a", 5), (1, "trial", "menu_b", 1)]
    assert (2, "menu_a", "(hung_up)", 1) in steps and (4, "bye", "(completed)", 3) in steps


def test_the_arms_of_a_split_by_hand(six_calls: sqlite3.Connection) -> None:
    found = ff.arms(six_calls, FlowScope(FlowId("main"), BEGIN, END), "trial")
    assert {(share.arm, share.name): (share.numerator, share.denominator) for share in found} == {
        ("menu_a", "entries"): (5, 6),
        ("menu_a", "outcome completed"): (4, 5),
        ("menu_a", "outcome hung_up"): (1, 5),
        ("menu_a", "outcome left_in_transfer"): (0, 5),
        ("menu_a", "drop_off"): (1, 5),
        ("menu_a", "containment_technical"): (4, 5),
        ("menu_a", "containment_functional"): (2, 5),
        ("menu_b", "entries"): (1, 6),
        ("menu_b", "outcome completed"): (0, 1),
        ("menu_b", "outcome hung_up"): (0, 1),
        ("menu_b", "outcome left_in_transfer"): (1, 1),
        ("menu_b", "drop_off"): (0, 1),
        ("menu_b", "containment_technical"): (0, 1),
        ("menu_b", "containment_functional"): (0, 1),
    }
    drop = next(share for share in found if (share.arm, share.name) == ("menu_a", "drop_off"))
    assert drop.interval == pytest.approx((0.0362, 0.6245), abs=1e-4)  # Wilson, 1 of 5


def test_a_call_that_never_came_to_a_node_has_not_entered(
    connection: sqlite3.Connection, flows: tuple[Flow, ...]
) -> None:
    with taken_back(connection):
        lost = row("lost", flows[0], [])
        finish_call(connection, lost.record)
        left = row("left", flows[0], [0])  # before the answer reached them
        keep(connection, [replace(left, record=replace(left.record, outcome=Outcome.CANCELLED))])
        scope = FlowScope(FlowId("main"), BEGIN, END)
        found = flow_figures(connection, scope)
        assert named(found)["entered"] == (0, None) and all(each.value in (None, 0.0) for each in found)
        assert (ff.paths(connection, scope), ff.links(connection, scope), ff.arms(connection, scope, "trial")) == (
            [],
            [],
            [],
        )


def test_twice_the_calls_take_about_twice_the_work(connection: sqlite3.Connection, flows: tuple[Flow, ...]) -> None:
    """In steps of SQLite's machine, whatever else runs. A join without an index would take four times the work."""
    trails = [row(f"t{n}", flows[0], [n % 7, n % 5, n % 3, 3], draw=n / 20) for n in range(20)]
    scope = FlowScope(FlowId("main"), BEGIN, END)
    steps: list[list[int]] = []
    for size in (200, 400):
        with taken_back(connection):
            copies = (
                replace(
                    trails[n % 20], record=replace(trails[n % 20].record, call_id=CallId(f"c{n}"), caller=f"+{n}")
                )
                for n in range(size)
            )
            keep(connection, copies)
            steps.append([])
            for report in (flow_figures, ff.paths, ff.links, lambda db, of: ff.arms(db, of, "trial")):
                taken: list[None] = []
                connection.set_progress_handler(partial(taken.append, None), 100)
                report(connection, scope)
                connection.set_progress_handler(None, 0)
                steps[-1].append(len(taken))
    assert all(more < 2.5 * fewer for fewer, more in zip(*steps, strict=True)), steps


# --- against a slow recomputation -------------------------------------------------------------------------------

CALLS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.lists(st.integers(0, 8), max_size=12),
        st.sampled_from([-1, 0, 3600, 86399, 86400, 86401, 172800, 259200]),
        st.sampled_from(["", "+1", "+2"]),
        st.sampled_from([0.0, 0.4, 0.5, 0.9]),
        st.sampled_from([*Direction]),
    ),
    max_size=12,
)


def slow_summary(
    rows: list[Row], everybody: list[Row], goals: tuple[str, ...]
) -> dict[str, tuple[float, float | None]]:
    functional = 0
    for each in rows:
        inbound = each.record.direction is Direction.INBOUND
        person = each.record.caller if inbound else each.record.called
        later = [
            (other.record.started_at - each.record.started_at).total_seconds()
            for other in everybody
            if person and other.record.direction is Direction.INBOUND and other.record.caller == person
        ]
        again = any(0 < seconds < 86400 for seconds in later)
        functional += each.contained and each.outcome in goals and not again
    return {
        "entered": (len(rows), None),
        "containment_technical": (sum(each.contained for each in rows), len(rows)),
        "containment_functional": (functional, len(rows)),
        "drop_off": (sum(each.dropped for each in rows), len(rows)),
    }


def number(event: TrailEvent, name: str) -> float:
    found = event.detail[name]
    assert isinstance(found, int | float)
    return found


def slow_nodes(rows: list[Row]) -> dict[str, tuple[float, float | None]]:
    count: dict[str, Counter[str]] = defaultdict(Counter)
    took: dict[str, float] = defaultdict(float)
    sure: dict[str, list[float]] = defaultdict(list)
    for each in rows:
        for position, event in enumerate(each.trail):
            node = str(event.detail.get("node", ""))
            match event.kind.value:
                case "node_entered":
                    count[node]["entries"] += 1
                case "node_left":
                    took[node] += number(event, "took_s")
                case "noinput" | "nomatch" as kind:
                    count[node][kind] += 1
                    count[node]["retries"] += number(event, "left") > 0
                case "hung_up":
                    count[node]["node_drop_off"] += each.dropped and event.detail["by"] == "caller"
                case "choice" | "direct_dial":
                    count[node]["choices"] += 1
                    count[node]["by_speech"] += event.detail.get("by") == "speech"
                    sure[node] += [float(str(event.detail["confidence"]))] if "confidence" in event.detail else []
                    comes = next((x for x in each.trail[position:] if x.kind == "node_entered"), None)
                    count[node]["zero_outs"] += comes is not None and comes.detail["type"] in ("queue", "transfer")
    found: dict[str, tuple[float, float | None]] = {}
    for node, of in count.items():
        entries = of["entries"]
        found[f"entries {node}"] = (entries, None)
        found[f"time {node}"] = (round(took[node], 6), entries)
        for name in ("node_drop_off", "noinput", "nomatch", "retries", "zero_outs"):
            found[f"{name} {node}"] = (of[name], entries)
        if of["choices"]:
            found[f"by_keys {node}"] = (of["choices"] - of["by_speech"], of["choices"])
            found[f"by_speech {node}"] = (of["by_speech"], of["choices"])
        if sure[node]:
            found[f"confidence {node}"] = (round(sum(sure[node]), 6), len(sure[node]))
    return found


def slow_paths(rows: list[Row]) -> dict[str, tuple[int, int, float]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for each in rows:
        found[" > ".join(each.nodes)].append(each)
    return {
        nodes: (len(of), sum(each.dropped for each in of), round(sum(each.trail[-1].since_s for each in of), 6))
        for nodes, of in found.items()
    }


def slow_links(rows: list[Row]) -> Counter[tuple[int, str, str]]:
    found: Counter[tuple[int, str, str]] = Counter()
    for each in rows:
        ways = [*each.nodes, f"({each.outcome})"]
        for step, (source, target) in enumerate(pairwise(ways), start=1):
            found[step, source, target] += 1
    return found


def slow_arms(
    rows: list[Row], everybody: list[Row], goals: tuple[str, ...]
) -> dict[tuple[str, str], tuple[float, float | None]]:
    by_arm: dict[str, list[Row]] = defaultdict(list)
    for each in rows:
        for arm in {str(event.detail["arm"]) for event in each.named("split") if event.detail["node"] == "trial"}:
            by_arm[arm].append(each)
    every = sum(map(len, by_arm.values()))
    found: dict[tuple[str, str], tuple[float, float | None]] = {}
    for arm, of in by_arm.items():
        found[arm, "entries"] = (len(of), every)
        summary = slow_summary(of, everybody, goals)
        found |= {(arm, name): value for name, value in summary.items() if name != "entered"}
        for outcome in {each.outcome for every_arm in by_arm.values() for each in every_arm}:
            found[arm, f"outcome {outcome}"] = (sum(each.outcome == outcome for each in of), len(of))
    return found


@settings(max_examples=60, deadline=None)
@given(
    given_calls=CALLS,
    goals=st.sampled_from([("completed",), ("sorry", "served")]),
    late_s=st.sampled_from([0, 0, -450, 1, 3700]),
)
def test_every_figure_is_what_the_raw_events_say(
    connection: sqlite3.Connection,
    flows: tuple[Flow, Flow, Flow],
    given_calls: list[tuple[int, list[int], float, str, float, Direction]],
    goals: tuple[str, ...],
    late_s: int,
) -> None:
    """``late_s``: times that begin and end within a quarter of an hour are counted as exactly as others."""
    begin, end = BEGIN + timedelta(seconds=late_s), END + timedelta(seconds=late_s)
    everybody = [
        row(f"call-{n}", flows[which], choices, after_s=after_s, caller=caller, draw=draw, direction=direction)
        for n, (which, choices, after_s, caller, draw, direction) in enumerate(given_calls)
    ]
    in_time = [each for each in everybody if each.record.flow == "main" and begin <= each.record.started_at < end]
    with taken_back(connection):
        keep(connection, everybody)
        for version in ("", flows[0].version, flows[1].version[:6]):
            rows = [each for each in in_time if str(each.record.flow_version).startswith(version) and each.nodes]
            scope = FlowScope(FlowId("main"), begin, end, version, goals)
            found = named(flow_figures(connection, scope))
            expected = slow_summary(rows, everybody, goals) | slow_nodes(rows)
            versions = {str(each.record.flow_version) for each in rows}
            for one in versions if len(versions) > 1 else ():
                of = [each for each in rows if each.record.flow_version == one]
                expected |= {
                    f"{name} version {one}": value for name, value in slow_summary(of, everybody, goals).items()
                }
            assert found == expected
            paths = ff.paths(connection, scope)
            assert {path.nodes: (path.calls, path.drops, round(path.total_s, 6)) for path in paths} == slow_paths(
                rows
            )
            links = ff.links(connection, scope)
            assert {(each.step, each.source, each.target): each.calls for each in links} == slow_links(rows)
            spent = sum(link.total_s for link in links)
            assert spent == pytest.approx(sum(each.trail[-1].since_s for each in rows)), (
                "a call's links are its whole"
            )
            shares = ff.arms(connection, scope, "trial")
            told = {(each.arm, each.name): (each.numerator, each.denominator) for each in shares}
            assert told == slow_arms(rows, everybody, goals)
