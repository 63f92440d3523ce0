"""The overrides of opening hours in the store. Functions of a connection, run inside a transaction of the writer."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from calls.overrides import Override, OverrideState
from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from calls.text import printable


def overrides(connection: sqlite3.Connection) -> dict[str, Override]:
    """All that are set, by name, those too that are over."""
    rows = connection.execute("SELECT name, state, until_at FROM overrides ORDER BY name")
    return {
        name: Override(OverrideState(state), None if until_at is None else as_time(until_at))
        for name, state, until_at in rows
    }


def set_override(connection: sqlite3.Connection, name: str, override: Override, who: str, now: datetime) -> None:
    """Set one, in the place of what was set before, with an entry in the audit."""
    until = None if override.until is None else as_text(override.until)
    connection.execute(
        "INSERT INTO overrides (name, state, until_at, set_at, set_by) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name)"
        " DO UPDATE SET state = excluded.state, until_at = excluded.until_at, set_at = excluded.set_at,"
        " set_by = excluded.set_by",
        (name, override.state.value, until, as_text(now), printable(who)),
    )
    add_audit(connection, now, who, "hours.set", {"name": name, "state": override.state.value, "until": until})


def clear_override(connection: sqlite3.Connection, name: str, who: str, now: datetime) -> bool:
    """Let the clock decide again. False where nothing was set."""
    if connection.execute("DELETE FROM overrides WHERE name = ?", (name,)).rowcount == 0:
        return False
    add_audit(connection, now, who, "hours.clear", {"name": name})
    return True
