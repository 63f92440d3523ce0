"""Pacing policies side by side, of every size and in every scenario: the tables of docs/benchmarks.md.

``python -m tests.bench.pacing`` makes them all, which takes hours; ``--agents 10,20 --scenarios base,lunch
--replications 5 --policies predictive,progressive`` some. Each row is written as soon as it is done. The scenarios
are those that come with the product, each shift with its part of the agents that are asked for. Seeds count from
5000: neither the policy nor the baselines' settings (:mod:`tests.bench.pacing_grid`) were tuned on them. ``--tune``
looks for the settings anew; a baseline without one for a size is left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, repeat
from math import floor
from pathlib import Path

from dialer.pacing import Policy, Predictive, Snapshot
from dialer.pacing.forecast import MOST_AT_ONCE
from dialer.simulation.comparison import percent
from dialer.simulation.core_run import CoreRun
from dialer.simulation.oracles import RingOutcomesKnown, TalkEndsKnown
from dialer.simulation.paced import PolicyMaker, policy_of
from dialer.simulation.replications import Results, replicate
from dialer.simulation.run import Run
from dialer.simulation.scenario import LeadList, Scenario, Shift, always, base
from dialer.simulation.scenario_file import find
from tests.bench import pacing_grid
from tests.bench.pacing_grid import FAMILIES, FOUND
from tests.bench.pacing_kept import KeptRuns, Wanted, complete
from tests.bench.quantiles import quantile

SCENARIOS = (
    "base",
    "answers-drop",
    "answers-rise",
    "answers-jump",
    "answers-swing",
    "lunch",
    "shift-change",
    "third-leaves",
    "trunk-silent",
    "trunk-refuses",
    "machine-bursts",
    "cap-1",
    "cap-uk",
    "cap-zero",
)
"""Of those that come with the product: what a team of any size may meet."""

FIRST_SEED = 5000
SIZES = (5, 10, 20, 50, 100, 300)
ORACLES = {"oracle: talk ends known": TalkEndsKnown, "oracle: ring outcomes known": RingOutcomesKnown}
FEW_AGENTS, FEW_RUNS = 20, 4
NO_ANSWER_S, KNOWN_S = 25.0, 900.0
OURS = ("predictive", "progressive")
AS_THEY_COME = ("vicidial_hard_limit", "vicidial_average", "vicidial_tapered")


def core_to_fast() -> float:
    """The CPU of 300 agents' five minutes through the core, to that of the fast way. Eight hours are to take 90 s and
    10 s."""
    scenario = replace(base(300), duration_s=300.0)
    began_s = time.process_time()
    Run(scenario, policy_of("predictive", scenario), 0).go()
    fast_s = time.process_time() - began_s
    CoreRun(scenario, partial(policy_of, "predictive"), 0).go()
    return (time.process_time() - began_s - fast_s) / fast_s


def scenarios(agents: int) -> dict[str, Scenario]:
    """All scenarios for a team of this size, by name."""
    return {name: sized(find(name), agents) for name in SCENARIOS}


def sized(scenario: Scenario, agents: int) -> Scenario:
    """The scenario with so many agents at work at most, each shift by its part."""
    part, before, shifts = agents / scenario.most_agents(), 0.0, list[Shift]()
    for each in scenario.shifts:
        after = before + each.agents * part
        shifts.append(replace(each, agents=floor(after + 0.5) - floor(before + 0.5)))
        before = after
    return replace(scenario, shifts=tuple(shifts))


def makers(agents: int, *, tune: bool) -> Iterator[tuple[str, PolicyMaker]]:
    """Every policy of the table, each baseline at its best setting for that size."""
    for name in OURS:
        yield name, partial(policy_of, name)
    for family, known in FAMILIES.items():
        setting = pacing_grid.best(family, agents) if tune else FOUND[family].get(agents)
        if setting is not None:
            yield f"{family} ({known.named(setting)})", partial(pacing_grid.policy, family, setting)
    for name in AS_THEY_COME:
        yield name, partial(policy_of, name)
    for name, oracle in ORACLES.items():
        yield name, partial(_oracle, oracle)


def _oracle(oracle: type[Predictive], scenario: Scenario) -> Policy:
    return oracle(scenario.abandonment_cap, scenario.connect_within_s, scenario.no_answer_s)


def row(scenario: str, agents: int, results: Results) -> str:
    """A row of the table."""
    return (
        f"| {scenario} | {agents} | {results.policy} | {percent(results.occupancy)} |"
        f" {percent(results.abandonment, 2)} | {100 * results.above_cap:.0f}% of {len(results.tallies)} |"
    )


def side_by_side(found: list[tuple[Wanted, Results]]) -> Iterator[str]:
    """Two tables of what was found: the policies of the base scenario, and the scenarios under ours, by size.

    A cell is occupancy @ abandoned, percent, each with half its 95% interval; behind a stroke how many of its runs
    ended above the cap.
    """
    for title, rows in (
        ("base", [(each.policy.split(" (")[0], each, results) for each, results in found if each.title == "base"]),
        (
            "predictive",
            [
                (each.title, each, results)
                for each, results in found
                if each.policy == "predictive" and each.title != "base"
            ],
        ),
    ):
        cells = {(name, each.agents): results for name, each, results in rows}
        sizes = sorted({agents for _, agents in cells})
        if cells:
            yield f"| {title} | {' | '.join(map(str, sizes))} |"
            yield "|---" * (len(sizes) + 1) + "|"
        for name in dict.fromkeys(name for name, _ in cells):
            yield f"| {name} | {' | '.join(_cell(cells.get((name, agents))) for agents in sizes)} |"


def _cell(results: Results | None) -> str:
    if results is None:
        return ""
    above = round(results.above_cap * len(results.tallies))
    return f"{percent(results.occupancy)} @ {percent(results.abandonment, 2)}, {above}/{len(results.tallies)}"


def asked_for(agents: int, titles: list[str], policies: list[str], *, tune: bool) -> Iterator[Wanted]:
    """Each scenario and policy; ``policies``: how the names of the policies begin; none: all."""
    for title, scenario in scenarios(agents).items():
        if titles and title not in titles:
            continue
        for name, make in makers(agents, tune=tune):
            if not policies or any(name.startswith(each) for each in policies):
                yield Wanted(title, agents, name, scenario, make)


class Timed(Predictive):
    """Keeps how long each decision took that looked ahead, from some time on."""

    def __init__(self, strata: Sequence[str], from_s: float) -> None:
        super().__init__(0.03, 2.0, NO_ANSWER_S)
        self._next_up = tuple(zip(repeat(0.0, MOST_AT_ONCE), cycle(strata), strict=False))
        self._from_s = from_s
        self.took_s: list[float] = []

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now; who is up next is told as in life."""
        told = replace(snapshot, next_up=self._next_up)
        began_s = time.thread_time()
        dials = super().decide(told)
        took_s = time.thread_time() - began_s
        if snapshot.at_s >= self._from_s and self.explain().figures["risk"]:
            self.took_s.append(took_s)
        return dials


