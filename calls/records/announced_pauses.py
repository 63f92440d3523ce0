"""Pauses that agents have announced and that have not begun. Run inside a transaction of the writer."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from calls.ids import AgentId
from calls.records.times import as_text, as_time

Coming = tuple[datetime, str]
"""When a pause begins, and why."""


def announced(connection: sqlite3.Connection) -> dict[AgentId, Coming]:
    """All of them, by agent."""
    rows = connection.execute("SELECT agent_id, begins_at, reason FROM announced_pauses ORDER BY agent_id")
    return {AgentId(agent_id): (as_time(at), reason) for agent_id, at, reason in rows}


def keep(connection: sqlite3.Connection, agent_id: AgentId, coming: Coming | None) -> None:
    """Note what the agent has announced; None: nothing, or it has begun or was taken back."""
    connection.execute("DELETE FROM announced_pauses WHERE agent_id = ?", (agent_id,))
    if coming is not None:
        row = (agent_id, as_text(coming[0]), coming[1])
        connection.execute("INSERT INTO announced_pauses (agent_id, begins_at, reason) VALUES (?, ?, ?)", row)
