"""What the calls of a time did in one flow: entries to each node, who hung up there, how often each way was gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from calls.ids import FlowId
from calls.records import path_totals
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


def traffic(connection: sqlite3.Connection, flow: FlowId, begin: datetime, end: datetime) -> Traffic:
    """What calls did in ``flow``."""
    named = {"flow": flow, "begin": as_text(begin), "end": as_text(end)}
    filters: dict[Dimension, str] = {Dimension.FLOW: flow}
    wanted = (BY_NAME["node_drop_off"],)
    nodes = ask(connection, Question(begin, end, wanted, ZoneInfo("UTC"), (Dimension.NODE,), filters)).rows
    hung_up = {row.key[0]: row.figures[0] for row in nodes}
    versions = dict(connection.execute(_VERSIONS, named).fetchall())
    ways = path_totals.counted(connection, path_totals.WAYS, flow, begin, end)
    return Traffic(
        begin=begin,
        end=end,
        calls=sum(versions.values()),
        entries={node: int(each.denominator or 0) for node, each in hung_up.items()},
        drop_offs={node: int(each.numerator) for node, each in hung_up.items()},
        ways={key: int(calls) for key, (calls,) in ways.items()},
        versions=versions,
    )
