"""Lists of leads: what stands in them, and what is done with all of a list, a few leads at a time.

Whatever changes many leads is given in steps, each a function of a connection for a transaction of its own: it gives
how many leads it took and, where there may be more, the row behind which the next step goes on.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from calls.causes import Outcome
from calls.errors import LeadError
from calls.ids import CampaignId, LeadId, ListId
from calls.records import best_hours
from calls.records.times import as_text
from dialer import enrolment, roll

STEP = 200
"""Leads in one step: some 10 ms of the writer's time."""

LOOKED_AT = 500
"""Leads in one step of a recycling, most of which stay as they are."""


@dataclass(frozen=True, slots=True)
class ListView:
    """A list: how many leads it has, and which campaigns dial it that are not archived."""

    name: str
    leads: int
    closed: bool
    campaigns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListDetail:
    """What stands in a list."""

    view: ListView
    states: dict[str, dict[str, int]]
    """By campaign: how many leads are in each state."""
    several_numbers: int
    without_zone: int
    regions: dict[str, int]
    """The most frequent ones."""
    imports: tuple[dict[str, object], ...]
    """The latest first."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step did. ``after`` None: it was the last."""

    taken: int
    after: str | None = None


def overview(connection: sqlite3.Connection) -> list[ListView]:
    """All lists by name."""
    rows = connection.execute(
        "SELECT name, (SELECT count(*) FROM leads WHERE leads.list_id = lists.list_id)"
        " - (SELECT count(*) FROM leads WHERE leads.list_id = lists.list_id AND removed_at IS NOT NULL),"
        " closed_at IS NOT NULL,"
        " (SELECT json_group_array(campaign_id) FROM campaign_lists JOIN campaigns USING (campaign_id)"
        " WHERE campaign_lists.list_id = lists.list_id AND archived_at IS NULL)"
        " FROM lists ORDER BY name"
    )
    return [ListView(row[0], row[1], bool(row[2]), tuple(json.loads(row[3]))) for row in rows]


def detail(connection: sqlite3.Connection, name: str) -> ListDetail:
    """What stands in a list.

    Raises:
        LeadError: there is no such list.
    """
    list_id = find(connection, name)
    view = next(each for each in overview(connection) if each.name == name)
    states = {
        campaign: dict(
            connection.execute(
                "SELECT iif(excluded AND state IN ('new', 'retry'), 'excluded', state) AS shown, count(*)"
                " FROM campaign_leads WHERE campaign_id = ? AND list_id = ? GROUP BY shown",
                (campaign, list_id),
            ).fetchall()
        )
        for campaign in view.campaigns
    }
    several, without = connection.execute(
        "SELECT count(*) FILTER (WHERE EXISTS"
        " (SELECT 1 FROM lead_numbers WHERE lead_numbers.lead_id = leads.lead_id)),"
        " count(*) FILTER (WHERE time_zones = '[]') FROM leads WHERE list_id = ? AND removed_at IS NULL",
        (list_id,),
    ).fetchone()
    regions = connection.execute(
        "SELECT region, count(*) FROM leads WHERE list_id = ? AND region <> '' AND removed_at IS NULL"
        " GROUP BY region ORDER BY 2 DESC LIMIT 20",
        (list_id,),
    ).fetchall()
    imports = connection.execute(
        "SELECT json_object('import_id', import_id, 'file', file, 'began_at', began_at, 'ended_at', ended_at,"
        " 'rows', rows, 'imported',"
        " imported, 'known', known, 'refused', refused) FROM imports WHERE list_id = ?"
        " ORDER BY began_at DESC LIMIT 20",
        (list_id,),
    )
    found = tuple(json.loads(row[0]) for row in imports)
    return ListDetail(view, states, several, without, {row[0]: row[1] for row in regions}, found)


