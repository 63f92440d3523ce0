"""The states of agents that a run of ours before this one left open. Functions of a connection, in a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import datetime

from calls.ids import AgentId
from calls.records import agent_time
from calls.records.times import as_text, as_time


def leave_agent_states(connection: sqlite3.Connection, last_seen_at: datetime) -> None:
    """At a start: the states that are open were left by the run before, which is known to have lived until then. They
    end there, however long the switches of some of their agents are away."""
    connection.execute(
        "UPDATE agent_states SET left_at = ? WHERE duration_s IS NULL AND left_at IS NULL", (as_text(last_seen_at),)
    )


def end_agent_states(connection: sqlite3.Connection, last_seen_at: datetime, spared: Collection[AgentId] = ()) -> int:
    """After a crash: end the states that the last run left open, at the last moment it is known to have lived.

    Those of the agents ``spared`` stay open. One that was left before, see :func:`leave_agent_states`, ends then.

    Only here a duration comes from the wall clock, as the clock that measured it is gone. Gives how many.
    """
    found = connection.execute(
        "SELECT agent_id, since_at, state, reason, left_at FROM agent_states WHERE duration_s IS NULL"
    )
    open_states = [row for row in found if row[0] not in spared]
    for agent_id, since_at, state, reason, left_at in open_states:
        until = last_seen_at if left_at is None else as_time(left_at)
        lasted_s = max(0.0, (until - as_time(since_at)).total_seconds())
        connection.execute(
            "UPDATE agent_states SET duration_s = ? WHERE agent_id = ? AND since_at = ?",
            (lasted_s, agent_id, since_at),
        )
        agent_time.add(connection, agent_id, state, reason, as_time(since_at), lasted_s)
    return len(open_states)
