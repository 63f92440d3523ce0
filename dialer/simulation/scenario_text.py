"""A scenario as the text of its file: what :mod:`dialer.simulation.scenario_file` reads back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from math import isfinite

from dialer.simulation.distributions import Constant, Distribution, Exponential, LogNormal, Measured, Uniform
from dialer.simulation.scenario import Scenario, Steps

KINDS: dict[type, str] = {
    Constant: "constant",
    Uniform: "uniform",
    Exponential: "exponential",
    LogNormal: "lognormal",
    Measured: "measured",
}
PLAIN = (
    *("name", "duration_s", "warm_up_s", "busy_share", "dead_share", "no_answer_s", "lines"),
    *("abandonment_cap", "cap_window_s"),
)
"""What a measured scenario says of itself in one value each."""


def text_of(scenario: Scenario) -> str:
    """The file of a measured scenario: one campaign without lists, outages or inbound callers."""
    return "\n".join([*_plain(scenario), *_shifts(scenario), *_times(scenario)]) + "\n"


def _plain(scenario: Scenario) -> Iterator[str]:
    for key in PLAIN:
        yield f"{key} = {json.dumps(getattr(scenario, key), ensure_ascii=False)}"
    for key in ("answer_rate", "machine_share"):
        yield f"{key} = {_steps(getattr(scenario, key))}"


def _shifts(scenario: Scenario) -> Iterator[str]:
    for shift in scenario.shifts:
        yield from ("", "[[shifts]]", f"agents = {shift.agents}", f"from_s = {shift.from_s}")
        if isfinite(shift.until_s):
            yield f"until_s = {shift.until_s}"


def _times(scenario: Scenario) -> Iterator[str]:
    for key in ("ring", "talk", "wrap_up"):
        distribution: Distribution = getattr(scenario, key)
        yield from ("", f"[{key}]", f'kind = "{KINDS[type(distribution)]}"')
        for field in fields(distribution):  # type: ignore[arg-type]  # each of KINDS is a dataclass
            yield f"{field.name} = {_value(getattr(distribution, field.name))}"


def _steps(steps: Steps) -> str:
    if len(steps.steps) == 1:
        return repr(steps.steps[0][1])
    return _value(steps.steps)


def _value(value: object) -> str:
    return json.dumps(value)
