"""What the rules refused: by rule, how often, until when, and of whom for example."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from calls.ids import CampaignId, LeadId
from calls.records.times import as_text, as_time


@dataclass(frozen=True, slots=True)
class RefusedBy:
    """The refusals of one campaign by one rule. ``until``: when the rule may allow the first of the leads; None: none
    of them as things are. ``sample``: some of the leads, the one that was refused last first."""

    campaign_id: CampaignId
    rule: str
    leads: int
    times: int
    first_at: datetime
    last_at: datetime
    until: datetime | None
    sample: tuple[LeadId, ...]


def refusals(
    connection: sqlite3.Connection, begin: datetime, end: datetime, campaign_id: CampaignId | None, sample: int
) -> list[RefusedBy]:
    """The refusals of leads that were refused last in ``[begin, end)``, with ``sample`` leads of each rule; None: of
    all campaigns."""
    rows = connection.execute(
        "SELECT campaign_id, rule, count(*), sum(times), min(refused_at), max(last_at), min(until_at) FROM refusals"
        " WHERE last_at >= ?1 AND last_at < ?2 AND (?3 IS NULL OR campaign_id = ?3)"
        " GROUP BY campaign_id, rule ORDER BY campaign_id, rule",
        (as_text(begin), as_text(end), campaign_id),
    ).fetchall()
    return [
        RefusedBy(
            CampaignId(each[0]),
            each[1],
            each[2],
            each[3],
            as_time(each[4]),
            as_time(each[5]),
            as_time(each[6]) if each[6] else None,
            _sample(connection, each[0], each[1], begin, end, sample),
        )
        for each in rows
    ]


def _sample(
    connection: sqlite3.Connection, campaign_id: str, rule: str, begin: datetime, end: datetime, count: int
) -> tuple[LeadId, ...]:
    rows = connection.execute(
        "SELECT lead_id FROM refusals WHERE campaign_id = ? AND rule = ? AND last_at >= ? AND last_at < ?"
        " ORDER BY last_at DESC, lead_id LIMIT ?",
        (campaign_id, rule, as_text(begin), as_text(end), count),
    )
    return tuple(LeadId(row[0]) for row in rows)
