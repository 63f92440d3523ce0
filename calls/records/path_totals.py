"""Roll-ups of the ways that calls went through their flows: paths, steps, ways out of nodes, and arms of splits.

They are written once, with the call's record, from the events that are kept of it. :func:`recount` fills them anew by
statements of SQL over all trails, and a time that begins or ends within a quarter of an hour is counted by the same
statements at its edges.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from calls.ids import CallId, FlowId
from calls.records.times import as_text
from calls.records.totals import CALLS, quarter, quarter_at, whole_quarters
from calls.records.trail_totals import KINDS, LEFT, Told

BETWEEN = " > "
"""What stands between the nodes of a path; no node's name has it."""

UNKNOWN = "unknown"
"""The outcome of a call whose trail does not say one: it was lost."""

WALKED = (*KINDS, "flow_started", "split")
"""The events that are read."""

Event = tuple[str, Mapping[str, Any], float]
"""Kind, detail, and seconds since the call began."""


@dataclass(frozen=True, slots=True)
class Table:
    """One roll-up. ``raw``: the statement that counts its rows from trails: of those that ``{trails}`` joins, and of
    their calls for which ``{of}`` holds."""

    name: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    raw: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, in their order."""
        return ("quarter", "flow", "flow_version", *self.keys, *self.measures)


_CALL = f"{quarter('c.started_at')} AS quarter, c.flow AS flow, coalesce(c.flow_version, '') AS flow_version"

_NAMED = "json_type(detail, '$.node') = 'text'"

OF_ALL = {"trails": "call_events AS e CROSS JOIN calls AS c ON c.call_id = e.call_id", "of": "c.flow IS NOT NULL"}
"""From one end of the trails to the other: calls without one are never looked at."""

OF_SOME = {"trails": "calls AS c CROSS JOIN call_events AS e ON e.call_id = c.call_id"}
"""From the calls of some time."""

_STEPS = f"""
WITH ends AS (
    SELECT e.call_id AS call_id, {_CALL}, coalesce(c.flow_outcome, '{UNKNOWN}') AS outcome,
           {CALLS.measures["dropped"]} AS dropped, max(e.since_s) FILTER (WHERE e.kind = 'outcome') AS ended_s,
           min(e.since_s) FILTER (WHERE e.kind = 'flow_started') AS began_s
    FROM {{trails}} WHERE {{of}} AND e.kind IN ('outcome', 'flow_started') AND {CALLS.measures["entered"]}
    GROUP BY e.call_id
),
steps AS (
    SELECT ends.*, seq, since_s, json_extract(detail, '$.node') AS node
    FROM ends JOIN call_events USING (call_id) WHERE kind = 'node_entered' AND {_NAMED}
)
"""

PATHS = Table(
    "path_totals",
    ("nodes",),
    ("calls", "drops", "total_s"),
    f"""{_STEPS},
walks AS (
    SELECT DISTINCT call_id, quarter, flow, flow_version, dropped, began_s, ended_s,
           group_concat(node, '{BETWEEN}') OVER (
               PARTITION BY call_id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
           ) AS nodes FROM steps
)
SELECT quarter, flow, flow_version, nodes, count(*), sum(dropped), sum(coalesce(ended_s - began_s, 0.0))
FROM walks GROUP BY 1, 2, 3, 4
""",
)
LINKS = Table(
    "link_totals",
    ("step", "source", "target"),
    ("calls", "total_s"),
    f"""{_STEPS},
moves AS (
    SELECT quarter, flow, flow_version, row_number() OVER call AS step, node, lead(node) OVER call AS next,
           lead(since_s) OVER call AS next_s, since_s, ended_s, outcome
    FROM steps WINDOW call AS (PARTITION BY call_id ORDER BY seq)
)
SELECT quarter, flow, flow_version, step, node, coalesce(next, '(' || outcome || ')'), count(*),
       sum(coalesce(next_s, ended_s, since_s) - since_s)
FROM moves GROUP BY 1, 2, 3, 4, 5, 6
""",
)
WAYS = Table(
    "way_totals",
    ("source", "way", "target"),
    ("calls",),
    f"""
WITH steps AS (
    SELECT {_CALL}, kind, json_extract(detail, '$.node') AS node, json_extract(detail, '$.exit') AS way,
           lead(kind) OVER in_call AS next_kind, lead(json_extract(detail, '$.node')) OVER in_call AS next_node
    FROM {{trails}} WHERE {{of}} AND kind IN ('node_entered', 'node_left') AND {_NAMED}
    WINDOW in_call AS (PARTITION BY e.call_id ORDER BY e.seq)
)
SELECT quarter, flow, flow_version, node, coalesce(way, ''), next_node, count(*) FROM steps
WHERE kind = 'node_left' AND next_kind = 'node_entered' GROUP BY 1, 2, 3, 4, 5, 6
""",
)
ARMS = Table(
    "arm_totals",
    ("split", "arm", "outcome"),
    ("calls", "drops", "contained"),
    f"""
