"""Leads of lists onto the rolls of campaigns that dial them, a few at a time, by each campaign's filter and order.
One that was removed from its list comes onto none, and is left out where it stands on one.

How far it has come stands in the store, so it goes on after a crash. With another filter or order all leads of the
list are looked at again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from calls.ids import CampaignId, LeadId, ListId
from dialer import filters, order
from dialer.campaign import Campaign
from dialer.filters import Facts

STEP = 500
"""Leads in one step: some 10 ms of the writer's time."""

_LEADS = (
    "SELECT leads.rowid, leads.lead_id, leads.priority, imported_at, region, fields, coalesce(tries, 0),"
    " coalesce(last_outcome, ''), removed_at IS NOT NULL FROM leads"
    " LEFT JOIN campaign_leads ON campaign_leads.lead_id = leads.lead_id AND campaign_id = ?"
    " WHERE (removed_at IS NULL OR campaign_leads.lead_id IS NOT NULL) AND"
)


def open_lists(connection: sqlite3.Connection, campaign: Campaign, list_ids: dict[str, ListId]) -> None:
    """Let the campaign dial these lists, by name, and no others."""
    by = _by(campaign)
    connection.execute(
        "DELETE FROM campaign_lists WHERE campaign_id = ? AND list_id NOT IN (SELECT value FROM json_each(?))",
        (campaign.id, json.dumps(list(list_ids.values()))),
    )
    for share in campaign.file.shares:
        connection.execute(
            "INSERT INTO campaign_lists (campaign_id, list_id, weight, enrolled_by) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (campaign_id, list_id) DO UPDATE SET weight = excluded.weight,"
            " enrolled_to = iif(enrolled_by = excluded.enrolled_by, enrolled_to, 0),"
            " enrolled = iif(enrolled_by = excluded.enrolled_by, enrolled, 0),"
            " enrolled_by = excluded.enrolled_by",
            (campaign.id, list_ids[share.name], share.weight, by),
        )


def step(connection: sqlite3.Connection, campaign: Campaign) -> bool:
    """Put the next leads on the campaign's roll; False: all are on it."""
    rows = connection.execute(
        "SELECT list_id, enrolled_to, name FROM campaign_lists JOIN lists USING (list_id) WHERE campaign_id = ?",
        (campaign.id,),
    ).fetchall()
    for list_id, enrolled_to, name in rows:
        found = connection.execute(
            _LEADS + " leads.list_id = ? AND leads.rowid > ? ORDER BY leads.rowid LIMIT ?",
            (campaign.id, list_id, enrolled_to, STEP),
        ).fetchall()
        if found:
            _enrol(connection, campaign, ListId(list_id), name, found)
            connection.execute(
                "UPDATE campaign_lists SET enrolled_to = ?, enrolled = enrolled + ?"
                " WHERE campaign_id = ? AND list_id = ?",
                (found[-1][0], len(found), campaign.id, list_id),
            )
            return True
    return False


def forget_rows(connection: sqlite3.Connection) -> None:
    """Leads were removed: those that come may have the rows of them, and are to come onto the rolls."""
    last = connection.execute("SELECT coalesce(max(rowid), 0) FROM leads").fetchone()[0]
    connection.execute("UPDATE campaign_lists SET enrolled_to = ? WHERE enrolled_to > ?", (last, last))


def enrolled(connection: sqlite3.Connection, campaign_id: CampaignId) -> int:
    """How many leads of the campaign's lists are on its roll."""
    row = connection.execute(
        "SELECT coalesce(sum(enrolled), 0) FROM campaign_lists WHERE campaign_id = ?", (campaign_id,)
    ).fetchone()
    return int(row[0])


def these(
    connection: sqlite3.Connection, campaign: Campaign, list_id: ListId, name: str, lead_ids: Sequence[LeadId]
) -> None:
    """Put these leads of a list on the roll, wherever it has come to; those that are on it are looked at again."""
    found = connection.execute(
        _LEADS + " leads.lead_id IN (SELECT value FROM json_each(?))", (campaign.id, json.dumps(list(lead_ids)))
    ).fetchall()
    _enrol(connection, campaign, list_id, name, found)


def again(connection: sqlite3.Connection, campaign: Campaign, lead_id: LeadId) -> None:
    """Look at a lead again whose attempt is over, where that can change its place or what the filter says."""
    if not campaign.file.filter.changes and campaign.file.order.by is not order.By.FEWEST_TRIES:
        return
    row = connection.execute(
        "SELECT list_id, name FROM campaign_leads JOIN lists USING (list_id) WHERE campaign_id = ? AND lead_id = ?",
        (campaign.id, lead_id),
    ).fetchone()
    if row is not None:
        these(connection, campaign, ListId(row[0]), row[1], [lead_id])


def _enrol(
    connection: sqlite3.Connection, campaign: Campaign, list_id: ListId, name: str, rows: Sequence[sqlite3.Row]
) -> None:
    connection.executemany(
        "INSERT INTO campaign_leads (campaign_id, lead_id, state, priority, position, list_id, rank, turn, excluded)"
        " VALUES (?, ?, 'new', ?, ?, ?, ?, ?, ?) ON CONFLICT (campaign_id, lead_id) DO UPDATE SET"
        " list_id = excluded.list_id, rank = excluded.rank, excluded = excluded.excluded"
        " WHERE (campaign_leads.list_id, campaign_leads.rank, campaign_leads.excluded)"
        " <> (excluded.list_id, excluded.rank, excluded.excluded)",
        _on_the_roll(campaign, list_id, name, rows),
    )


def _on_the_roll(
    campaign: Campaign, list_id: ListId, name: str, rows: Sequence[sqlite3.Row]
) -> Iterator[tuple[object, ...]]:
    wanted, by = campaign.file.filter, campaign.file.order.by
    everyone, campaign_id = wanted.anything, CampaignId(campaign.id)
    for position, lead_id, priority, imported_at, region, fields, tries, last_outcome, removed in rows:
        out = bool(removed) or (
            not everyone
            and not filters.takes(
                wanted, Facts(tries, last_outcome, imported_at, name, region, priority, json.loads(fields))
            )
        )
        rank = order.rank(by, campaign_id, lead_id, priority, tries, position)
        yield campaign.id, lead_id, priority, position, list_id, rank, position, out


def _by(campaign: Campaign) -> str:
    """What decides who is on the roll, and where."""
    return json.dumps([campaign.file.filter.model_dump(mode="json"), campaign.file.order.by.value], sort_keys=True)
