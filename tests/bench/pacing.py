"""Pacing policies side by side: the tables of docs/pacing.md.

``python -m tests.bench.pacing base --agents 10,20 --replications 10`` and ``… changes …``; each row is written as
soon as it is done. "tuned" policies get the best setting of a grid for that very team and scenario (found on the
seeds from 1000 on), which nobody has in life.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from dialer.pacing import Policy
from dialer.pacing.ratio import PerAgent, PerAvailableAgent
from dialer.pacing.vicidial import Adapt, Limit, Tuning
from dialer.simulation.comparison import percent
from dialer.simulation.paced import PolicyMaker, policy_of
from dialer.simulation.replications import Results, replicate
from dialer.simulation.scenario import HOUR_S, Outage, Scenario, Shift, Steps, base

TUNING_SEED = 1000

PLAIN = (
    "predictive",
    "progressive",
    "ratio_available",
    "issabel",
    "erlang_b",
    "vicidial_hard_limit",
    "vicidial_average",
    "vicidial_tapered",
)


def _shifts(agents: int) -> tuple[Shift, ...]:
    half = agents // 2
    return (
        Shift(half, breaks=((3.5 * HOUR_S, 4 * HOUR_S),)),
        Shift(agents - half, breaks=((4 * HOUR_S, 4.5 * HOUR_S),)),
    )


def changing(agents: int) -> dict[str, Scenario]:
    """The scenarios in which something changes, by name."""
    usual, noon = base(agents), 4 * HOUR_S
    swings = tuple((index * 1200.0, 0.4 if index % 2 else 0.15) for index in range(24))
    bursts = ((0.0, 0.2), (2 * HOUR_S, 0.8), (2.2 * HOUR_S, 0.2), (5 * HOUR_S, 0.7), (5.2 * HOUR_S, 0.2))
    return {
        "answer rate 40% -> 15%": replace(usual, answer_rate=Steps(((0.0, 0.40), (noon, 0.15)))),
        "answer rate 15% -> 40%": replace(usual, answer_rate=Steps(((0.0, 0.15), (noon, 0.40)))),
        "answer rate 10% -> 60%": replace(usual, answer_rate=Steps(((0.0, 0.10), (noon, 0.60)))),
        "answer rate swings each 20 min": replace(usual, answer_rate=Steps(swings)),
        "lunch in two shifts": replace(usual, shifts=_shifts(agents)),
        "a third leaves at noon": replace(usual, shifts=(Shift(agents - agents // 3), Shift(agents // 3, 0.0, noon))),
        "trunk silent for 10 min": replace(usual, outages=(Outage(noon, noon + 600.0),)),
        "trunk refuses for 10 min": replace(usual, outages=(Outage(noon, noon + 600.0, 1.0, 38),)),
        "bursts of machines": replace(usual, machine_share=Steps(bursts)),
        "cap 1%": replace(usual, abandonment_cap=0.01),
        "cap 0.1%": replace(usual, abandonment_cap=0.001),
    }


@dataclass(frozen=True, slots=True)
class Candidate:
    """One setting of a policy."""

    setting: str
    make: PolicyMaker


def _made(build: Callable[[float, float, float], Policy], scenario: Scenario) -> Policy:
    return build(scenario.abandonment_cap, scenario.connect_within_s, scenario.no_answer_s)


def _ratios(policy: type[PerAgent] | type[PerAvailableAgent], ratios: tuple[float, ...]) -> tuple[Candidate, ...]:
    return tuple(Candidate(f"{ratio:g}", partial(_made, partial(policy, ratio=ratio))) for ratio in ratios)


def _adapts(agents: int) -> Iterator[Candidate]:
    for share in (0.03, 0.06, 0.1, 0.15, 0.25):
        for intensity in (-60.0, -20.0):
            tuning = Tuning(intensity=intensity, difference_target=-share * agents, max_level=6.0)
            name = f"target -{share * agents:.1f}, intensity {intensity:g}"
            yield Candidate(name, partial(_made, partial(Adapt, Limit.HARD, tuning=tuning)))


def tuned(agents: int) -> dict[str, tuple[Candidate, ...]]:
    """The grids."""
    return {
        "ratio all, tuned": _ratios(PerAgent, (1.0, 1.15, 1.3, 1.45, 1.6, 1.8, 2.0)),
        "ratio available, tuned": _ratios(PerAvailableAgent, (1.5, 2.0, 2.4, 2.7, 3.0, 3.3, 3.6)),
        "ADAPT, tuned": tuple(_adapts(agents)),
    }


def best(scenario: Scenario, candidates: tuple[Candidate, ...]) -> Candidate:
    """The one that talks most within the cap; where none keeps it, the one that abandons least."""
    tried = [(each, replicate("", scenario, each.make, 1, TUNING_SEED)) for each in candidates]
    within = [pair for pair in tried if pair[1].abandonment.mean <= scenario.abandonment_cap]
    if not within:
        return min(tried, key=lambda pair: pair[1].abandonment.mean)[0]
    return max(within, key=lambda pair: pair[1].occupancy.mean)[0]


def row(scenario: str, agents: int, results: Results, setting: str = "") -> str:
    """A row of the table; ``setting`` of a tuned policy."""
    name = f"{results.policy} ({setting})" if setting else results.policy
    return (
        f"| {scenario} | {agents} | {name} | {percent(results.occupancy)} | {percent(results.abandonment, 2)} |"
        f" {100 * results.above_cap:.0f}% |"
    )


def rows(
    scenarios: dict[str, Scenario], agents: int, policies: tuple[str, ...], count: int, tune: bool
) -> Iterator[str]:
    """One row for each scenario and policy."""
    for title, scenario in scenarios.items():
        for name in policies:
            yield row(title, agents, replicate(name, scenario, partial(policy_of, name), count))
        for name, candidates in (tuned(agents) if tune else {}).items():
            chosen = best(scenario, candidates)
            yield row(title, agents, replicate(name, scenario, chosen.make, count), chosen.setting)


def main(arguments: list[str]) -> None:
    """Write the table."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.pacing")
    reader.add_argument("which", choices=("base", "changes"))
    reader.add_argument("--agents", default="5,10,20,50,100")
    reader.add_argument("--replications", type=int, default=10)
    reader.add_argument("--policies", default=",".join(PLAIN))
    reader.add_argument("--tuned", action="store_true", help="the ratios and ADAPT by a grid, too")
    chosen = reader.parse_args(arguments)
    sys.stdout.write(
        "| scenario | agents | policy | occupancy % | abandoned % | runs above the cap |\n|---|---|---|---|---|---|\n"
    )
    for agents in (int(each) for each in chosen.agents.split(",")):
        scenarios = {"base": base(agents)} if chosen.which == "base" else changing(agents)
        policies = tuple(each for each in chosen.policies.split(",") if each)
        for line in rows(scenarios, agents, policies, chosen.replications, chosen.tuned):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
