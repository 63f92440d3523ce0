"""The figures of one flow, from its calls, their trails and ``node_totals``: containment, nodes, paths, and the arms
of a split.

A call has *entered* its flow when it was answered and came to its first node, and counts to the time in which it
began. What callers did in subflows counts to the flow that the call began with; such nodes are named
``subflow/node``. A caller has *dropped off* who hung up before anything came of the call: the outcome is ``hung_up``
or ``abandoned``, while who hangs up in a goodbye, in a transfer or after a talk has not.

Source: the house's table of figures.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from calls.ids import FlowId
from calls.records.figure import Figure, counted, ratio, select
from calls.records.proportions import wilson
from calls.records.times import as_text
from calls.records.totals import quarter_at, whole_quarters

GOALS = ("completed",)
"""The outcomes that a caller's goal was reached by, where none are named: that of ``hangup`` nodes that name none."""

BETWEEN = " > "
"""What stands between the nodes of a path; no node's name has it."""


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
            "goals": json.dumps(self.goals),
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
    """A step between two nodes, the ``step``-th of its calls; ``target`` is ``(outcome)`` where the call ended.

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


# Each call once, with what became of it, as its record says: what its trail told is kept there.
_ENTERED = """
WITH judged AS (
    SELECT call_id, coalesce(flow_version, '') AS version, started_at, flow_outcome AS outcome, contained,
           coalesce(flow_outcome IN ('hung_up', 'abandoned'), 0) AS dropped,
           coalesce(flow_outcome IN (SELECT value FROM json_each(:goals)), 0) AS reached_goal,
           coalesce(again_s < 86400, 0) AS came_again
    FROM calls
    WHERE flow = :flow AND started_at >= :begin AND started_at < :end AND outcome <> 'cancelled'
      AND contained IS NOT NULL AND substr(coalesce(flow_version, ''), 1, length(:version)) = :version
)
"""

_SUMMARY = f"""{_ENTERED}
SELECT version, count(*) AS entered, sum(contained) AS contained, sum(dropped) AS dropped,
       count(*) FILTER (WHERE contained AND reached_goal AND NOT came_again) AS functional
