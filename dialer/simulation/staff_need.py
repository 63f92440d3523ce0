"""How many agents each interval of a day needs, from what was measured of it, by Erlang's formulas. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from dialer.simulation.closed_forms import erlang_a
from dialer.simulation.staffing import agents_for_abandonment, agents_for_service, answered_within


@dataclass(frozen=True, slots=True)
class Volume:
    """What was measured of an interval of ``length_s``: ``calls``, the mean over its days; ``handling_s``, the mean
    of talk, hold and wrap-up; None: nobody was talked with."""

    label: str
    calls: float
    handling_s: float | None
    length_s: float


@dataclass(frozen=True, slots=True)
class Goal:
    """``share`` of the calls answered within ``within_s``; at most ``abandoned`` of them given up by callers of
    exponential patience with the mean ``patience_s`` (None: of nobody is it known, all wait). ``absent``: the share
    of their time that agents are paid and not there."""

    share: float
    within_s: float
    abandoned: float
    patience_s: float | None
    absent: float = 0.0


@dataclass(frozen=True, slots=True)
class Need:
    """An interval's need. ``load``: erlangs. ``for_service``: agents by Erlang C; ``for_patience``: by Erlang A, None
    where the patience is not known. ``rostered``: the larger of both, with those who are absent. ``level``: the share
    answered in time, and ``occupancy``, with ``for_service`` agents; ``abandoned``: with as many, by Erlang A."""

    label: str
    calls: float
    handling_s: float
    load: float
    for_service: int
    for_patience: int | None
    rostered: int
    level: float
    occupancy: float
    abandoned: float | None


def needs(volumes: Iterable[Volume], goal: Goal) -> list[Need]:
    """The need of each interval. One without a handling time of its own takes that of all calls."""
    measured = list(volumes)
    talked = [(each.calls, each.handling_s) for each in measured if each.handling_s is not None and each.calls]
    calls = sum(count for count, _ in talked)
    usual_s = sum(count * handling_s for count, handling_s in talked) / calls if calls else 0.0
    return [_need(each, usual_s if each.handling_s is None else each.handling_s, goal) for each in measured]


def _need(volume: Volume, handling_s: float, goal: Goal) -> Need:
    rate = volume.calls / volume.length_s
    load = rate * handling_s
    if not load:
        return Need(
            volume.label, volume.calls, handling_s, 0.0, 0, None if goal.patience_s is None else 0, 0, 1, 0, None
        )
    service = agents_for_service(rate, handling_s, goal.share, goal.within_s)
    patience, abandoned = None, None
    if goal.patience_s is not None:
        patience = agents_for_abandonment(rate, handling_s, goal.patience_s, goal.abandoned)
        abandoned = erlang_a(service, rate, handling_s, goal.patience_s)
    return Need(
        label=volume.label,
        calls=volume.calls,
        handling_s=handling_s,
        load=load,
        for_service=service,
        for_patience=patience,
        rostered=ceil(max(service, patience or 0) / (1 - goal.absent)),
        level=answered_within(service, rate, handling_s, goal.within_s),
        occupancy=load / service,
        abandoned=abandoned,
    )
