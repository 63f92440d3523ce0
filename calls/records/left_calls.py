"""What the store tells of the calls that a run of ours before this one left up. Functions of a connection.

The live calls come first in each, and are few; that a talk says no ``call_direction`` yet, as those do whose call has
no record, leads to the talks in them by an index.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from calls.ids import CallId
from calls.records.times import as_time


def talks_since(connection: sqlite3.Connection) -> dict[CallId, datetime]:
    """Since when each live call's agent talks with it, where that was noted; of a call whose talk is over nothing. A
    restart of ours in the talk cuts it into several states; the talk began with the first of them."""
    rows = connection.execute(
        "SELECT call_id, min(since_at) FROM live_calls JOIN agent_states AS talk USING (call_id, agent_id)"
        " WHERE talk.state = 'talking' AND talk.call_direction IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM agent_states AS later WHERE later.agent_id = talk.agent_id"
        " AND later.since_at > talk.since_at AND (later.state <> 'talking' OR later.call_id <> talk.call_id))"
        " GROUP BY call_id"
    )
    return {CallId(call_id): as_time(since_at) for call_id, since_at in rows}


def events_kept(connection: sqlite3.Connection) -> dict[CallId, int]:
    """How many events are kept of each live call."""
    rows = connection.execute(
        "SELECT call_id, max(call_events.seq) FROM live_calls CROSS JOIN call_events USING (call_id) GROUP BY call_id"
    )
    return {CallId(call_id): last for call_id, last in rows}


def talks_over(connection: sqlite3.Connection) -> dict[CallId, list[tuple[datetime, datetime]]]:
    """From when to when agents talked with live calls, in order; what goes on still is left out."""
    rows = connection.execute(
        "SELECT call_id, since_at, duration_s FROM live_calls JOIN agent_states USING (call_id)"
        " WHERE state = 'talking' AND call_direction IS NULL AND duration_s IS NOT NULL ORDER BY since_at"
    )
    found: dict[CallId, list[tuple[datetime, datetime]]] = {}
    for call_id, since_at, duration_s in rows:
        since = as_time(since_at)
        found.setdefault(CallId(call_id), []).append((since, since + timedelta(seconds=duration_s)))
    return found


def held_since(connection: sqlite3.Connection) -> dict[CallId, datetime]:
    """Since when the callers of live calls are on hold, as far as their events are kept."""
    rows = connection.execute(
        "SELECT call_id, at FROM live_calls CROSS JOIN call_events AS began USING (call_id)"
        " WHERE kind = 'hold_began' AND NOT EXISTS (SELECT 1 FROM call_events AS later"
        " WHERE later.call_id = began.call_id AND later.seq > began.seq"
        " AND later.kind IN ('hold_began', 'hold_ended'))"
    )
    return {CallId(call_id): as_time(at) for call_id, at in rows}