def decide_s(agents: int = 300, decisions: int = 1000) -> list[float]:
    """CPU seconds of each decision of ``predictive`` in a run of a team that it has got to know, with three lists
    that differ. One that does not look ahead, as there is nothing to decide, is quicker and left out."""
    lists = tuple(LeadList(f"list {each}", answer_rate=always(0.2 + each / 10)) for each in range(3))
    scenario = replace(base(agents), duration_s=KNOWN_S + 1.3 * decisions, lists=lists)
    policy = Timed([f"{each.name}, 0 h, try 1" for each in lists], KNOWN_S)
    Run(scenario, policy, FIRST_SEED).go()
    return policy.took_s[:decisions]


def timing(took_s: list[float]) -> str:
    """How long a decision takes."""
    mean_ms, p99_ms = 1e3 * sum(took_s) / len(took_s), 1e3 * quantile(took_s, 0.99)
    return f"a decision at 300 agents: {mean_ms:.2f} ms in the mean, {p99_ms:.2f} ms at p99 (aims 0.2 and 2 ms)"


@dataclass(frozen=True, slots=True)
class Figures:
    """The base scenario with 20 agents: ours, and the baseline that is best for that size."""

    ours: Results
    theirs: Results
    decide_s: list[float]


def measure() -> Figures:
    """What ``make bench`` shows of the table, in half a minute."""
    scenario, best = scenarios(FEW_AGENTS)["base"], "VICIdial ADAPT"
    setting = FOUND[best][FEW_AGENTS]
    return Figures(
        ours=replicate("predictive", scenario, partial(policy_of, "predictive"), FEW_RUNS, FIRST_SEED),
        theirs=replicate(best, scenario, partial(pacing_grid.policy, best, setting), FEW_RUNS, FIRST_SEED),
        decide_s=decide_s(),
    )


def report(figures: Figures) -> list[str]:
    """The lines of the table."""
    return [
        f"Pacing in the base scenario, {FEW_AGENTS} agents, {FEW_RUNS} runs each",
        *(
            f"  {each.policy:<22} occupancy {percent(each.occupancy)}%, abandoned {percent(each.abandonment, 2)}%"
            for each in (figures.ours, figures.theirs)
        ),
        f"  {timing(figures.decide_s)}",
    ]


def main(arguments: list[str]) -> None:
    """Write the table."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.pacing")
    reader.add_argument("--agents", default=",".join(map(str, SIZES)))
    reader.add_argument("--scenarios", default="", help="names of files, with commas between; none: all")
    reader.add_argument("--policies", default="", help="how their names begin, with commas between; none: all")
    reader.add_argument("--replications", type=int, default=20)
    reader.add_argument("--tune", action="store_true", help="look for the best settings of the baselines anew")
    reader.add_argument("--keep", type=Path, help="a file of the runs: those in it are not made again")
    reader.add_argument("--kept", action="store_true", help="no further runs: show what is in that file")
    reader.add_argument("--workers", type=int, default=1, help="processes")
    asked = reader.parse_args(arguments)
    titles, policies = ([each for each in text.split(",") if each] for text in (asked.scenarios, asked.policies))
    say("| scenario | agents | policy | occupancy % | abandoned % | runs above the cap |\n|---|---|---|---|---|---|")
    runs, seeds = KeptRuns(asked.keep), range(FIRST_SEED, FIRST_SEED + asked.replications)
    wanted = [
        each
        for agents in map(int, asked.agents.split(","))
        for each in asked_for(agents, titles, policies, tune=asked.tune)
    ]
    found = list[tuple[Wanted, Results]]()
    for each in wanted if asked.kept else complete(runs, wanted, seeds, asked.workers):
        if results := runs.results(each, seeds):
            found.append((each, results))
            say(row(each.title, each.agents, results))
    if found:
        say("")
    for line in side_by_side(found):
        say(line)
    if not asked.kept:
        say(f"\n{timing(decide_s())}")


def say(line: str) -> None:
    """Write it now."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