FROM judged GROUP BY version ORDER BY min(started_at), version
"""

CONTAINED = "technical: calls that never reached a queue or a transfer / calls that entered the flow"
DROPPED = "calls that the caller left before anything came of them (hung_up, abandoned) / calls that entered the flow"


def flow_figures(connection: sqlite3.Connection, scope: FlowScope) -> list[Figure]:
    """The flow as a whole, by version where there are several, and by node; ``subject`` says which."""
    rows = select(connection, _SUMMARY, scope.parameters())
    names = ("entered", "contained", "dropped", "functional")
    whole = {name: sum(row[name] for row in rows) for name in names}
    figures = _summary(whole, "", scope)
    if len(rows) > 1:
        for row in rows:
            subject = f"version {row['version'] or 'unknown'}"
            figures += _summary({name: row[name] for name in names}, subject, scope)
    return figures + _nodes(connection, scope)


def _summary(row: Mapping[str, int], subject: str, scope: FlowScope) -> list[Figure]:
    entered = row["entered"]
    goals = " or ".join(scope.goals)
    functional = (
        f"functional: contained calls with the outcome {goals} whose caller did not call again within 24 h, as far as"
        " numbers tell / calls that entered the flow"
    )
    return [
        counted("entered", entered, "calls", "calls that came to the flow's first node", subject),
        ratio("containment_technical", row["contained"], entered, CONTAINED, subject=subject),
        ratio("containment_functional", row["functional"], entered, functional, subject=subject),
        ratio("drop_off", row["dropped"], entered, DROPPED, subject=subject),
    ]


# --- nodes ------------------------------------------------------------------------------------------------------

MEASURES = (
    *("entries", "took_s", "noinput", "nomatch", "retries", "drops", "choices", "by_keys", "by_speech"),
    "zero_outs",
)
"""Those columns of ``node_totals`` that stand here."""

# A choice leads to a person where the node that is come to next is a queue or a transfer.
_NODES = f"""{_ENTERED},
events AS (
    SELECT call_id, seq, kind, dropped, detail, json_extract(detail, '$.node') AS node
    FROM judged JOIN call_events USING (call_id)
    WHERE kind IN ('node_entered', 'node_left', 'noinput', 'nomatch', 'choice', 'direct_dial', 'hung_up')
),
choices AS (
    SELECT node, kind, coalesce(json_extract(detail, '$.by'), 'keys') AS by,
           lead(json_extract(detail, '$.type')) OVER (PARTITION BY call_id ORDER BY seq) AS next_type
    FROM events WHERE kind IN ('node_entered', 'choice', 'direct_dial')
),
chosen AS (
    SELECT node, count(*) AS choices, count(*) FILTER (WHERE by = 'keys') AS by_keys,
           count(*) FILTER (WHERE by = 'speech') AS by_speech,
           count(*) FILTER (WHERE next_type IN ('queue', 'transfer')) AS zero_outs
    FROM choices WHERE kind <> 'node_entered' GROUP BY node
)
SELECT node,
       count(*) FILTER (WHERE kind = 'node_entered') AS entries,
       coalesce(sum(json_extract(detail, '$.took_s')) FILTER (WHERE kind = 'node_left'), 0.0) AS took_s,
       count(*) FILTER (WHERE kind = 'noinput') AS noinput,
       count(*) FILTER (WHERE kind = 'nomatch') AS nomatch,
       count(*) FILTER (WHERE kind IN ('noinput', 'nomatch') AND json_extract(detail, '$.left') > 0) AS retries,
       count(*) FILTER (WHERE kind = 'hung_up' AND dropped AND json_extract(detail, '$.by') = 'caller') AS drops,
       coalesce(choices, 0) AS choices, coalesce(by_keys, 0) AS by_keys, coalesce(by_speech, 0) AS by_speech,
       coalesce(zero_outs, 0) AS zero_outs
FROM events LEFT JOIN chosen USING (node)
WHERE node IS NOT NULL GROUP BY node HAVING entries > 0 ORDER BY node
"""


_ROLLED_UP = f"""
SELECT node, {", ".join(f"sum({name}) AS {name}" for name in MEASURES)} FROM node_totals
WHERE flow = :flow AND quarter >= :first AND quarter < :last
  AND substr(flow_version, 1, length(:version)) = :version
