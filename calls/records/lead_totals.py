"""Roll-ups of leads and of campaigns' rolls, by the quarter of an hour of the import, the list and the campaign.

The triggers of ``lead_totals.sql`` keep them, in the transaction that moves a lead, puts it on a roll, or dials it;
an import counts its leads itself, by :func:`imported`. Leads are removed only as long as nobody dialled them, and
attempts never.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from calls.records import totals
from calls.records.totals import Cube, quarter

_TRIED = "SELECT {what} FROM attempts AS a WHERE a.lead_id = l.lead_id AND NOT a.unsent"
_TRIED_BY = f"{_TRIED} AND a.campaign_id = m.campaign_id"

LEADS = Cube(
    table="lead_totals",
    source="leads AS l",
    at="l.imported_at",
    wanted="1",
    keys={"quarter": quarter("l.imported_at"), "list_id": "l.list_id"},
    measures={
        "leads": "1",
        "leads_attempted": f"EXISTS ({_TRIED.format(what='1')})",
        "lead_attempts": f"({_TRIED.format(what='count(*)')})",
    },
)

ROLL = Cube(
    table="roll_totals",
    source="leads AS l JOIN campaign_leads AS m ON m.lead_id = l.lead_id",
    at="l.imported_at",
    wanted="1",
    keys={"quarter": quarter("l.imported_at"), "list_id": "l.list_id", "campaign_id": "m.campaign_id"},
    measures={
        "roll": "1",
        "roll_attempted": f"EXISTS ({_TRIED_BY.format(what='1')})",
        "roll_attempts": f"({_TRIED_BY.format(what='count(*)')})",
    },
)

CUBES = (LEADS, ROLL)


def imported(connection: sqlite3.Connection, list_id: str, at: str, leads: int) -> None:
    """So many leads with an ``import_id`` have come into a list at that time."""
    if leads:
        connection.execute(
            f"INSERT INTO lead_totals (quarter, list_id, leads) VALUES ({quarter('?1')}, ?2, ?3)"
            " ON CONFLICT (quarter, list_id) DO UPDATE SET leads = leads + excluded.leads",
            (at, list_id, leads),
        )


_TRIED_ALL = """
CREATE TEMP TABLE tried AS SELECT +lead_id AS lead_id, +campaign_id AS campaign_id, count(*) AS attempts
FROM attempts WHERE NOT unsent GROUP BY 1, 2
"""
"""By the signs before them the attempts are read in the order in which they stand, and sorted."""


def recount(connection: sqlite3.Connection) -> None:
    """Fill them anew from the raw rows, inside a transaction of the caller. Attempts are counted first, by one look
    at each."""
    connection.execute("DROP TABLE IF EXISTS temp.tried")
    connection.execute(_TRIED_ALL)
    connection.execute("CREATE UNIQUE INDEX temp.tried_by_lead ON tried (lead_id, campaign_id, attempts)")
    totals.fill(connection, map(_from_tried, CUBES))
    connection.execute("DROP TABLE temp.tried")


def _from_tried(cube: Cube) -> Cube:
    """The same, of the attempts that were counted."""
    measures = {
        name: value.replace("count(*)", "coalesce(sum(a.attempts), 0)")
        .replace("attempts AS a", "tried AS a")
        .replace(" AND NOT a.unsent", "")
        for name, value in cube.measures.items()
    }
    return replace(cube, measures=measures)