WITH sent AS (
    SELECT DISTINCT e.call_id, {_CALL}, json_extract(detail, '$.node') AS split,
           coalesce(json_extract(detail, '$.arm'), '') AS arm, coalesce(c.flow_outcome, '') AS outcome,
           {CALLS.measures["dropped"]} AS dropped, {CALLS.measures["contained"]} AS contained
    FROM {{trails}} WHERE {{of}} AND kind = 'split' AND {_NAMED} AND {CALLS.measures["entered"]}
)
SELECT quarter, flow, flow_version, split, arm, outcome, count(*), sum(dropped), sum(contained)
FROM sent GROUP BY 1, 2, 3, 4, 5, 6
""",
)
TABLES = (PATHS, LINKS, WAYS, ARMS)


def read(connection: sqlite3.Connection, call_id: CallId) -> list[Event]:
    """The events that are kept of a call, in their order."""
    kinds = ", ".join("?" for _ in WALKED)
    rows = connection.execute(
        f"SELECT kind, detail, since_s FROM call_events WHERE call_id = ? AND kind IN ({kinds}) ORDER BY seq",
        (call_id, *WALKED),
    )
    return [(kind, json.loads(detail), since_s) for kind, detail, since_s in rows]


def add(
    connection: sqlite3.Connection,
    events: Sequence[Event],
    told: Told,
    flow: FlowId,
    version: str | None,
    started_at: str,
    *,
    counts: bool,
) -> None:
    """Add what one call did: to the ways out of nodes, and to all where it ``counts`` to those that entered."""
    at_nodes = [each for each in events if isinstance(each[1].get("node"), str)]
    steps = [(str(detail["node"]), since_s) for kind, detail, since_s in at_nodes if kind == "node_entered"]
    ends = [since_s for kind, _, since_s in events if kind == "outcome"]
    starts = [since_s for kind, _, since_s in events if kind == "flow_started"]
    call = (started_at, flow, version or "")
    if counts and steps and (ends or starts):
        took_s = max(ends) - min(starts) if ends and starts else 0.0
        nodes = BETWEEN.join(node for node, _ in steps)
        _add(connection, PATHS, call, [(nodes, 1, int(told.flow_outcome in LEFT), took_s)])
        last = (f"({told.flow_outcome or UNKNOWN})", max(ends) if ends else steps[-1][1])
        _add(
            connection,
            LINKS,
            call,
            (
                (place, node, target, 1, until_s - since_s)
                for place, ((node, since_s), (target, until_s)) in enumerate(pairwise([*steps, last]), start=1)
            ),
        )
    _add(connection, WAYS, call, _ways(at_nodes))
    if counts and told.contained is not None:
        splits = [detail for kind, detail, _ in at_nodes if kind == "split"]
        sent = {(str(detail["node"]), str(detail.get("arm") or "")) for detail in splits}
        measures = (1, int(told.flow_outcome in LEFT), int(told.contained))
        _add(connection, ARMS, call, [(*each, told.flow_outcome or "", *measures) for each in sorted(sent)])


def _ways(events: Iterable[Event]) -> Iterator[tuple[str, str, str, int]]:
    moves = [(kind, detail) for kind, detail, _ in events if kind in ("node_entered", "node_left")]
    for (kind, left), (next_kind, entered) in pairwise(moves):
        if (kind, next_kind) == ("node_left", "node_entered"):
            yield str(left["node"]), str(left.get("exit") or ""), str(entered["node"]), 1


def _added(table: Table) -> str:
    keys = ", ".join(("quarter", "flow", "flow_version", *table.keys))
    return (
        f"INSERT INTO {table.name} ({', '.join(table.columns)})"
        f" VALUES ({quarter('?')}{', ?' * (len(table.columns) - 1)}) ON CONFLICT ({keys}) DO UPDATE SET "
        + ", ".join(f"{name} = {name} + excluded.{name}" for name in table.measures)
    )


_ADD = {table.name: _added(table) for table in TABLES}


def _add(
    connection: sqlite3.Connection, table: Table, call: tuple[str, str, str], rows: Iterable[tuple[object, ...]]
) -> None:
    connection.executemany(_ADD[table.name], [(*call, *row) for row in rows])


def recount(connection: sqlite3.Connection, tables: Iterable[Table] = TABLES) -> None:
    """Fill them anew from the trails, inside a transaction of the caller. Of a trail that was emptied by an erasure
    nothing is counted any more."""
    for table in tables:
        connection.execute(f"DELETE FROM {table.name}")
        connection.execute(f"INSERT INTO {table.name} ({', '.join(table.columns)}) {table.raw.format(**OF_ALL)}")


def counted(
    connection: sqlite3.Connection, table: Table, flow: FlowId, begin: datetime, end: datetime, version: str = ""
) -> dict[tuple[Any, ...], list[float]]:
    """The measures by the keys, of the calls of a flow that began in ``[begin, end)``; of the versions that begin
    with ``version``."""
    first, last = whole_quarters(begin, end)
    edges = [(begin, quarter_at(first)), (quarter_at(last), end)] if first <= last else [(begin, end)]
    named = {"flow": flow, "version": version}
    of_version = "substr({}, 1, length(:version)) = :version"
    sums = ", ".join(f"sum({name})" for name in table.measures)
    keys = ", ".join(table.keys)
    rows = connection.execute(
        f"SELECT {keys}, {sums} FROM {table.name} WHERE flow = :flow AND quarter >= :first AND quarter < :last"
        f" AND {of_version.format('flow_version')} GROUP BY {keys}",
        named | {"first": first, "last": last},
    ).fetchall()
    of_call = "c.flow = :flow AND c.started_at >= :begin AND c.started_at < :end AND " + of_version.format(
        "coalesce(c.flow_version, '')"
    )
    for since, until in edges:
        if since < until:
            span = named | {"begin": as_text(since), "end": as_text(until)}
            rows += [row[3:] for row in connection.execute(table.raw.format(**OF_SOME, of=of_call), span)]
    found: dict[tuple[Any, ...], list[float]] = {}
    for row in rows:
        key, measures = tuple(row[: len(table.keys)]), row[len(table.keys) :]
        before = found.get(key) or [0] * len(table.measures)
        found[key] = [old + new for old, new in zip(before, measures, strict=True)]
    return found
