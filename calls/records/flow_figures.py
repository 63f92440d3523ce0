"""Paths through one flow from their roll-ups, and the arms of a split from trails; its figures are those of reports.

A call has *entered* its flow when it was answered and came to its first node, and counts to the time in which it
began. What callers did in subflows counts to the flow that the call began with; such nodes are named
``subflow/node``. A caller has *dropped off* who hung up before anything came of the call: the outcome is ``hung_up``
or ``abandoned``, while who hangs up in a goodbye, in a transfer or after a talk has not.

Source: the house's table of figures.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from calls.ids import FlowId
from calls.records import path_totals
from calls.records.figure import select
from calls.records.path_totals import LINKS, PATHS
from calls.records.proportions import wilson
from calls.records.times import as_text
from calls.records.totals import CALLS, GOAL, reached_goals

GOALS = (GOAL,)
"""The outcomes that a caller's goal was reached by, where none are named: that of ``hangup`` nodes that name none."""


@dataclass(frozen=True, slots=True)
class FlowScope:
    """Which calls: those of ``flow`` that began in ``[begin, end)``, of the versions that begin with ``version``."""

    flow: FlowId
    begin: datetime
    end: datetime
    version: str = ""
    goals: tuple[str, ...] = GOALS

    def parameters(self) -> dict[str, str]:
        """For the statements below."""
        return {
            "flow": self.flow,
            "begin": as_text(self.begin),
            "end": as_text(self.end),
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Path:
    """A way through the flow: its nodes, the calls that went it, those that dropped off, and their time in it."""

    nodes: str
    calls: int
    drops: int
    total_s: float

    @property
    def mean_s(self) -> float:
        """Seconds in the flow, waits and talks too, of a call that went this way."""
        return self.total_s / self.calls


@dataclass(frozen=True, slots=True)
class Link:
    """A step between two nodes, the ``step``-th of its calls; ``target`` is ``(outcome)`` where the call ended,
    ``(unknown)`` where it was lost.

    What a Sankey diagram is drawn from: with the step in its name a node that is come to again is another, and
    nothing goes round.
    """

    step: int
    source: str
    target: str
    calls: int
    total_s: float

    @property
    def mean_s(self) -> float:
        """Seconds from coming to the source to leaving it for the target."""
        return self.total_s / self.calls


@dataclass(frozen=True, slots=True)
class ArmShare:
    """A share of the calls that a split sent one way, and its 95% Wilson interval."""

    arm: str
    name: str
    numerator: int
    denominator: int
    definition: str

    @property
    def value(self) -> float | None:
        """The share; None without a call."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true share lies, with 95% confidence."""
        return wilson(self.numerator, self.denominator)


_MEASURES = {name: CALLS.measures[name] for name in ("entered", "contained", "dropped")}


def _entered(scope: FlowScope) -> str:
    """Each call once, with what became of it, as the roll-ups count it."""
    return f"""
WITH judged AS (
    SELECT c.call_id, c.flow_outcome AS outcome, {_MEASURES["contained"]} AS contained,
           {_MEASURES["dropped"]} AS dropped, {reached_goals(scope.goals)} AS functional
    FROM calls AS c
    WHERE c.flow = :flow AND c.started_at >= :begin AND c.started_at < :end AND {_MEASURES["entered"]}
      AND substr(coalesce(c.flow_version, ''), 1, length(:version)) = :version
)
"""


# --- paths ------------------------------------------------------------------------------------------------------


def paths(connection: sqlite3.Connection, scope: FlowScope) -> list[Path]:
    """The ways that calls went through the flow, the most frequent first."""
    found = path_totals.counted(connection, PATHS, scope.flow, scope.begin, scope.end, scope.version)
    of = [Path(nodes, int(calls), int(drops), total_s) for (nodes,), (calls, drops, total_s) in found.items()]
    return sorted(of, key=lambda path: (-path.calls, path.nodes))


def links(connection: sqlite3.Connection, scope: FlowScope) -> list[Link]:
    """The steps between nodes, in their order."""
    found = path_totals.counted(connection, LINKS, scope.flow, scope.begin, scope.end, scope.version)
    of = [
        Link(step, source, target, int(calls), total_s) for (step, source, target), (calls, total_s) in found.items()
    ]
    return sorted(of, key=lambda link: (link.step, -link.calls, link.source, link.target))


# --- the arms of a split ----------------------------------------------------------------------------------------

_ARMS = """,
arms AS (
    SELECT DISTINCT call_id, json_extract(detail, '$.arm') AS arm,
           outcome, dropped, contained, functional
    FROM judged JOIN call_events USING (call_id)
    WHERE kind = 'split' AND json_extract(detail, '$.node') = :split
)
SELECT arm, outcome, count(*) AS calls, sum(dropped) AS dropped, sum(contained) AS contained,
       sum(functional) AS functional
FROM arms GROUP BY arm, outcome ORDER BY arm, outcome
"""


def arms(connection: sqlite3.Connection, scope: FlowScope, split: str) -> list[ArmShare]:
    """What became of the calls that the node ``split`` sent each way; each arm's share of the calls first."""
    by_arm: dict[str, list[sqlite3.Row]] = {}
    for row in select(connection, _entered(scope) + _ARMS, scope.parameters() | {"split": split}):
        by_arm.setdefault(row["arm"], []).append(row)
    calls = {arm: sum(row["calls"] for row in rows) for arm, rows in by_arm.items()}
    outcomes = sorted({row["outcome"] or "" for rows in by_arm.values() for row in rows})
    shares: list[ArmShare] = []
    for arm, rows in by_arm.items():
        came = calls[arm]

        def share(name: str, numerator: int, definition: str, arm: str = arm, came: int = came) -> ArmShare:
            return ArmShare(arm, name, numerator, came, f"{definition} / calls of the arm")

        shares.append(ArmShare(arm, "entries", came, sum(calls.values()), "calls of the arm / calls of the split"))
        for outcome in outcomes:
            ended = sum(row["calls"] for row in rows if (row["outcome"] or "") == outcome)
            shares.append(share(f"outcome {outcome or 'unknown'}", ended, "calls with this outcome"))
        shares += [
            share("drop_off", sum(row["dropped"] for row in rows), "calls that the caller left before anything came"),
            share("containment_technical", sum(row["contained"] for row in rows), "calls without queue and transfer"),
            share("containment_functional", sum(row["functional"] for row in rows), "contained, goal, no call again"),
        ]
    return shares
