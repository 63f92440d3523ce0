"""Policies side by side in one scenario: what ``callwright dialer simulate`` shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from calls.errors import ScenarioError
from dialer.simulation.paced import paces
from dialer.simulation.replications import Interval, Results, Task, difference, shared
from dialer.simulation.scenario import Scenario
from dialer.simulation.scenario_file import find
from dialer.simulation.tally import WAIT_EDGES_S
from dialer.windows import in_words


@dataclass(frozen=True, slots=True)
class Comparison:
    """The results of each policy, in the order they were asked for; all with the same seeds."""

    scenario: Scenario
    replications: int
    results: tuple[Results, ...]
    core: bool = False
    """Through the dialer's core; else the policy alone."""

    @property
    def title(self) -> str:
        """What was simulated."""
        through = ", through the dialer's core" if self.core else ""
        runs = "1 replication" if self.replications == 1 else f"{self.replications} replications"
        cap = f"cap {100 * self.scenario.abandonment_cap:g}% in {_in_words(self.scenario)}"
        return (
            f"{self.scenario.name}: {self.scenario.most_agents()} agents, {self.scenario.duration_s / 3600:g} h,"
            f" {cap}, {runs}{through}"
        )

    def table(self) -> str:
        """For people: occupancy and abandonment in percent, each with half its 95% interval; below each policy the
        campaigns, where several share the agents."""
        head = (
            f"{'policy':<22}{'occupancy %':>15}{'abandoned %':>15}{'above cap':>11}{'talk min/h':>12}{'wait s':>14}"
            f"{'against 1st':>15}"
        )
        rows = (row for each in self.results for row in (self._row(each), *map(_part, each.campaigns)))
        return "\n".join([self.title, head, *rows])

    def _row(self, each: Results) -> str:
        gain = "" if each is self.results[0] else percent(difference(each, self.results[0]))
        return f"{_cells(each.policy, each)}{seconds(each.wait_s):>14}{gain:>15}"

    def as_json(self) -> dict[str, object]:
        """For programs: shares from 0 to 1; an interval that one replication cannot give is null."""
        return {
            "scenario": self.scenario.name,
            "agents": self.scenario.most_agents(),
            "duration_s": self.scenario.duration_s,
            "abandonment_cap": self.scenario.abandonment_cap,
            "cap_window_s": self.scenario.cap_window_s,
            "replications": self.replications,
            "through_core": self.core,
            "wait_edges_s": list(WAIT_EDGES_S),
            "policies": [_as_json(each) for each in self.results],
        }


def _in_words(scenario: Scenario) -> str:
    return in_words(timedelta(seconds=scenario.cap_window_s))


def _part(each: Results) -> str:
    """A campaign's row below that of its policy."""
    return _cells(f"  {each.policy}", each)


def _cells(name: str, each: Results) -> str:
    return (
        f"{name:<22}{percent(each.occupancy):>15}{percent(each.abandonment, 2):>15}"
        f"{100 * each.above_cap:>10.0f}%{each.talk_min_per_hour.mean:>12.1f}"
    )


def _as_json(each: Results) -> dict[str, object]:
    return {
        "policy": each.policy,
        "occupancy": _interval(each.occupancy),
        "abandonment": _interval(each.abandonment),
        "talk_min_per_hour": _interval(each.talk_min_per_hour),
        "wait_s": _interval(each.wait_s),
        "above_cap": each.above_cap,
        "campaigns": [
            {
                "campaign": part.policy,
                "abandonment_cap": part.scenario.abandonment_cap,
                "cap_window_s": part.scenario.cap_window_s,
                "occupancy": _interval(part.occupancy),
                "abandonment": _interval(part.abandonment),
                "talk_min_per_hour": _interval(part.talk_min_per_hour),
                "above_cap": part.above_cap,
            }
            for part in each.campaigns
        ],
        "replications": [
            {
                "occupancy": tally.occupancy,
                "answers": tally.answers,
                "abandoned": tally.abandoned,
                "dials": tally.dials,
                "waits": tally.waits,
                "campaigns": {
                    name: {"answers": part.answers, "abandoned": part.abandoned, "talking_s": part.talking_s}
                    for name, part in tally.parts.items()
                },
            }
            for tally in each.tallies
        ],
    }


def _interval(each: Interval) -> dict[str, float | None]:
    return {"mean": each.mean, "half_width_95": each.half if math.isfinite(each.half) else None}


def percent(each: Interval, digits: int = 1) -> str:
    """``87.7 ±0.3``: percent; without the second figure where one replication cannot give it."""
    half = f" ±{100 * each.half:.{digits}f}" if math.isfinite(each.half) else ""
    return f"{100 * each.mean:.{digits}f}{half}"


def seconds(each: Interval) -> str:
    """``12.3 ±0.4``: as :func:`percent`, of seconds."""
    half = f" ±{each.half:.1f}" if math.isfinite(each.half) else ""
    return f"{each.mean:.1f}{half}"


def compare(
    scenario: Scenario, policies: Sequence[str], replications: int, *, core: bool = False, workers: int = 1
) -> Comparison:
    """Each policy in the same replications of ``scenario``; through the core where asked for, or where the scenario
    or a policy needs it. ``workers``: processes.

    Raises:
        ScenarioError: no such policy, one asked for twice, or none; or an oracle, where the core is needed.
    """
    chosen = paces(list(policies))
    if replications < 1:
        raise ScenarioError(f"{replications} replications: expected 1 or more")
    core = core or scenario.needs_core or any(each.needs_core for each in chosen)
    if core and (oracles := [each.name for each in chosen if each.foresees]):
        raise ScenarioError(
            f"policy {oracles[0]}: sees what is to come on the fast path only, and this runs the core"
        )
    tasks = [Task(scenario, pace, seed, core) for pace in chosen for seed in range(replications)]
    found = list(shared(tasks, workers))
    results = tuple(
        Results(pace.name, scenario, tuple(found[index * replications : (index + 1) * replications]))
        for index, pace in enumerate(chosen)
    )
    return Comparison(scenario, replications, results, core)


def simulate(
    named: str, policies: Sequence[str], replications: int, *, core: bool = False, workers: int = 1
) -> Comparison:
    """What ``callwright dialer simulate`` does: the policies in the scenario of a file, or in one that
    comes with the product.

    Raises:
        ScenarioError: names what is wrong with the file or the arguments.
    """
    return compare(find(named), policies, replications, core=core, workers=workers)
