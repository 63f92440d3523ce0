"""The versions of flows: which text took calls, from when on, and who saw to it.

A row is added whenever another version than the newest takes calls, and for a text that was replaced without ever
having taken any. A version is named by its content, as in the records of calls: by that of its file, and where the
flow calls others by theirs too, so that two versions can have the same text. The same version can stand in the
history more than once.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calls.errors import FlowError
from calls.ids import FlowId
from calls.records.times import as_text, as_time

SHORTEST_PREFIX = 4
"""Of a version, where it is asked for: fewer digits are a slip of the keyboard."""


class How(StrEnum):
    """How a text came to be kept."""

    START = "start"
    """An engine found it in the folder when it started."""
    PUBLISH = "publish"
    RELOAD = "reload"
    ROLLBACK = "rollback"
    REPLACED = "replaced"
    """It lay in the folder, took no calls, and another text took its place."""


@dataclass(frozen=True, slots=True)
class FlowVersion:
    """One kept text. The columns of ``flow_versions``; ``number`` gives the order."""

    number: int
    flow: FlowId
    version: str
    source: bytes
    how: How
    kept_at: datetime
    who: str
    note: str


def version_of(source: bytes) -> str:
    """The version of a text: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(source).hexdigest()[:12]


def newest(connection: sqlite3.Connection, flow: FlowId) -> FlowVersion | None:
    """What was kept of a flow last; None: nothing."""
    return next(iter(history(connection, flow)), None)


def keep(
    connection: sqlite3.Connection,
    flow: FlowId,
    version: str,
    source: bytes,
    how: How,
    at: datetime,
    who: str,
    note: str = "",
) -> bool:
    """Keep a version of a flow as its newest. False where it is that already: nothing changes then."""
    last = newest(connection, flow)
    if last is not None and (last.version, last.source) == (version, source):
        return False
    connection.execute(
        "INSERT INTO flow_versions (flow, version, source, how, kept_at, who, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (flow, version, source, how, as_text(at), who, note),
    )
    return True


def keep_replaced(connection: sqlite3.Connection, flow: FlowId, source: bytes, at: datetime, who: str) -> bool:
    """Keep a text that another takes the place of. False where it is the newest one's: nothing changes then."""
    last = newest(connection, flow)
    if last is not None and last.source == source:
        return False
    return keep(connection, flow, version_of(source), source, How.REPLACED, at, who)


def history(connection: sqlite3.Connection, flow: str) -> list[FlowVersion]:
    """All that is kept of a flow, the newest first."""
    rows = connection.execute(
        "SELECT number, flow, version, source, how, kept_at, who, note FROM flow_versions"
        " WHERE flow = ? ORDER BY number DESC",
        (flow,),
    )
    return [
        FlowVersion(number, FlowId(of), version, bytes(source), How(how), as_time(kept_at), who, note)
        for number, of, version, source, how, kept_at, who, note in rows
    ]


_OLD = (
    "FROM flow_versions AS old WHERE"
    " (SELECT kept_at FROM flow_versions AS next WHERE next.flow = old.flow AND next.number > old.number"
    "  ORDER BY next.number LIMIT 1) < :before"
    " AND (SELECT count(DISTINCT source) FROM flow_versions AS newer WHERE newer.flow = old.flow"
    "  AND newer.number > old.number AND newer.how <> 'replaced') >= 2"
    " AND NOT EXISTS (SELECT 1 FROM calls WHERE flow = old.flow AND flow_version = old.version"
    "  AND started_at >= :before)"
    " AND NOT EXISTS (SELECT 1 FROM live_calls WHERE flow = old.flow AND flow_version = old.version)"
)


def old(connection: sqlite3.Connection, before: datetime) -> int:
    """How many texts :func:`forget` would take out."""
    return int(connection.execute(f"SELECT count(*) {_OLD}", {"before": as_text(before)}).fetchone()[0])


def forget(connection: sqlite3.Connection, before: datetime, limit: int = 100) -> int:
    """Take out up to ``limit`` texts that another took the place of before then. What a flow can go back to stays,
    and what a call since then went through, or is in. How many."""
    gone = connection.execute(
        f"DELETE FROM flow_versions WHERE number IN (SELECT number {_OLD} LIMIT :limit)",
        {"before": as_text(before), "limit": limit},
    )
    return gone.rowcount


def find(connection: sqlite3.Connection, flow: str, version: str) -> FlowVersion:
    """The version of a flow that begins with ``version``, as it was kept last.

    Raises:
        FlowError: there is none, or more than one.
    """
    kept = history(connection, flow)
    fitting = {each.version for each in kept if each.version.startswith(version)}
    if len(version) >= SHORTEST_PREFIX and len(fitting) == 1:
        return next(each for each in kept if each.version in fitting)
    there = ", ".join(dict.fromkeys(each.version for each in kept)) or "none"
    problem = "is one of several versions" if len(fitting) > 1 else "is no version"
    raise FlowError(f"{version} {problem} of the flow {flow}; there are: {there}")


def before(connection: sqlite3.Connection, flow: str) -> FlowVersion:
    """The version with another text that took calls before the newest: where a rollback leads that names none.

    Raises:
        FlowError: there is none.
    """
    kept = [each for each in history(connection, flow) if each.how is not How.REPLACED]
    found = next((each for each in kept if each.source != kept[0].source), None)
    if found is None:
        raise FlowError(f"no earlier version of the flow {flow} is kept: there is nothing to go back to")
    return found
