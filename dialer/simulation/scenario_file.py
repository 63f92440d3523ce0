"""Scenarios in TOML files. Faults are named by file, line and key.

::

    name = "Tuesday"
    answer_rate = [[0, 0.40], [14400, 0.15]]    # from second 0, from second 14400; or one number
    [[shifts]]
    agents = 20
    breaks = [[12600, 14400]]
    [talk]
    kind = "lognormal"
    mean_s = 90
    sd_s = 90

What a file leaves out is as in :class:`dialer.simulation.scenario.Scenario`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar, assert_never

from pydantic import Field

from calls.errors import ScenarioError
from calls.parts import Count, Flag, Part
from calls.toml_file import Document, Place, checked, read
from dialer.simulation.distributions import Constant, Distribution, Exponential, LogNormal, Measured, Uniform
from dialer.simulation.scenario import Outage, Scenario, Shift, Steps, always

T = TypeVar("T")


Seconds = Annotated[float, Field(ge=0, le=1e6, description="seconds, 0 to 1000000")]
Share = Annotated[float, Field(ge=0, le=1, description="a share, 0 to 1")]
Agents = Annotated[int, Field(ge=0, le=10_000, description="a whole number, 0 to 10000")]
Title = Annotated[str, Field(min_length=1, max_length=100, description="1 to 100 characters, in quotes")]
Cause = Annotated[int, Field(ge=1, le=127, description="a cause of Q.850, 1 to 127")]
Shares = Annotated[
    float | tuple[tuple[float, float], ...],
    Field(description="a share, or a list of pairs [from_s, share], the first from 0"),
]
Breaks = Annotated[tuple[tuple[Seconds, Seconds], ...], Field(description="a list of pairs [from_s, until_s]")]


class ConstantPart(Part):
    """``kind = "constant"``."""

    kind: Literal["constant"]
    value_s: Seconds


class UniformPart(Part):
    """``kind = "uniform"``."""

    kind: Literal["uniform"]
    low_s: Seconds
    high_s: Seconds


class ExponentialPart(Part):
    """``kind = "exponential"``."""

    kind: Literal["exponential"]
    mean_s: Seconds


class LogNormalPart(Part):
    """``kind = "lognormal"``."""

    kind: Literal["lognormal"]
    mean_s: Seconds
    sd_s: Seconds


class MeasuredPart(Part):
    """``kind = "measured"``."""

    kind: Literal["measured"]
    values_s: Annotated[tuple[Seconds, ...], Field(description="a list of seconds, one at least")]


AnyPart = ConstantPart | UniformPart | ExponentialPart | LogNormalPart | MeasuredPart
Times = Annotated[
    AnyPart,
    Field(
        discriminator="kind", description="a table with kind: constant, uniform, exponential, lognormal or measured"
    ),
]


class ShiftPart(Part):
    """``[[shifts]]``: people who come and go together."""

    agents: Agents
    from_s: Seconds = 0.0
    until_s: Seconds | None = None
    breaks: Breaks = ()


class OutagePart(Part):
    """``[[outages]]``: the trunk reaches nobody."""

    from_s: Seconds
    until_s: Seconds
    fails_after_s: Seconds | None = None
    cause: Cause | None = None


class ScenarioFile(Part):
    """What a scenario's file says."""

    shifts: Annotated[tuple[ShiftPart, ...], Field(description="a table for each shift, one at least")]
    name: Title | None = None
    duration_s: Seconds | None = None
    warm_up_s: Seconds | None = None
    answer_rate: Shares | None = None
    machine_share: Shares | None = None
    busy_share: Share | None = None
    busy_after_s: Seconds | None = None
    ring: Times | None = None
    talk: Times | None = None
    wrap_up: Times | None = None
    patience: Times | None = None
    message_s: Seconds | None = None
    detection_s: Seconds | None = None
    no_answer_s: Seconds | None = None
    lines: Count | None = None
    calls_per_second: Count | None = None
    outages: Annotated[tuple[OutagePart, ...], Field(description="a table for each outage")] = ()
    abandonment_cap: Share | None = None
    connect_within_s: Seconds | None = None
    sees_wrap_up: Flag | None = None


TIMES = ("ring", "talk", "wrap_up", "patience")
SHARES = ("answer_rate", "machine_share")
LISTS = ("shifts", "outages")


def load(path: Path) -> Scenario:
    """The scenario in ``path``; without a name of its own it has the file's.

    Raises:
        ScenarioError: names file, line and key, and what was expected.
    """
    document = read(path, ScenarioError)
    file = checked(ScenarioFile, document, ScenarioError)
    if not file.shifts:
        raise ScenarioError("expected one shift or more", document.where(("shifts",)))
    plain = file.model_dump(exclude_none=True, exclude={*TIMES, *SHARES, *LISTS})
    values: dict[str, object] = {"name": path.stem, **plain}
    for key in TIMES:
        times: AnyPart | None = getattr(file, key)
        if times is not None:
            values[key] = _made(document, (key,), lambda times=times: _distribution(times))  # type: ignore[misc]
    for key in SHARES:
        shares: float | tuple[tuple[float, float], ...] | None = getattr(file, key)
        if shares is not None:
            values[key] = _made(document, (key,), lambda shares=shares: _steps(shares))  # type: ignore[misc]
    values["shifts"] = tuple(
        _made(document, ("shifts", index), lambda part=part: _shift(part))  # type: ignore[misc]
        for index, part in enumerate(file.shifts)
    )
    values["outages"] = tuple(
        _made(document, ("outages", index), lambda part=part: Outage(**part.model_dump()))  # type: ignore[misc]
        for index, part in enumerate(file.outages)
    )
    return _made(document, (), lambda: Scenario(**values))  # type: ignore[arg-type]


def _made(document: Document, place: Place, make: Callable[[], T]) -> T:
    """What ``make`` makes; its ValueError is a fault of ``place``."""
    try:
        return make()
    except ValueError as problem:
        raise ScenarioError(str(problem), document.where(place)) from problem


def _steps(shares: float | tuple[tuple[float, float], ...]) -> Steps:
    steps = Steps(shares) if isinstance(shares, tuple) else always(shares)
    if not all(0 <= share <= 1 for _, share in steps.steps):
        raise ValueError("expected shares from 0 to 1")
    return steps


def _shift(part: ShiftPart) -> Shift:
    until_s = float("inf") if part.until_s is None else part.until_s
    return Shift(part.agents, part.from_s, until_s, part.breaks)


def _distribution(part: AnyPart) -> Distribution:
    match part:
        case ConstantPart():
            return Constant(part.value_s)
        case UniformPart():
            return Uniform(part.low_s, part.high_s)
        case ExponentialPart():
            return Exponential(part.mean_s)
        case LogNormalPart():
            return LogNormal(part.mean_s, part.sd_s)
        case MeasuredPart():
            return Measured(part.values_s)
        case _:
            assert_never(part)