def find(connection: sqlite3.Connection, name: str) -> ListId:
    """The list of this name.

    Raises:
        LeadError: there is none.
    """
    row = connection.execute("SELECT list_id FROM lists WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise LeadError(f"no list {name}: callwright leads lists shows those there are")
    return ListId(row[0])


def close(connection: sqlite3.Connection, name: str, now: datetime | None) -> None:
    """Let no campaign dial a list from ``now`` on; None: let them again.

    Raises:
        LeadError: there is no such list.
    """
    at = None if now is None else as_text(now)
    connection.execute("UPDATE lists SET closed_at = ? WHERE list_id = ?", (at, find(connection, name)))


def move(connection: sqlite3.Connection, name: str, to: str, after: str) -> Step:
    """Move leads of a list behind row ``after`` to another one that there is, with their place in the campaigns that
    dial both. One whose number stands in the other list, and one that is being dialled, stays.

    Raises:
        LeadError: one of the lists is not there, or they are the same.
    """
    source, target = find(connection, name), find(connection, to)
    if source == target:
        raise LeadError(f"the leads stand in list {to} already")
    rows = connection.execute(
        "SELECT leads.rowid, lead_id FROM leads WHERE list_id = ? AND leads.rowid > ? AND removed_at IS NULL"
        " ORDER BY leads.rowid LIMIT ?",
        (source, int(after or 0), STEP),
    ).fetchall()
    moved = [LeadId(row[1]) for row in rows if _may_move(connection, row[1], target)]
    some = json.dumps(moved)
    connection.execute(
        "UPDATE leads SET list_id = ? WHERE lead_id IN (SELECT value FROM json_each(?))", (target, some)
    )
    connection.execute(
        "DELETE FROM campaign_leads WHERE lead_id IN (SELECT value FROM json_each(?))"
        " AND campaign_id NOT IN (SELECT campaign_id FROM campaign_lists WHERE list_id = ?)",
        (some, target),
    )
    for campaign in roll.dialling(connection, target):
        enrolment.these(connection, campaign, target, to, moved)
    return Step(len(moved), str(rows[-1][0]) if len(rows) == STEP else None)


def _may_move(connection: sqlite3.Connection, lead_id: str, target: ListId) -> bool:
    row = connection.execute(
        "SELECT 1 FROM leads AS other JOIN leads AS mine ON mine.lead_id = ? AND other.number = mine.number"
        " WHERE other.list_id = ? UNION ALL SELECT 1 FROM campaign_leads WHERE lead_id = ? AND state = 'dialling'"
        " LIMIT 1",
        (lead_id, target, lead_id),
    ).fetchone()
    return row is None


def remove(connection: sqlite3.Connection, name: str, after: str, now: datetime) -> Step:
    """Remove leads of a list behind row ``after``. One that was dialled stays, since its records lead to it, and is
    dialled no more: the list is closed from the first step on. The last step removes the list where nothing needs it.

    Raises:
        LeadError: there is no such list.
    """
    list_id = find(connection, name)
    close(connection, name, now)
    rows = connection.execute(
        "SELECT leads.rowid, lead_id FROM leads WHERE list_id = ? AND leads.rowid > ? ORDER BY leads.rowid LIMIT ?",
        (list_id, int(after or 0), STEP),
    ).fetchall()
    gone = [row[1] for row in rows if not was_dialled(connection, row[1])]
    some = "(SELECT value FROM json_each(?))"
    for table in ("campaign_leads", "refusals", "lead_numbers", "leads"):
        connection.execute(f"DELETE FROM {table} WHERE lead_id IN {some}", (json.dumps(gone),))
    enrolment.forget_rows(connection)
    if len(rows) == STEP:
        return Step(len(gone), str(rows[-1][0]))
    connection.execute(
        "DELETE FROM import_refusals WHERE import_id IN (SELECT import_id FROM imports WHERE list_id = ?)", (list_id,)
    )
    connection.execute("DELETE FROM imports WHERE list_id = ?", (list_id,))
    best_hours.forget_list(connection, list_id)
    connection.execute(
        "DELETE FROM lists WHERE list_id = ? AND NOT EXISTS (SELECT 1 FROM leads WHERE leads.list_id = lists.list_id)"
        " AND NOT EXISTS (SELECT 1 FROM campaigns WHERE campaigns.list_id = lists.list_id)"
        " AND NOT EXISTS (SELECT 1 FROM campaign_lists WHERE campaign_lists.list_id = lists.list_id)",
        (list_id,),
    )
    return Step(len(gone))


def was_dialled(connection: sqlite3.Connection, lead_id: str) -> bool:
    """True where an attempt leads to the lead, which stays for that."""
    return connection.execute("SELECT 1 FROM attempts WHERE lead_id = ? LIMIT 1", (lead_id,)).fetchone() is not None


def recycle(
    connection: sqlite3.Connection,
    campaign_id: CampaignId,
    outcomes: tuple[Outcome, ...],
    older_than: datetime,
    after: str,
    now: datetime,
) -> Step:
    """Let leads of a campaign behind lead ``after`` be dialled again that are done, and whose last attempt was before
    ``older_than`` and came to one of ``outcomes``. All rules are asked again, limits of attempts among them.
    """
    rows = connection.execute(
        "SELECT lead_id, state = 'done' AND last_outcome IN (SELECT value FROM json_each(?)) FROM campaign_leads"
        " WHERE campaign_id = ? AND lead_id > ? ORDER BY lead_id LIMIT ?",
        (json.dumps(outcomes), campaign_id, after, LOOKED_AT),
    ).fetchall()
    taken = connection.execute(
        "UPDATE campaign_leads SET state = 'retry', next_try_at = ? WHERE campaign_id = ?"
        " AND lead_id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM attempts"
        " WHERE attempts.lead_id = campaign_leads.lead_id AND attempts.campaign_id = campaign_leads.campaign_id"
        " AND intended_at > ?)",
        (as_text(now), campaign_id, json.dumps([row[0] for row in rows if row[1]]), as_text(older_than)),
    ).rowcount
    return Step(taken, rows[-1][0] if len(rows) == LOOKED_AT else None)
