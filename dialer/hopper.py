"""Which leads are next, and what state each is left in: functions of a connection, inside a writer's transaction."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from calls.ids import CampaignId, LeadId
from calls.records.times import as_text, as_time
from dialer.compliance import Lead
from dialer.leads.numbers import LeadNumber
from dialer.order import Kind


@dataclass(frozen=True, slots=True)
class Due:
    """A lead whose turn it is. ``lead``: its first number, or the one that was chosen."""

    lead_id: LeadId
    person_key: str
    lead: Lead
    tries: int
    kind: Kind = Kind.OTHER
    others: tuple[LeadNumber, ...] = ()
    """Its further numbers."""

    @property
    def numbers(self) -> tuple[LeadNumber, ...]:
        """All of them, in the order of the file."""
        return (LeadNumber(self.kind, self.lead), *self.others)


_COLUMNS = "lead_id, person_key, number, time_zones, tries, campaign_leads.priority, kind"


def due(connection: sqlite3.Connection, campaign_id: CampaignId, now: datetime, count: int) -> list[Due]:
    """At most ``count`` leads whose turn it is, in the order of :func:`dialer.attempts.begin_attempts`."""
    again = connection.execute(
        f"SELECT {_COLUMNS} FROM campaign_leads JOIN leads USING (lead_id)"
        " WHERE campaign_id = ? AND state = 'retry' AND next_try_at <= ?"
        " ORDER BY campaign_leads.priority DESC, next_try_at, position LIMIT ?",
        (campaign_id, as_text(now), count),
    ).fetchall()
    new = connection.execute(
        f"SELECT {_COLUMNS} FROM campaign_leads JOIN leads USING (lead_id)"
        " WHERE campaign_id = ? AND state = 'new' ORDER BY campaign_leads.priority DESC, position LIMIT ?",
        (campaign_id, count),
    ).fetchall()
    rows = sorted(again + new, key=lambda row: -int(row[5]))[:count]  # stable: again before new
    others = _others(connection, [row[0] for row in rows])
    return [
        Due(row[0], row[1], Lead(row[2], _zones(row[3])), row[4], Kind(row[6]), tuple(others.get(row[0], ())))
        for row in rows
    ]


def _others(connection: sqlite3.Connection, lead_ids: list[str]) -> dict[str, list[LeadNumber]]:
    """The further numbers of leads."""
    found: dict[str, list[LeadNumber]] = {}
    for lead_id, kind, number, zones in connection.execute(
        "SELECT lead_id, kind, number, time_zones FROM lead_numbers"
        " WHERE lead_id IN (SELECT value FROM json_each(?)) ORDER BY lead_id, position",
        (json.dumps(lead_ids),),
    ):
        found.setdefault(lead_id, []).append(LeadNumber(Kind(kind), Lead(number, _zones(zones))))
    return found


@lru_cache(maxsize=4096)
def _zones(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def has_any(connection: sqlite3.Connection, campaign_id: CampaignId, state: str) -> bool:
    """True where a lead of the roll is in ``state``."""
    row = connection.execute(
        "SELECT 1 FROM campaign_leads WHERE campaign_id = ? AND state = ? LIMIT 1", (campaign_id, state)
    ).fetchone()
    return row is not None


def next_in_s(connection: sqlite3.Connection, campaign_id: CampaignId, now: datetime) -> float | None:
    """Seconds until the next lead is due; None: nothing waits for its time."""
    if has_any(connection, campaign_id, "new"):
        return 0.0
    row = connection.execute(
        "SELECT min(next_try_at) FROM campaign_leads WHERE campaign_id = ? AND state = 'retry'", (campaign_id,)
    ).fetchone()
    return None if row[0] is None else max(0.0, (as_time(row[0]) - now).total_seconds())


def set_lead(
    connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId, state: str, next_try_at: str | None
) -> None:
    """Leave a lead of the roll in ``state``; ``next_try_at``: when a lead that is tried again is due."""
    connection.execute(
        "UPDATE campaign_leads SET state = ?, next_try_at = ? WHERE campaign_id = ? AND lead_id = ?",
        (state, next_try_at, campaign_id, lead_id),
    )
