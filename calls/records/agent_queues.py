"""Which queues agents serve, where they are others than the settings say. Run inside a transaction of the writer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from calls.ids import AgentId, QueueName
from calls.records.store import add_audit
from calls.records.times import as_text
from calls.text import printable


def agent_queues(connection: sqlite3.Connection) -> dict[AgentId, frozenset[QueueName]]:
    """All that differ from the settings, by agent."""
    rows = connection.execute("SELECT agent_id, queues FROM agent_queues ORDER BY agent_id")
    return {AgentId(agent): frozenset(QueueName(name) for name in json.loads(queues)) for agent, queues in rows}


def set_agent_queues(
    connection: sqlite3.Connection, agent_id: AgentId, queues: Iterable[QueueName], who: str, now: datetime
) -> None:
    """Keep what an agent serves from now on, with an entry in the audit."""
    names = sorted(queues)
    connection.execute(
        "INSERT INTO agent_queues (agent_id, queues, set_at, set_by) VALUES (?, ?, ?, ?) ON CONFLICT (agent_id)"
        " DO UPDATE SET queues = excluded.queues, set_at = excluded.set_at, set_by = excluded.set_by",
        (agent_id, json.dumps(names), as_text(now), printable(who)),
    )
    add_audit(connection, now, who, "agents.queues", {"agent": agent_id, "queues": names})


def clear_agent_queues(connection: sqlite3.Connection, agent_id: AgentId, who: str, now: datetime) -> None:
    """Go by the settings again, with an entry in the audit where that changes anything."""
    if connection.execute("DELETE FROM agent_queues WHERE agent_id = ?", (agent_id,)).rowcount:
        add_audit(connection, now, who, "agents.queues", {"agent": agent_id, "queues": None})
