"""What happened at nodes in a part of a quarter of an hour: from the trails of its calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

from calls.ids import CallId
from calls.records import trail_totals
from calls.records.times import as_text
from calls.records.totals import quarter
from calls.reports.filtering import where
from calls.reports.question import TIMES, Dimension, Question

_COLUMNS = {Dimension.FLOW: "flow", Dimension.VERSION: "coalesce(flow_version, '')"}


def rows(
    connection: sqlite3.Connection, names: Sequence[str], question: Question, begin: datetime, end: datetime
) -> Iterator[Sequence[object]]:
    """Rows of the quarter, the dimensions that are no times, and the measures ``names``, one for each call and node
    of ``[begin, end)``. The trail of a person who was erased tells nothing any more."""
    of, values = where({each: _COLUMNS[each] for each in question.filters if each in _COLUMNS}, question)
    calls = connection.execute(
        f"SELECT call_id, flow, coalesce(flow_version, ''), {quarter('started_at')} FROM calls"
        f" WHERE flow IS NOT NULL AND outcome <> 'cancelled' AND started_at >= :begin AND started_at < :end{of}",
        values | {"begin": as_text(begin), "end": as_text(end)},
    ).fetchall()
    wanted = question.filters.get(Dimension.NODE)
    for call_id, flow, version, number in calls:
        for node, told in trail_totals.read(connection, CallId(call_id)).nodes.items():
            if wanted in (None, node):
                own = {Dimension.FLOW: flow, Dimension.VERSION: version, Dimension.NODE: node}
                keys = [own[each] for each in question.by if each not in TIMES]
                yield [number, *keys, *(getattr(told, name) for name in names)]
