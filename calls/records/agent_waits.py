"""How long agents waited for a call: of each talk, the time before it in which its agent was ready or reserved.

Functions of a connection, run inside a transaction of the writer. Such a wait begins when the agent becomes ready,
and anything between ready and the talk but for a call that did not come about begins it anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from calls.records.agent_time import AGENTS

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


def dialled_by(connection: sqlite3.Connection, call_id: str | None) -> tuple[str | None, str | None]:
    """The campaign and the list of the attempt that a call is; None, None: it is none."""
    asked = "SELECT campaign_id, list_id FROM attempts WHERE attempt_id = ?"
    found: tuple[str, str | None] | None = connection.execute(asked, (call_id,)).fetchone()
    return (None, None) if found is None else found


_OF_CALL = (
    "UPDATE agent_states SET (call_direction, call_queue, call_campaign) ="
    " (SELECT direction, queue, campaign_id FROM calls WHERE calls.call_id = agent_states.call_id)"
)
_UNRECORDED = f"state = '{TALKING}' AND call_id IS NOT NULL AND call_direction IS NULL"


def note_call(connection: sqlite3.Connection, call_id: str) -> None:
    """Have the talks in a call say what its record, just written, says of it. The index of talks whose call has no
    record yet is a small one."""
    connection.execute(f"{_OF_CALL} WHERE call_id = ? AND {_UNRECORDED}", (call_id,))


def recount(connection: sqlite3.Connection) -> None:
    """Say of every talk anew how long its agent had waited for it, one agent after the other."""
    for (agent_id,) in connection.execute(AGENTS).fetchall():
        connection.executemany(
            "UPDATE agent_states SET waited_s = ? WHERE agent_id = ? AND since_at = ?",
            [(waited, agent_id, since_at) for since_at, was, waited in _waits(connection, agent_id) if was != waited],
        )


def recount_dialled(connection: sqlite3.Connection) -> None:
    """Say anew of every talk which campaign and list had dialled it, if any had."""
    connection.execute(
        "UPDATE agent_states SET (dialled_campaign, dialled_list) ="
        " (SELECT campaign_id, list_id FROM attempts WHERE attempt_id = agent_states.call_id)"
        f" WHERE state = '{TALKING}' AND call_id IS NOT NULL"
    )


def recount_calls(connection: sqlite3.Connection) -> None:
    """Say anew of every talk what the record of its call says, if there is one."""
    connection.execute(f"{_OF_CALL} WHERE state = '{TALKING}' AND call_id IS NOT NULL")


def _waits(connection: sqlite3.Connection, agent_id: str) -> Iterator[tuple[str, float | None, float | None]]:
    """Begin of each state, what it says of the wait before it, and what it is to say."""
    waited = None
    for since_at, state, lasted_s, was in connection.execute(
        "SELECT since_at, state, duration_s, waited_s FROM agent_states WHERE agent_id = ? ORDER BY since_at",
        (agent_id,),
    ):
        yield since_at, was, waited if state == TALKING else None
        waited = (waited or 0.0) + (lasted_s or 0.0) if state in WAITING else None
