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
    [[lists]]
    name = "old"
    answer_rate = 0.1
    [[campaigns]]                               # shares the agents; what it leaves out is as above
    name = "winter"
    weight = 20

What a file leaves out is as in :class:`dialer.simulation.scenario.Scenario`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypeVar, assert_never

from pydantic import Field

from calls.errors import ScenarioError
from calls.parts import Count, Flag, Part
from calls.toml_file import Document, Place, checked, read
from dialer.simulation.distributions import Constant, Distribution, Exponential, LogNormal, Measured, Uniform
from dialer.simulation.scenario import Inbound, LeadList, Outage, Scenario, Shift, Steps, always

T = TypeVar("T")


Seconds = Annotated[float, Field(ge=0, le=1e6, description="seconds, 0 to 1000000")]
Share = Annotated[float, Field(ge=0, le=1, description="a share, 0 to 1")]
Agents = Annotated[int, Field(ge=0, le=10_000, description="a whole number, 0 to 10000")]
LegalWindow = Annotated[
    float, Field(ge=3600, le=366 * 86_400, description="seconds, 3600 to 31622400: 86400 for a law that counts a day")
]
Title = Annotated[str, Field(min_length=1, max_length=100, description="1 to 100 characters, in quotes")]
Cause = Annotated[int, Field(ge=1, le=127, description="a cause of Q.850, 1 to 127")]
Shares = Annotated[
    float | tuple[tuple[float, float], ...],
    Field(description="a share, or a list of pairs [from_s, share], the first from 0"),
]
Figures = Annotated[
    float | tuple[tuple[float, float], ...],
    Field(description="a number, or a list of pairs [from_s, number], the first from 0"),
]
Weight = Annotated[int, Field(ge=1, le=100, description="a whole number, 1 to 100")]
Tries = Annotated[int, Field(ge=1, le=50, description="a whole number, 1 to 50")]
Leads = Annotated[int, Field(ge=0, le=100_000_000, description="a whole number, 0 or more")]
Factor = Annotated[float, Field(ge=0, le=100, description="a factor, 0 to 100")]
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
    announced: Flag = False


class OutagePart(Part):
    """``[[outages]]``: the trunk reaches nobody."""

    from_s: Seconds
    until_s: Seconds
    fails_after_s: Seconds | None = None
    cause: Cause | None = None


class ListPart(Part):
    """``[[lists]]``: leads that are answered alike."""

    name: Title
    weight: Weight = 1
    leads: Leads | None = None
    answer_rate: Shares | None = None


class InboundPart(Part):
    """``[inbound]``: callers who want the same agents."""

    calls_per_hour: Figures
    talk: Times | None = None
    patience: Times | None = None


class CallsPart(Part):
    """What may differ between the campaigns of a scenario."""

    name: Title | None = None
    weight: Weight | None = None
    answer_rate: Shares | None = None
    machine_share: Shares | None = None
    busy_share: Share | None = None
    busy_after_s: Seconds | None = None
    dead_share: Share | None = None
    dead_after_s: Seconds | None = None
    lists: Annotated[tuple[ListPart, ...], Field(description="a table for each list")] = ()
    by_try: Annotated[tuple[Factor, ...] | None, Field(description="a list of factors, one at least")] = None
    tries: Tries | None = None
    retry_after_s: Seconds | None = None
    ring: Times | None = None
    talk: Times | None = None
    wrap_up: Times | None = None
    patience: Times | None = None
    message_s: Seconds | None = None
    detection_s: Seconds | None = None
    detection: Times | None = None
    machines_missed: Share | None = None
    missed_talk_s: Seconds | None = None
    persons_missed: Share | None = None
    no_answer_s: Seconds | None = None
    lines: Count | None = None
    outages: Annotated[tuple[OutagePart, ...], Field(description="a table for each outage")] = ()
    abandonment_cap: Share | None = None
    cap_window_s: LegalWindow | None = None


class ScenarioFile(CallsPart):
    """What a scenario's file says."""

    shifts: Annotated[tuple[ShiftPart, ...], Field(description="a table for each shift, one at least")]
    duration_s: Seconds | None = None
    warm_up_s: Seconds | None = None
    calls_per_second: Count | None = None
    connect_within_s: Seconds | None = None
    sees_wrap_up: Flag | None = None
    inbound: Annotated[InboundPart | None, Field(description="a table with calls_per_hour")] = None
    campaigns: Annotated[tuple[CallsPart, ...], Field(description="a table for each further campaign")] = ()
    store_s: Seconds | None = None
    bridge_s: Seconds | None = None


TIMES = ("ring", "talk", "wrap_up", "patience", "detection")
SHARES = ("answer_rate", "machine_share")
LISTS = ("shifts", "outages", "lists", "campaigns", "inbound")


SHIPPED = Path(__file__).parent / "scenarios"
"""Scenarios that come with the product, by the names of their files."""


