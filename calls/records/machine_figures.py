"""The figures of answering machines: what detection said, and what agents found, as far as anybody knows.

Nobody hears a call that is hung up for a machine, so how often detection takes a person for one is known only where
agents got such calls (``machine = "person"``). How often it takes a machine for a person agents say, by the call's
disposition. What else may hint at a person (the far end hung up on the message, or called back) is shown as what it
is: machines and their owners do both, too.
"""

from __future__ import annotations

import sqlite3

from calls.records.figure import Figure, Scope, ratio, select
from calls.reports.of_scope import figures_of

CALLS_BACK_S = 86_400.0
"""Who calls within a day of our call calls back."""

_MACHINES = """
WITH dialled AS (
    SELECT call_id, called, ended_at, detected, outcome, agent_id IS NOT NULL AS handled
    FROM calls WHERE direction = 'outbound' AND started_at >= :begin AND started_at < :end
      AND (:campaign IS NULL OR campaign_id = :campaign) AND (:queue IS NULL OR queue = :queue)
)
SELECT count(*) FILTER (WHERE detected IS NOT NULL) AS asked,
       count(*) FILTER (WHERE handled) AS handled,
       count(*) FILTER (WHERE left.how IS NOT NULL) AS messages,
       count(*) FILTER (WHERE left.how = 'cut') AS cut,
       count(*) FILTER (WHERE outcome = 'machine' AND NOT handled) AS hung_up,
       count(*) FILTER (WHERE outcome = 'machine' AND NOT handled AND EXISTS (
           SELECT 1 FROM calls AS back WHERE back.direction = 'inbound' AND back.caller = dialled.called
             AND julianday(back.started_at) BETWEEN julianday(dialled.ended_at)
                 AND julianday(dialled.ended_at) + :calls_back_s / 86400.0)) AS back
FROM dialled LEFT JOIN (SELECT call_id, json_extract(detail, '$.played') AS how FROM call_events
                        WHERE kind = 'message_left') AS left USING (call_id)
"""


REPORTED = (
    "machines_detected",
    "machines_by_agents",
    "machines_missed",
    "people_taken_for_machines",
    "abandonment_uk",
)
"""What the reports count; the rest only here."""


def machines(connection: sqlite3.Connection, scope: Scope) -> list[Figure]:
    """Machines in the calls that were dialled; nothing where none was dialled."""
    (row,) = select(connection, _MACHINES, scope.parameters() | {"calls_back_s": CALLS_BACK_S})
    if not row["handled"] and not row["asked"]:
        return []
    *told, abandonment = figures_of(connection, scope, REPORTED)
    return [
        *told,
        ratio(
            "messages_cut",
            row["cut"],
            row["messages"],
            "messages on machines that the far end hung up on / messages begun; people do so, and some machines",
        ),
        ratio(
            "machines_called_back",
            row["back"],
            row["hung_up"],
            "numbers that called us within 24 h / calls that ended as a machine's without an agent; people do so who"
            " were taken for machines, and owners of machines",
        ),
        abandonment,
    ]
