"""What people said to the questions of a script. Functions of a connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from calls.ids import AgentId, CallId
from calls.records.times import as_text
from calls.text import printable


def keep(
    connection: sqlite3.Connection, call_id: CallId, agent_id: AgentId, answers: Mapping[str, str], at: datetime
) -> None:
    """Keep the answers by their steps' ids, in place of those that were given before. An empty one is taken back."""
    for step, answer in answers.items():
        if not answer:
            connection.execute("DELETE FROM script_answers WHERE call_id = ? AND step = ?", (call_id, step))
            continue
        connection.execute(
            "INSERT INTO script_answers (call_id, agent_id, step, answer, given_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET agent_id = excluded.agent_id, answer = excluded.answer,"
            " given_at = excluded.given_at",
            (call_id, agent_id, step, printable(answer), as_text(at)),
        )


def of_call(connection: sqlite3.Connection, call_id: CallId) -> dict[str, str]:
    """The answers of a call by their steps."""
    rows = connection.execute(
        "SELECT step, answer FROM script_answers WHERE call_id = ? ORDER BY given_at, step", (call_id,)
    )
    return dict(rows.fetchall())
