"""How long agents waited for a call: of each talk, the time before it in which its agent was ready or reserved.

Functions of a connection, run inside a transaction of the writer. Such a wait begins when the agent becomes ready,
and anything between ready and the talk but for a call that did not come about begins it anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

WAITING = ("ready", "reserved")
TALKING = "talking"


def waited_s(connection: sqlite3.Connection, agent_id: str) -> float | None:
    """How long an agent, whose talk begins now, has been ready or reserved; None: the state before was neither."""
    found = None
    for state, lasted_s in connection.execute(
        "SELECT state, duration_s FROM agent_states WHERE agent_id = ? ORDER BY since_at DESC", (agent_id,)
    ):
        if state not in WAITING:
            break
        found = (found or 0.0) + (lasted_s or 0.0)
    return found


def recount(connection: sqlite3.Connection) -> None:
    """Say of every talk anew how long its agent had waited for it."""
    connection.execute("UPDATE agent_states SET waited_s = NULL WHERE waited_s IS NOT NULL")
    connection.executemany(
        "UPDATE agent_states SET waited_s = ? WHERE agent_id = ? AND since_at = ?", list(_waits(connection))
    )


def _waits(connection: sqlite3.Connection) -> Iterator[tuple[float, str, str]]:
    """Seconds, agent and begin of each talk that was waited for."""
    before, waited = "", None
    for agent_id, since_at, state, lasted_s in connection.execute(
        "SELECT agent_id, since_at, state, duration_s FROM agent_states ORDER BY agent_id, since_at"
    ):
        if agent_id != before:
            before, waited = agent_id, None
        if state == TALKING and waited is not None:
            yield waited, agent_id, since_at
        waited = (waited or 0.0) + (lasted_s or 0.0) if state in WAITING else None