GROUP BY node
"""


def _counted(connection: sqlite3.Connection, scope: FlowScope) -> dict[str, Counter[str]]:
    """The measures of each node, by its name: from the roll-up, and of quarters that are only partly within from the
    trails."""
    first, last = whole_quarters(scope.begin, scope.end)
    edges = [(scope.begin, scope.end)]
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    rows: list[sqlite3.Row] = []
    if first < last:
        rows += select(connection, _ROLLED_UP, scope.parameters() | {"first": first, "last": last})
        edges = [(scope.begin, quarter_at(first)), (quarter_at(last), scope.end)]
    for begin, end in edges:
        if begin < end:
            rows += select(connection, _NODES, replace(scope, begin=begin, end=end).parameters())
    for row in rows:
        found[row["node"]].update({name: row[name] for name in MEASURES})
    return found


def _nodes(connection: sqlite3.Connection, scope: FlowScope) -> list[Figure]:
    figures: list[Figure] = []
    for node, row in sorted(_counted(connection, scope).items()):
        entries, choices = row["entries"], row["choices"]
        figures += [
            counted("entries", entries, "entries", "times that a call came to the node", node),
            ratio("time", row["took_s"], entries, "time in the node, that in its subflow too / entries", "s", node),
            ratio("node_drop_off", row["drops"], entries, "callers who hung up at the node / entries", subject=node),
            ratio("noinput", row["noinput"], entries, "silences / entries", subject=node),
            ratio("nomatch", row["nomatch"], entries, "wrong inputs / entries", subject=node),
            ratio("retries", row["retries"], entries, "further tries after either / entries", subject=node),
            ratio("zero_outs", row["zero_outs"], entries, "choices of a queue or a transfer / entries", subject=node),
        ]
        if choices:
            figures += [
                ratio("by_keys", row["by_keys"], choices, "choices by keys / choices", subject=node),
                ratio("by_speech", row["by_speech"], choices, "choices by speech / choices", subject=node),
            ]
    return figures


# --- paths ------------------------------------------------------------------------------------------------------

_STEPS = f"""{_ENTERED},
ends AS (
    SELECT call_id, outcome, dropped, max(since_s) FILTER (WHERE kind = 'outcome') AS ended_s,
           min(since_s) FILTER (WHERE kind = 'flow_started') AS began_s
    FROM judged JOIN call_events USING (call_id) WHERE kind IN ('outcome', 'flow_started') GROUP BY call_id
),
steps AS (
    SELECT call_id, seq, since_s, json_extract(detail, '$.node') AS node, outcome, dropped, began_s, ended_s
    FROM ends JOIN call_events USING (call_id) WHERE kind = 'node_entered'
)
"""

_PATHS = f"""{_STEPS},
ways AS (
    SELECT DISTINCT call_id, dropped, began_s, ended_s, group_concat(node, :between) OVER (
        PARTITION BY call_id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS nodes FROM steps
)
SELECT nodes, count(*) AS calls, sum(dropped) AS drops, sum(coalesce(ended_s - began_s, 0.0)) AS total_s
FROM ways GROUP BY nodes ORDER BY calls DESC, nodes
"""


def paths(connection: sqlite3.Connection, scope: FlowScope) -> list[Path]:
    """The ways that calls went through the flow, the most frequent first."""
    rows = select(connection, _PATHS, scope.parameters() | {"between": BETWEEN})
    return [Path(row["nodes"], row["calls"], row["drops"], row["total_s"]) for row in rows]


_LINKS = f"""{_STEPS},
moves AS (
    SELECT call_id, row_number() OVER call AS step, node, lead(node) OVER call AS next,
           lead(since_s) OVER call AS next_s, since_s, ended_s, outcome
    FROM steps WINDOW call AS (PARTITION BY call_id ORDER BY seq)
)
SELECT step, node, coalesce(next, '(' || outcome || ')') AS target, count(*) AS calls,
       sum(coalesce(next_s, ended_s, since_s) - since_s) AS total_s
FROM moves GROUP BY step, node, target ORDER BY step, calls DESC, node, target
"""


def links(connection: sqlite3.Connection, scope: FlowScope) -> list[Link]:
    """The steps between nodes, in their order."""
    rows = select(connection, _LINKS, scope.parameters())
    return [Link(row["step"], row["node"], row["target"], row["calls"], row["total_s"]) for row in rows]


# --- the arms of a split ----------------------------------------------------------------------------------------

_ARMS = f"""{_ENTERED},
arms AS (
    SELECT DISTINCT call_id, json_extract(detail, '$.arm') AS arm,
           outcome, dropped, contained, reached_goal, came_again
    FROM judged JOIN call_events USING (call_id)
    WHERE kind = 'split' AND json_extract(detail, '$.node') = :split
)
SELECT arm, outcome, count(*) AS calls, sum(dropped) AS dropped, sum(contained) AS contained,
       count(*) FILTER (WHERE contained AND reached_goal AND NOT came_again) AS functional
FROM arms GROUP BY arm, outcome ORDER BY arm, outcome
"""


def arms(connection: sqlite3.Connection, scope: FlowScope, split: str) -> list[ArmShare]:
    """What became of the calls that the node ``split`` sent each way; each arm's share of the calls first."""
    by_arm: dict[str, list[sqlite3.Row]] = {}
    for row in select(connection, _ARMS, scope.parameters() | {"split": split}):
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
