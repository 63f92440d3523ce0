"""Paths through one flow and the arms of its splits, from their roll-ups; its figures are those of reports.

A call has *entered* its flow when it was answered and came to its first node, and counts to the time in which it
began. What callers did in subflows counts to the flow that the call began with; such nodes are named
``subflow/node``. A caller has *dropped off* who hung up before anything came of the call: the outcome is ``hung_up``
or ``abandoned``, while who hangs up in a goodbye, in a transfer or after a talk has not.

Source: the house's table of figures.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from calls.ids import FlowId
from calls.records import path_totals
from calls.records.path_totals import ARMS, LINKS, PATHS
from calls.records.proportions import wilson
from calls.records.times import as_text
from calls.records.totals import CALLS, GOAL, reached_goals

AGAIN_S = 86_400
"""Who calls again within a day did not reach the goal: as in the measure ``goals``, and in the index of these."""

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

_AGAIN = f"""
SELECT json_extract(e.detail, '$.arm') AS arm, count(DISTINCT c.call_id)
FROM calls AS c CROSS JOIN call_events AS e ON e.call_id = c.call_id
WHERE c.flow = :flow AND c.started_at >= :begin AND c.started_at < :end AND c.contained AND c.again_s < {AGAIN_S}
  AND {CALLS.measures["contained"]} AND NOT {{goals}}
  AND c.flow_outcome IN (SELECT value FROM json_each(:goals))
  AND substr(coalesce(c.flow_version, ''), 1, length(:version)) = :version
  AND e.kind = 'split' AND json_extract(e.detail, '$.node') = :split
GROUP BY 1
"""
"""Calls with one of the goals that are not counted to it, as their caller called again."""


def arms(connection: sqlite3.Connection, scope: FlowScope, split: str) -> list[ArmShare]:
    """What became of the calls that the node ``split`` sent each way; each arm's share of the calls first."""
    counted = path_totals.counted(connection, ARMS, scope.flow, scope.begin, scope.end, scope.version)
    by_arm: dict[str, dict[str, list[float]]] = {}
    for (node, arm, outcome), measures in sorted(counted.items()):
        if node == split:
            by_arm.setdefault(arm, {})[outcome] = measures
    named = scope.parameters() | {"split": split, "goals": json.dumps(scope.goals)}
    again = dict(connection.execute(_AGAIN.format(goals=reached_goals(scope.goals)), named).fetchall())
    calls = {arm: sum(int(of[0]) for of in outcomes.values()) for arm, outcomes in by_arm.items()}
    every = sorted({outcome for outcomes in by_arm.values() for outcome in outcomes})
    shares: list[ArmShare] = []
    for arm, outcomes in by_arm.items():
        came = calls[arm]

        def share(name: str, numerator: float, definition: str, arm: str = arm, came: int = came) -> ArmShare:
            return ArmShare(arm, name, int(numerator), came, f"{definition} / calls of the arm")

        shares.append(ArmShare(arm, "entries", came, sum(calls.values()), "calls of the arm / calls of the split"))
        for outcome in every:
            ended, *_ = outcomes.get(outcome, [0.0])
            shares.append(share(f"outcome {outcome or 'unknown'}", ended, "calls with this outcome"))
        dropped, contained = (sum(of[place] for of in outcomes.values()) for place in (1, 2))
        functional = sum(outcomes[goal][2] for goal in scope.goals if goal in outcomes) - again.get(arm, 0)
        shares += [
            share("drop_off", dropped, "calls that the caller left before anything came"),
            share("containment_technical", contained, "calls without queue and transfer"),
            share("containment_functional", functional, "contained, goal, no call again"),
        ]
    return shares
