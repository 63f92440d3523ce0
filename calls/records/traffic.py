"""What the calls of a time did in one flow: entries to each node, who hung up there, how often each way was gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from calls.ids import FlowId
from calls.records.times import as_text


@dataclass(frozen=True, slots=True)
class Traffic:
    """The calls of one flow that began in ``[begin, end)``, whatever its version was then.

    ``entries`` and ``drop_offs`` are by node; a drop-off is a caller who hung up there without an agent, as the
    figure ``node_drop_off`` counts them. ``ways`` is by node, exit and the next node.
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

_NODES = f"""
SELECT json_extract(detail, '$.node') AS node,
       count(*) FILTER (WHERE kind = 'node_entered'),
       count(*) FILTER (WHERE kind = 'hung_up' AND agent_id IS NULL AND json_extract(detail, '$.by') = 'caller')
FROM calls JOIN call_events USING (call_id)
WHERE {_CALLS} AND kind IN ('node_entered', 'hung_up') AND node IS NOT NULL GROUP BY node
"""

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
    nodes = connection.execute(_NODES, named).fetchall()
    versions = dict(connection.execute(_VERSIONS, named).fetchall())
    return Traffic(
        begin=begin,
        end=end,
        calls=sum(versions.values()),
        entries={node: entries for node, entries, _ in nodes},
        drop_offs={node: drops for node, _, drops in nodes},
        ways={(node, way, to): count for node, way, to, count in connection.execute(_WAYS, named)},
        versions=versions,
    )
