"""The baselines at their best: each with the setting that talks most within the cap, for a team of that very size.

Nobody has such a setting in life. It is looked for in a grid, on two runs of the base scenario whose seeds count from
1000 (``python -m tests.bench.pacing --tune``); what was found for the sizes of docs/benchmarks.md stands in
:data:`FOUND`, so that the table can be made again without the search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from dialer.pacing import Policy
from dialer.pacing.erlang_b import ErlangB
from dialer.pacing.issabel import Issabel
from dialer.pacing.ratio import PerAgent, PerAvailableAgent
from dialer.pacing.vicidial import Adapt, Limit, Tuning
from dialer.simulation.replications import replicate
from dialer.simulation.scenario import Scenario, base

TUNING_SEED = 1000
TUNING_RUNS, MANY_AGENTS = 2, 100
"""A day of a hundred agents says as much by itself."""
FEW_SETTINGS, LOOK_S = 14, 7200.0

Setting = tuple[float | str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A baseline with settings. ``make``: from a setting and the number of agents, what makes a policy."""

    settings: tuple[Setting, ...]
    make: Callable[[Setting, int], Callable[[float, float, float], Policy]]
    named: Callable[[Setting], str]


def _adapt(setting: Setting, agents: int) -> Callable[[float, float, float], Policy]:
    limit, share, intensity, level = setting
    tuning = Tuning(
        intensity=float(intensity),
        difference_target=-float(share) * agents,
        max_level=float(level),
        available_only=True,
    )
    return partial(Adapt, Limit(limit), tuning=tuning)


FAMILIES = {
    "ratio all": Family(
        tuple((1 + tenth / 10,) for tenth in range(11)),
        lambda setting, _: partial(PerAgent, ratio=float(setting[0])),
        lambda setting: f"{setting[0]:g}",
    ),
    "ratio available": Family(
        tuple((each,) for each in (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 12.0, 18.0, 30.0)),
        lambda setting, _: partial(PerAvailableAgent, ratio=float(setting[0])),
        lambda setting: f"{setting[0]:g}",
    ),
    "VICIdial ADAPT": Family(
        tuple(
            (limit.value, share, intensity, level)
            for limit in Limit
            for share in (0.02, 0.04, 0.06, 0.07, 0.11)
            for intensity in (-75.0, -50.0, 0.0)
            for level in (2.5, 4.0, 8.0)
        ),
        _adapt,
        lambda setting: "{}, target -{} of the agents, intensity {}, level up to {}".format(*setting),
    ),
    "issabel": Family(
        tuple((soon, over) for soon in (0.8, 0.9, 0.95, 0.97, 0.99, 0.997, 1.01) for over in ("yes", "no")),
        lambda setting, _: partial(Issabel, soon=float(setting[0]), over_commit=setting[1] == "yes"),
        lambda setting: "soon at {}, over-commit: {}".format(*setting),
    ),
    "erlang_b": Family(
        tuple((each,) for each in (0.01, 0.015, 0.02, 0.025, 0.03, 0.04)),
        lambda setting, _: partial(ErlangB, blocked=float(setting[0])),
        lambda setting: f"blocked {setting[0]:g}",
    ),
}
"""ADAPT with lines for each agent who is available: with lines for all agents the grid found nothing as good."""

# Of 100 and 300 agents a part of the grid was looked at, and some values between those of the others than ADAPT.
FOUND: dict[str, dict[int, Setting]] = {
    "ratio all": {5: (1.0,), 10: (1.2,), 20: (1.3,), 50: (1.5,), 100: (1.58,), 300: (1.7,)},
    "ratio available": {5: (2.0,), 10: (2.5,), 20: (3.0,), 50: (5.0,), 100: (6.0,), 300: (9.0,)},
    "VICIdial ADAPT": {
        5: ("hard", 0.07, -75.0, 2.5),
        10: ("tapered", 0.02, -75.0, 2.5),
        20: ("hard", 0.07, -75.0, 4.0),
        50: ("hard", 0.06, -75.0, 8.0),
        100: ("hard", 0.04, -75.0, 8.0),
        300: ("hard", 0.02, 0.0, 8.0),
    },
    "issabel": {
        5: (0.8, "no"),
        10: (0.8, "no"),
        20: (0.99, "yes"),
        50: (0.95, "yes"),
        100: (0.87, "yes"),
        300: (0.83, "yes"),
    },
    "erlang_b": {5: (0.03,), 10: (0.03,), 20: (0.025,), 50: (0.025,), 100: (0.0175,), 300: (0.02,)},
}


def policy(family: str, setting: Setting, scenario: Scenario) -> Policy:
    """A new policy of a family at a setting."""
    build = FAMILIES[family].make(setting, scenario.most_agents())
    return build(scenario.abandonment_cap, scenario.connect_within_s, scenario.no_answer_s)


def best(family: str, agents: int) -> Setting:
    """The setting of the grid that talks most within the cap; where none keeps it, the one that abandons least.

    A first look at two hours leaves a sixth of a large grid, which is then looked at for the whole day.
    """
    settings, scenario = list(FAMILIES[family].settings), base(agents)
    if len(settings) > FEW_SETTINGS:
        settings = _ranked(family, settings, replace(scenario, duration_s=LOOK_S), 1)
        settings = settings[: max(FEW_SETTINGS, len(settings) // 6)]
    return _ranked(family, settings, scenario, TUNING_RUNS if agents < MANY_AGENTS else 1)[0]


def _ranked(family: str, settings: list[Setting], scenario: Scenario, runs: int) -> list[Setting]:
    """The best first: those within the cap by occupancy, then the others by what they abandon."""
    cap, rank = scenario.abandonment_cap, dict[Setting, tuple[bool, float]]()
    for each in settings:
        found = replicate(family, scenario, partial(policy, family, each), runs, TUNING_SEED)
        over = found.abandonment.mean > cap
        rank[each] = (over, found.abandonment.mean if over else -found.occupancy.mean)
    return sorted(settings, key=rank.__getitem__)
