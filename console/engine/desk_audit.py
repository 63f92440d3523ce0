"""Orders at an agent's desk: what somebody else than its agent has ordered there stands in the audit."""

from __future__ import annotations

import sqlite3

from calls.ids import AgentId
from calls.records.store import add_audit
from console.accounts import store
from console.engine.engine import Engine


async def note(engine: Engine, agent_id: str, what: str, who: str, **detail: object) -> None:
    """Keep that ``who`` did ``what`` at the desk of ``agent_id``, as ``desk.what``; what agents do at their own
    desks stands in their states and contacts, and not here.

    Raises:
        RecordError: the store refused.
    """
    now = engine.clock.now()
    given = {"agent": agent_id} | {name: value for name, value in detail.items() if value not in (None, "")}

    def write(connection: sqlite3.Connection) -> None:
        if not store.is_desk_of(connection, AgentId(agent_id), who):
            add_audit(connection, now, who, f"desk.{what}", given)

    await engine.writer.run(write)


async def is_own(engine: Engine, agent_id: str, who: str) -> bool:
    """Whether ``who`` asks at the own desk, and not a supervisor or a command line."""
    return await engine.writer.run(lambda db: store.is_desk_of(db, AgentId(agent_id), who))