def shipped() -> dict[str, str]:
    """The scenarios that come with the product: by name, what each shows."""
    first_lines = {path.stem: path.read_text(encoding="utf-8").partition("\n")[0] for path in SHIPPED.glob("*.toml")}
    return {name: first_lines[name].removeprefix("# ") for name in sorted(first_lines)}


def find(named: str) -> Scenario:
    """The scenario in the file of that name, or that comes with the product under it.

    Raises:
        ScenarioError: there is neither, or it names file, line and key, and what was expected.
    """
    path = Path(named)
    if path.is_file():
        return load(path)
    if named in shipped():
        return load(SHIPPED / f"{named}.toml")
    raise ScenarioError(f"no file {named}, and no scenario of that name: there are {', '.join(shipped())}")


def load(path: Path) -> Scenario:
    """The scenario in ``path``; without a name of its own it has the file's.

    Raises:
        ScenarioError: names file, line and key, and what was expected.
    """
    document = read(path, ScenarioError)
    file = checked(ScenarioFile, document, ScenarioError)
    if not file.shifts:
        raise ScenarioError("expected one shift or more", document.where(("shifts",)))
    values = {"name": path.stem, **_calls(document, (), file)}
    beside = [
        _made(document, ("campaigns", index), partial(_beside, document, index, part, values))
        for index, part in enumerate(file.campaigns)
    ]
    names = [str(values["name"]), *(each.name for each in beside)]
    for index, each in enumerate(beside):
        if names.index(each.name) <= index:
            raise ScenarioError("expected another name for each campaign", document.where(("campaigns", index)))
    values["shifts"] = tuple(
        _made(document, ("shifts", index), partial(_shift, part)) for index, part in enumerate(file.shifts)
    )
    if file.inbound is not None:
        values["inbound"] = _made(document, ("inbound",), partial(_inbound, file.inbound))
    return _made(document, (), lambda: Scenario(**values, beside=tuple(beside)))  # type: ignore[arg-type]


def _calls(document: Document, place: Place, part: CallsPart) -> dict[str, object]:
    """The values of a scenario that the file, or a table of ``[[campaigns]]``, names."""
    values: dict[str, object] = part.model_dump(exclude_none=True, exclude={*TIMES, *SHARES, *LISTS})
    for key in TIMES:
        times: AnyPart | None = getattr(part, key)
        if times is not None:
            values[key] = _made(document, (*place, key), partial(_distribution, times))
    for key in SHARES:
        shares: float | tuple[tuple[float, float], ...] | None = getattr(part, key)
        if shares is not None:
            values[key] = _made(document, (*place, key), partial(_shares, shares))
    if part.outages:
        values["outages"] = tuple(
            _made(document, (*place, "outages", index), partial(_outage, each))
            for index, each in enumerate(part.outages)
        )
    if part.lists:
        values["lists"] = tuple(
            _made(document, (*place, "lists", index), partial(_list, each)) for index, each in enumerate(part.lists)
        )
    return values


def _beside(document: Document, index: int, part: CallsPart, above: Mapping[str, object]) -> Scenario:
    """A further campaign: as the file says above, but for what it says itself."""
    own = _calls(document, ("campaigns", index), part)
    values = {**above, "name": f"campaign {index + 2}", **own}
    return Scenario(**{key: value for key, value in values.items() if key in CallsPart.model_fields}, shifts=())  # type: ignore[arg-type]


def _made(document: Document, place: Place, make: Callable[[], T]) -> T:
    """What ``make`` makes; its ValueError is a fault of ``place``."""
    try:
        return make()
    except ValueError as problem:
        raise ScenarioError(str(problem), document.where(place)) from problem


def _steps(figures: float | tuple[tuple[float, float], ...]) -> Steps:
    return Steps(figures) if isinstance(figures, tuple) else always(figures)


def _shares(shares: float | tuple[tuple[float, float], ...]) -> Steps:
    steps = _steps(shares)
    if not all(0 <= share <= 1 for _, share in steps.steps):
        raise ValueError("expected shares from 0 to 1")
    return steps


def _shift(part: ShiftPart) -> Shift:
    until_s = float("inf") if part.until_s is None else part.until_s
    return Shift(part.agents, part.from_s, until_s, part.breaks, part.announced)


def _outage(part: OutagePart) -> Outage:
    return Outage(**part.model_dump())


def _list(part: ListPart) -> LeadList:
    rate = None if part.answer_rate is None else _shares(part.answer_rate)
    return LeadList(part.name, part.weight, part.leads, rate)


def _inbound(part: InboundPart) -> Inbound:
    rates = _steps(part.calls_per_hour)
    if not all(rate >= 0 for _, rate in rates.steps):
        raise ValueError("calls_per_hour: expected 0 or more")
    named = {key: getattr(part, key) for key in ("talk", "patience")}
    return Inbound(rates, **{key: _distribution(times) for key, times in named.items() if times is not None})


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
