"""What a call's trail says of it, as reports count: how its flow ended, and what happened at each node.

Counted once, when the call's record is written, from the events that are kept of it. The ways that
calls went are counted by :mod:`calls.records.path_totals`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from calls.ids import CallId
from calls.records.totals import quarter

LEFT = frozenset({"hung_up", "abandoned"})
"""Outcomes of a flow that the caller left before anything came of it."""

PEOPLE = frozenset({"queue", "transfer"})
"""Types of nodes that lead to a person."""

CHOSEN = frozenset({"choice", "direct_dial"})

KINDS = (
    *("node_entered", "node_left", "noinput", "nomatch", "choice", "direct_dial", "hung_up", "outcome"),
    *("queue_entered", "transfer_started", "transferred"),
)
"""The events that are counted."""

Event = tuple[str, Mapping[str, Any]]
"""Kind and detail."""


@dataclass(slots=True)
class Node:
    """What happened at one node of a flow. The measures of ``node_totals``; seconds are those spent in the node."""

    entries: int = 0
    took_s: float = 0.0
    noinput: int = 0
    nomatch: int = 0
    retries: int = 0
    drops: int = 0
    choices: int = 0
    by_keys: int = 0
    by_speech: int = 0
    zero_outs: int = 0
    confidence: float = 0.0
    """Sum of the recogniser's confidence in what was chosen by speech."""
    confidences: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """``contained``: neither a queue nor a transfer was come to; None: nor was a node, the call was in no flow.
    ``transferred``: an agent gave the call on. ``flow_outcome``: the flow's word for how it ended."""

    flow_outcome: str | None = None
    contained: bool | None = None
    transferred: bool = False
    nodes: Mapping[str, Node] = field(default_factory=dict)


def told_by(events: Iterable[Event]) -> Told:
    """What the events of one call say, in their order."""
    events = list(events)
    kinds = {kind for kind, _ in events}
    outcome = next((detail.get("outcome") for kind, detail in events if kind == "outcome"), None)
    entered = "node_entered" in kinds
    nodes: dict[str, Node] = {}
    chosen_at: Node | None = None
    for kind, detail in events:
        name = detail.get("node")
        if not isinstance(name, str):
            continue
        at = nodes.setdefault(name, Node())
        _count(at, kind, detail, dropped=outcome in LEFT)
        if kind == "node_entered":
            if chosen_at is not None and detail.get("type") in PEOPLE:
                chosen_at.zero_outs += 1
            chosen_at = None
        elif kind in CHOSEN:
            chosen_at = at
    return Told(
        flow_outcome=outcome if isinstance(outcome, str) else None,
        contained=kinds.isdisjoint({"queue_entered", "transfer_started"}) if entered else None,
        transferred="transferred" in kinds,
        nodes={name: node for name, node in nodes.items() if node.entries} if entered else {},
    )


def _count(at: Node, kind: str, detail: Mapping[str, Any], *, dropped: bool) -> None:
    match kind:
        case "node_entered":
            at.entries += 1
        case "node_left":
            at.took_s += float(detail.get("took_s") or 0.0)
        case "noinput":
            at.noinput += 1
        case "nomatch":
            at.nomatch += 1
        case "hung_up":
            at.drops += dropped and detail.get("by") == "caller"
        case "choice" | "direct_dial":
            by = detail.get("by", "keys")
            at.choices += 1
            at.by_keys += by == "keys"
            at.by_speech += by == "speech"
            if by == "speech" and isinstance(detail.get("confidence"), int | float):
                at.confidence += float(detail["confidence"])
                at.confidences += 1
    if kind in ("noinput", "nomatch") and (detail.get("left") or 0) > 0:
        at.retries += 1


def read(connection: sqlite3.Connection, call_id: CallId) -> Told:
    """What the events that are kept of a call say."""
    kinds = ", ".join("?" for _ in KINDS)
    rows = connection.execute(
        f"SELECT kind, detail FROM call_events WHERE call_id = ? AND kind IN ({kinds}) ORDER BY seq",
        (call_id, *KINDS),
    )
    return told_by((kind, json.loads(detail)) for kind, detail in rows)


_MEASURES = tuple(each.name for each in fields(Node))
_ADD = (
    f"INSERT INTO node_totals (quarter, flow, flow_version, node, {', '.join(_MEASURES)})"
    f" VALUES ({quarter('?')}, ?, ?, ?, {', '.join('?' for _ in _MEASURES)})"
    " ON CONFLICT (quarter, flow, flow_version, node) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _MEASURES)
)


def add(
    connection: sqlite3.Connection, nodes: Mapping[str, Node], flow: str, version: str | None, started_at: str
) -> None:
    """Count what happened at the nodes of one call."""
    connection.executemany(
        _ADD,
        [
            (started_at, flow, version or "", name, *(getattr(node, measure) for measure in _MEASURES))
            for name, node in nodes.items()
        ],
    )


def recount(connection: sqlite3.Connection) -> None:
    """Read the trails of all calls anew: what they say of each call, and the nodes' totals. A trail that was emptied
    by an erasure takes nothing back that is known of the call; its nodes are not counted any more."""
    connection.execute("DELETE FROM node_totals")
    calls = connection.execute(
        "SELECT call_id, flow, flow_version, started_at, outcome FROM calls WHERE EXISTS"
        " (SELECT 1 FROM call_events WHERE call_events.call_id = calls.call_id)"
    )
    for call_id, flow, version, started_at, outcome in calls.fetchall():
        told = read(connection, CallId(call_id))
        connection.execute(
            "UPDATE calls SET flow_outcome = coalesce(?, flow_outcome), contained = coalesce(?, contained),"
            " transferred = max(transferred, ?) WHERE call_id = ?",
            (told.flow_outcome, told.contained, told.transferred, call_id),
        )
        if flow is not None and outcome != "cancelled":
            add(connection, told.nodes, flow, version, started_at)
