"""The figures of switches: how many calls each had, and how many it lost. Nothing where all calls were of one."""

from __future__ import annotations

import sqlite3

from calls.records.figure import Figure, Scope, counted, ratio, select

_SWITCHES = """
SELECT switch, count(*) AS calls, count(*) FILTER (WHERE direction = 'outbound') AS dialled,
       count(*) FILTER (WHERE outcome IN ('lost', 'pbx_lost')) AS lost
FROM calls WHERE started_at >= :begin AND started_at < :end
  AND (:campaign IS NULL OR campaign_id = :campaign) AND (:queue IS NULL OR queue = :queue)
GROUP BY switch ORDER BY switch
"""


def switches(connection: sqlite3.Connection, scope: Scope) -> list[Figure]:
    """Calls by switch, the switch being the subject."""
    rows = select(connection, _SWITCHES, scope.parameters())
    if len(rows) < 2:
        return []
    figures: list[Figure] = []
    for row in rows:
        name = row["switch"]
        figures += [
            counted("switch_calls", row["calls"], "calls", "calls that the switch had", name),
            counted("switch_dialled", row["dialled"], "calls", "calls of them that were dialled", name),
            ratio("switch_lost", row["lost"], row["calls"], "ended as lost or pbx_lost / calls", subject=name),
        ]
    return figures
