"""From which roll-up, or from which rows, the measures of a figure are added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from calls.records import lead_totals, raw_cubes, totals
from calls.records.totals import Cube
from calls.reports import adherence, dialled_leads, pace, percentiles
from calls.reports.definitions import SOLD, Definition, Source
from calls.reports.question import COLUMNS, Dimension, Question

STATES = ("ready", "reserved", "talking", "wrap_up", "paused", "logged_out")

TIME = Cube(
    table="agent_time_totals",
    source="",
    at="",
    wanted="1",
    keys={"quarter": "quarter", "agent_id": "agent_id", "reason": "reason"},
    measures={state: f"CASE state WHEN '{state}' THEN seconds ELSE 0.0 END" for state in STATES},
)
NODES = Cube(
    table="node_totals",
    source="",
    at="",
    wanted="1",
    keys={name: name for name in ("quarter", "flow", "flow_version", "node")},
    measures={
        name: name
        for name in (
            *("entries", "took_s", "noinput", "nomatch", "retries", "drops", "choices", "by_keys", "by_speech"),
            *("zero_outs", "confidence", "confidences"),
        )
    },
)
CUBES: Mapping[Source, tuple[Cube, ...]] = {
    Source.CALLS: (totals.CALLS, totals.AGENTS, raw_cubes.FLOWS),
    Source.ATTEMPTS: (totals.ATTEMPTS,),
    Source.TIME: (TIME,),
    Source.NODES: (NODES,),
    Source.ENDINGS: (totals.ENDINGS,),
    Source.CALLBACKS: (raw_cubes.CALLBACKS,),
    Source.LEADS: (lead_totals.LEADS,),
    Source.ROLL: (lead_totals.ROLL,),
    Source.REVIEWS: (raw_cubes.REVIEWS,),
    Source.SURVEYS: (raw_cubes.SURVEYS,),
    Source.DIALLED_LEADS: (dialled_leads.LEADS,),
    Source.SHIFTS: (adherence.SHIFTS,),
    Source.MESSAGES: (raw_cubes.MESSAGES,),
    Source.MACHINES: (raw_cubes.MACHINES,),
    Source.CALLERS_WAITS: (percentiles.CALLERS.cube,),
    Source.CONNECTS: (percentiles.CONNECTS.cube,),
    Source.AGENTS_WAITS: (percentiles.AGENTS.cube, percentiles.TALKS.cube),
    Source.DIALLED_WAITS: (percentiles.DIALLED.cube,),
    Source.PACE: (pace.PACE,),
    Source.PACE_SHARED: (pace.SHARED,),
}
"""Where several have what is asked for, the first one is the smallest."""

STAND_INS: Mapping[str, str] = {"within": "offered", "short": "offered", "dialled": "switch"}
"""Measures that are none of a roll-up's own, and the measure or key that it must have for them."""

SALES: Mapping[Source, Cube] = {
    Source.CALLS: raw_cubes.SALES,
    Source.ATTEMPTS: raw_cubes.ATTEMPTED_SALES,
}
"""What the money of a figure is added up from, by what the rest of it is."""


def is_counted_by(definition: Definition, dimensions: Iterable[Dimension]) -> bool:
    """Whether a figure can be asked by these: an agent has no service level."""
    return _with(definition, {COLUMNS[each] for each in dimensions if each in COLUMNS}) is not None


def lacking(definition: Definition, question: Question) -> frozenset[Dimension]:
    """Of what is asked by, dimensions and filters, that by which a figure is not counted; where it is by each of them
    alone and by all of them together not, all."""
    single = frozenset(each for each in question.wanted if not is_counted_by(definition, (each,)))
    return single or question.wanted


def cube_of(definition: Definition, question: Question) -> Cube | None:
    """Where the measures are; None: the figure cannot be asked so."""
    return _with(definition, {COLUMNS[each] for each in question.wanted})


def _with(definition: Definition, columns: set[str]) -> Cube | None:
    if definition.money and not columns <= SALES[definition.source].keys.keys():
        return None
    for cube in CUBES[definition.source]:
        known = cube.keys.keys() | cube.measures.keys()
        own = cube.measures.keys() | {name for name, base in STAND_INS.items() if base in known}
        if columns <= cube.keys.keys() and definition.measures - {SOLD} <= own:
            return cube
    return None


def table_of(definition: Definition, question: Question) -> str:
    """The name of the table of that cube; "" where there is none."""
    cube = cube_of(definition, question)
    return "" if cube is None else cube.table
