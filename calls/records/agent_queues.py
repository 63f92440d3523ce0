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


def ordered_queues(connection: sqlite3.Connection) -> dict[AgentId, frozenset[QueueName]]:
    """What supervisors gave, by agent: those who are not here choose of what the settings say."""
    rows = connection.execute("SELECT agent_id, ordered FROM agent_queues WHERE ordered IS NOT NULL")
    return {AgentId(agent): frozenset(QueueName(name) for name in json.loads(queues)) for agent, queues in rows}


def set_agent_queues(
    connection: sqlite3.Connection,
    agent_id: AgentId,
    queues: Iterable[QueueName],
    ordered: Iterable[QueueName] | None,
    who: str,
    now: datetime,
) -> None:
    """Keep what an agent serves from now on, with an entry in the audit. ``ordered``: what a supervisor gave; None:
    what the settings say is the agent's."""
    names = sorted(queues)
    connection.execute(
        "INSERT INTO agent_queues (agent_id, queues, ordered, set_at, set_by) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (agent_id) DO UPDATE SET queues = excluded.queues, ordered = excluded.ordered,"
        " set_at = excluded.set_at, set_by = excluded.set_by",
        (agent_id, json.dumps(names), _as_json(ordered), as_text(now), printable(who)),
    )
    add_audit(connection, now, who, "agents.queues", {"agent": agent_id, "queues": names})


def clear_agent_queues(connection: sqlite3.Connection, agent_id: AgentId, who: str, now: datetime) -> None:
    """Go by the settings again, with an entry in the audit where that changes anything."""
    if connection.execute("DELETE FROM agent_queues WHERE agent_id = ?", (agent_id,)).rowcount:
        add_audit(connection, now, who, "agents.queues", {"agent": agent_id, "queues": None})


def _as_json(queues: Iterable[QueueName] | None) -> str | None:
    return None if queues is None else json.dumps(sorted(queues))
