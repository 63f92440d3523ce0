"""What flows cost: loading one of 500 nodes, against plain parsing of its YAML; steps of sessions per CPU-second.

``python -m tests.bench.flows``. Times are CPU times of this process, the least of several runs; figures that travel
between machines are the ratios.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ruamel.yaml import YAML

from calls.switch.port import Done, EndedBy, Hangup, HungUp, Match, NoInput, Play
from ivr.check import Known, check, load
from ivr.flow import Flow
from ivr.session import Context, Finished, Session
from ivr.trail import Instant
from prompts.phrases import Split, split

NODES = 500
RUNS = 5
CALLS = 300
KNOWN = Known()
NOON = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


def flow_text(nodes: int) -> str:
    """A flow of ``nodes`` menus, each leading to the next, and a queue and an end."""
    menus = "".join(
        f"""\
  n{index}:
    menu: [x.menu]
    keys: {{"1": n{(index + 1) % nodes}, "2": support, "9": bye}}
    direct_dial: true
    barge_in: true
    first_key: 4s
    noinput: [x.retry, x.retry]
    nomatch: [x.retry, x.retry]
    failed: bye
"""
        for index in range(nodes)
    )
    return (
        f'language: en\nstart: n0\nextensions: {{"200": support}}\nnodes:\n{menus}'
        "  support: {queue: q, failed: bye, next: bye}\n  bye: {hangup: [x.bye]}\n"
    )


MIXED = """\
  n{0}:
    menu: [x.menu]
    keys: {{"1": n{1}, "2": support, "9": bye}}
    failed: bye
  n{1}: {{set: {{tries: tries + 1, said: "left(text(order), 4) + call.caller"}}, next: n{2}}}
  n{2}:
    branch: {{tries > 3 and not vip: bye, 'kind in ["a", "b"] or order == none': n{3}}}
    otherwise: n{3}
  n{3}: {{collect: [x.said], into: order, length: "4-8", read_back: [x.said], failed: bye, next: n{4}}}
  n{4}: {{subflow: inner, arguments: {{asked: order}}, into: {{kind: answer}}, next: n{5}}}
"""
INNER = """\
language: en
variables: {asked: "", order: ""}
start: a
nodes:
  a: {set: {answer: "default(asked, 'none')"}, next: b}
  b: {say: [x.said], next: c}
  c: {return: done}
"""


def mixed_text(nodes: int) -> str:
    """A flow of ``nodes`` nodes with expressions, texts that say values, and a call of a subflow in every fifth."""
    fives = "".join(MIXED.format(*range(first, first + 5), (first + 5) % nodes) for first in range(0, nodes, 5))
    return (
        'language: en\nvariables: {tries: 0, vip: false, kind: "", order: "", asked: ""}\nstart: n0\n'
        f"nodes:\n{fives}  support: {{queue: q, failed: bye, next: bye}}\n  bye: {{hangup: [x.bye]}}\n"
    )


def saying() -> Known:
    """A text with places for values, for all flows."""
    said = split("x.said", "Order {order:digits}, and {asked}.", "en")
    assert isinstance(said, Split)
    return Known(phrases={"en": {"x.said": said.phrase}})


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU seconds, but for the last three. ``mixed``: of a flow with variables, expressions and subflows."""

    round_trip_s: float
    events_s: float
    check_s: float
    load_s: float
    mixed_check_s: float
    mixed_load_s: float
    steps_per_s: float
    calls_per_s: float
    steps_a_call: int


def measure() -> Figures:
    """Measure on this machine, now."""
    text = flow_text(NODES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.yaml"
        path.write_text(text, encoding="utf-8")
        mixed, said = Path(folder) / "mixed.yaml", saying()
        mixed.write_text(mixed_text(NODES), encoding="utf-8")
        (Path(folder) / "inner.yaml").write_text(INNER, encoding="utf-8")
        flow = load(path, KNOWN)
        steps = sum(run(flow) for _ in range(CALLS))
        sessions_s = least_s(lambda: [run(flow) for _ in range(CALLS)])
        return Figures(
            round_trip_s=least_s(lambda: YAML().load(text)),
            events_s=least_s(lambda: list(YAML(typ="safe").parse(text))),
            check_s=least_s(lambda: check(path, KNOWN)),
            load_s=least_s(lambda: load(path, KNOWN)),
            mixed_check_s=least_s(lambda: check(mixed, said)),
            mixed_load_s=least_s(lambda: load(mixed, said)),
            steps_per_s=steps / sessions_s,
            calls_per_s=CALLS / sessions_s,
            steps_a_call=steps // CALLS,
        )


def run(flow: Flow) -> int:
    """One call through eight menus with a silence, to the goodbye; gives the steps it took."""
    keys: Iterator[Match | NoInput] = iter([NoInput(), *[Match("1")] * 8, Match("9")])
    session = Session(flow)
    step = session.start(Context(), Instant(NOON, 0.0))
    steps = 1
    while not isinstance(step, Finished):
        match step:
            case Play():
                result: Done | Match | NoInput | HungUp = Done()
            case Hangup():
                result = HungUp(EndedBy.US)
            case _:
                result = Done() if steps == 1 else next(keys)
        step = session.resume(result, Instant(NOON, float(steps)))
        steps += 1
    return steps


def least_s(work: Callable[[], object]) -> float:
    """The least CPU time of several runs, in seconds."""
    return min(_cpu_times(work))


def _cpu_times(work: Callable[[], object]) -> Iterator[float]:
    for _ in range(RUNS):
        began_s = time.process_time()
        work()
        yield time.process_time() - began_s


def table(figures: Figures) -> str:
    """The figures for people."""
    rows = [
        (f"load a flow of {NODES} nodes", f"{figures.load_s * 1000:.0f} ms of CPU"),
        ("  against ruamel.yaml reading it (round trip)", f"{figures.load_s / figures.round_trip_s:.2f}x"),
        ("  against ruamel.yaml parsing it (events only)", f"{figures.load_s / figures.events_s:.2f}x"),
        ("check it", f"{figures.check_s * 1000:.0f} ms of CPU"),
        ("load one with expressions and subflows", f"{figures.mixed_load_s * 1000:.0f} ms of CPU"),
        ("  check it", f"{figures.mixed_check_s * 1000:.0f} ms of CPU"),
        ("session steps per CPU-second", f"{figures.steps_per_s:,.0f}"),
        (f"calls of {figures.steps_a_call} steps per CPU-second", f"{figures.calls_per_s:,.0f}"),
    ]
    return "\n".join(f"{name:<52}{value:>20}" for name, value in rows)


if __name__ == "__main__":
    sys.stdout.write(table(measure()) + "\n")
