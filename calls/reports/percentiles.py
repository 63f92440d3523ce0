"""Means and percentiles of single times, a caller's wait say: how many there were of each length.

A percentile cannot be added up from those of shorter times: the rows of the time are looked at each time, by indexes
that hold nothing else. It is by nearest rank: of ``n`` times the one at the place ``ceil(0.95 n)``, the shortest
first. As tenths keep the order, it is the same as of the times themselves, told to a tenth.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from math import ceil

from calls.records.times import as_text
from calls.records.totals import QUARTER_S, Cube, quarter, quarter_at
from calls.reports.filtering import where
from calls.reports.question import COLUMNS, TIMES, Key, Question
from calls.reports.slots import labels, same_offset, slot

P95 = 0.95
TENTHS = 10

Length = tuple[int, int, float]
"""Tenths of a second, how many times were so long, and their sum in seconds."""


@dataclass(frozen=True, slots=True)
class Spread:
    """``value``: the seconds, an expression over a row of the cube. ``name``: of the measure that counts the rows;
    with ``_s`` behind it stands their sum, and with ``_p95`` the percentile."""

    cube: Cube
    value: str
    name: str


def _spread(name: str, value: str, source: str, at: str, wanted: str, keys: dict[str, str], table: str) -> Spread:
    """Its measures are no sums over rows: the cube says only by what they can be asked."""
    measures = dict.fromkeys((name, f"{name}_s", f"{name}_p95"), "")
    cube = Cube(table, source, at, wanted, {"quarter": quarter(at), **keys}, measures, rolled_up=False)
    return Spread(cube, value, name)


CALLERS = _spread(
    "waits",
    "c.wait_s",
    "calls AS c",
    "c.started_at",
    "c.direction = 'inbound' AND c.agent_id IS NOT NULL AND c.wait_s IS NOT NULL",
    {
        "direction": "'inbound'",
        "queue": "coalesce(c.queue, '')",
        "campaign_id": "coalesce(c.campaign_id, '')",
        "flow": "coalesce(c.flow, '')",
        "agent_id": "c.agent_id",
        "switch": "c.switch",
    },
    "waits_of_callers",
)

CONNECTS = _spread(
    "connects",
    "a.connected_after_s",
    "attempts AS a",
    "a.intended_at",
    "NOT a.unsent AND a.connected_after_s IS NOT NULL",
    {
        "direction": "'outbound'",
        "queue": "coalesce(a.connected_queue, '')",
        "campaign_id": "a.campaign_id",
        "list_id": "coalesce(a.list_id, '')",
        "agent_id": "a.connected_agent",
    },
    "times_to_connect",
)

_WAITED = "s.waited_s IS NOT NULL"

AGENTS = _spread(
    "agent_waits", "s.waited_s", "agent_states AS s", "s.since_at", _WAITED, {"agent_id": "s.agent_id"}, "agent_waits"
)
TALKS = _spread(
    "agent_waits",
    "s.waited_s",
    "agent_states AS s",
    "s.since_at",
    _WAITED,
    {
        "agent_id": "s.agent_id",
        "direction": "coalesce(s.call_direction, '')",
        "queue": "coalesce(s.call_queue, '')",
        "campaign_id": "coalesce(s.call_campaign, '')",
    },
    "agent_waits_of_calls",
)
DIALLED = _spread(
    "dialled_waits",
    "s.waited_s",
    "agent_states AS s",
    "s.since_at",
    f"{_WAITED} AND s.dialled_campaign IS NOT NULL",
    {"campaign_id": "s.dialled_campaign", "list_id": "coalesce(s.dialled_list, '')"},
    "agent_waits_of_attempts",
)

SPREADS = {each.cube.table: each for each in (CALLERS, CONNECTS, AGENTS, TALKS, DIALLED)}
"""By the name of the cube."""


def place(count: int, share: float = P95) -> int:
    """Which of ``count`` times is the percentile, the shortest being the first; 0 of none."""
    return ceil(round(share * count, 9))


def count(connection: sqlite3.Connection, spread: Spread, question: Question) -> dict[Key, dict[str, float]]:
    """How many, their sum in seconds and their 95th percentile, by the values of the dimensions."""
    cube = spread.cube
    others = [cube.keys[COLUMNS[each]] for each in question.by if each not in TIMES]
    names = [f"k{number}" for number in range(len(others))]
    inner = [
        f"{cube.keys['quarter']} AS quarter",
        *(f"{each} AS {as_}" for each, as_ in zip(others, names, strict=True)),
    ]
    of, values = where({each: cube.keys[COLUMNS[each]] for each in question.filters}, question)
    label = labels(question.times, question.zone)
    found: dict[Key, list[Length]] = {}
    first, last = int(question.begin.timestamp() // QUARTER_S), ceil(question.end.timestamp() / QUARTER_S)
    for begin, end in same_offset(question, first, last):
        grouped = ", ".join(str(number + 1) for number in range(len(names) + 2))
        columns = ", ".join([slot(question, begin), *names, f"CAST(round(v * {TENTHS}) AS INTEGER)"])
        span = max(question.begin, quarter_at(begin)), min(question.end, quarter_at(end))
        before: tuple[object, ...] = ()
        cursor = connection.cursor()
        cursor.row_factory = None
        lengths: list[Length] = []
        for row in cursor.execute(
            f"SELECT {columns}, count(*), sum(v) FROM (SELECT {', '.join(inner)}, {spread.value} AS v"
            f" FROM {cube.source} WHERE {cube.wanted} AND {cube.at} >= :begin AND {cube.at} < :end{of})"
            f" GROUP BY {grouped}",
            values | {"begin": as_text(span[0]), "end": as_text(span[1])},
        ):
            if row[:-3] != before:  # those that are alike follow one another
                before = number, *own = row[:-3]
                times, rest = iter(label(number)) if question.times else iter(()), iter(own)
                key = tuple(next(times) if each in TIMES else str(next(rest)) for each in question.by)
                lengths = found.setdefault(key, [])
            lengths.append(row[-3:])
    return {key: _measures(spread.name, lengths) for key, lengths in found.items()}


def _measures(name: str, lengths: list[Length]) -> dict[str, float]:
    many = sum([each for _, each, _ in lengths])
    left, length = place(many), 0
    for length, alike, _ in sorted(lengths):  # noqa: B007
        left -= alike
        if left <= 0:
            break
    return {name: many, f"{name}_s": sum([seconds for _, _, seconds in lengths]), f"{name}_p95": length / TENTHS}
