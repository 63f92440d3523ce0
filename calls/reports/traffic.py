"""What the calls of a time did in one flow: entries to each node, who hung up there, how often each way was gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from calls.ids import FlowId
from calls.records.times import as_text
from calls.reports.asking import ask
from calls.reports.definitions import BY_NAME
from calls.reports.question import Dimension, Question


@dataclass(frozen=True, slots=True)
class Traffic:
    """The calls of one flow that began in ``[begin, end)``, whatever its version was then.

    ``entries`` and ``drop_offs`` are by node, as the figure ``node_drop_off`` counts them: a drop-off is a caller who
    hung up there before anything came of the call. ``ways`` is by node, exit and the next node.
    """

    begin: datetime
    end: datetime
    calls: int
    entries: Mapping[str, int]
    drop_offs: Mapping[str, int]
    ways: Mapping[tuple[str, str, str], int]
    versions: Mapping[str, int]
    """How many of the calls went through which version of the flow."""


_CALLS = "flow = :flow AND started_at >= :begin AND started_at < :end"

_VERSIONS = f"SELECT coalesce(flow_version, ''), count(*) FROM calls WHERE {_CALLS} GROUP BY 1 ORDER BY 1"

_WAYS = f"""
WITH steps AS (
    SELECT kind, json_extract(detail, '$.node') AS node, json_extract(detail, '$.exit') AS way,
           lead(kind) OVER in_call AS next_kind, lead(json_extract(detail, '$.node')) OVER in_call AS next_node
    FROM calls JOIN call_events USING (call_id)
    WHERE {_CALLS} AND kind IN ('node_entered', 'node_left')
    WINDOW in_call AS (PARTITION BY call_id ORDER BY seq)
)
SELECT node, way, next_node, count(*) FROM steps
WHERE kind = 'node_left' AND next_kind = 'node_entered' GROUP BY 1, 2, 3
"""


def traffic(connection: sqlite3.Connection, flow: FlowId, begin: datetime, end: datetime) -> Traffic:
    """What calls did in ``flow``."""
    named = {"flow": flow, "begin": as_text(begin), "end": as_text(end)}
    filters: dict[Dimension, str] = {Dimension.FLOW: flow}
    wanted = (BY_NAME["node_drop_off"],)
    nodes = ask(connection, Question(begin, end, wanted, ZoneInfo("UTC"), (Dimension.NODE,), filters)).rows
    hung_up = {row.key[0]: row.figures[0] for row in nodes}
    versions = dict(connection.execute(_VERSIONS, named).fetchall())
    return Traffic(
        begin=begin,
        end=end,
        calls=sum(versions.values()),
        entries={node: int(each.denominator or 0) for node, each in hung_up.items()},
        drop_offs={node: int(each.numerator) for node, each in hung_up.items()},
        ways={(node, way, to): count for node, way, to, count in connection.execute(_WAYS, named)},
        versions=versions,
    )
