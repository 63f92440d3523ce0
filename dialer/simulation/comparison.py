"""Policies side by side in one scenario: what ``callwright dialer simulate`` shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from calls.errors import ScenarioError
from dialer.simulation.paced import paces, policy_of
from dialer.simulation.replications import Interval, Results, difference, replicate
from dialer.simulation.scenario import Scenario
from dialer.simulation.scenario_file import load


@dataclass(frozen=True, slots=True)
class Comparison:
    """The results of each policy, in the order they were asked for; all with the same seeds."""

    scenario: Scenario
    replications: int
    results: tuple[Results, ...]

    def table(self) -> str:
        """For people: occupancy and abandonment in percent, each with half its 95% interval."""
        agents = self.scenario.most_agents()
        title = f"{self.scenario.name}: {agents} agents, {self.scenario.duration_s / 3600:g} h,"
        cap = f"cap {100 * self.scenario.abandonment_cap:g}%, {self.replications} replications"
        head = (
            f"{'policy':<22}{'occupancy %':>15}{'abandoned %':>15}{'above cap':>11}{'talk min/h':>12}{'less 1st':>15}"
        )
        return "\n".join([f"{title} {cap}", head, *(self._row(each) for each in self.results)])

    def _row(self, each: Results) -> str:
        gain = "" if each is self.results[0] else percent(difference(each, self.results[0]))
        return (
            f"{each.policy:<22}{percent(each.occupancy):>15}{percent(each.abandonment, 2):>15}"
            f"{100 * each.above_cap:>10.0f}%{each.talk_min_per_hour.mean:>12.1f}{gain:>15}"
        )

    def as_json(self) -> dict[str, object]:
        """For programs: shares from 0 to 1; an interval that one replication cannot give is null."""
        return {
            "scenario": self.scenario.name,
            "agents": self.scenario.most_agents(),
            "duration_s": self.scenario.duration_s,
            "abandonment_cap": self.scenario.abandonment_cap,
            "replications": self.replications,
            "policies": [_as_json(each) for each in self.results],
        }


def _as_json(each: Results) -> dict[str, object]:
    return {
        "policy": each.policy,
        "occupancy": _interval(each.occupancy),
        "abandonment": _interval(each.abandonment),
        "talk_min_per_hour": _interval(each.talk_min_per_hour),
        "above_cap": each.above_cap,
        "replications": [
            {
                "occupancy": tally.occupancy,
                "answers": tally.answers,
                "abandoned": tally.abandoned,
                "dials": tally.dials,
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


def compare(scenario: Scenario, policies: Sequence[str], replications: int) -> Comparison:
    """Each policy in the same replications of ``scenario``.

    Raises:
        ScenarioError: no such policy, one asked for twice, or none.
    """
    paces(list(policies))
    if replications < 1:
        raise ScenarioError(f"{replications} replications: expected 1 or more")
    return Comparison(
        scenario,
        replications,
        tuple(replicate(name, scenario, partial(policy_of, name), replications) for name in policies),
    )


def simulate(path: Path, policies: Sequence[str], replications: int) -> Comparison:
    """What ``callwright dialer simulate`` does: the policies in the scenario of a file.

    Raises:
        ScenarioError: names what is wrong with the file or the arguments.
    """
    return compare(load(path), policies, replications)
