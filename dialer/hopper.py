"""Which leads are next, and what state each is left in: functions of a connection, inside a writer's transaction."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from calls.ids import CampaignId, LeadId, ListId
from calls.records.times import as_text, as_time
from dialer import mix
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
    list_id: ListId | None = None
    """The list that it stands in; None: not asked for."""
    held_since: datetime | None = None
    """Since when it has waited for a better hour; None: it has not."""

    @property
    def numbers(self) -> tuple[LeadNumber, ...]:
        """All of them, in the order of the file."""
        return (LeadNumber(self.kind, self.lead), *self.others)


_READY = "state IN ('new', 'retry') AND next_try_at IS NULL AND excluded = 0"
"""As the index over what may be dialled now has it."""

_WAITING = "state = 'retry' AND next_try_at IS NOT NULL AND excluded = 0"
"""As the index over what waits for its time has it."""

PROMOTED = 500
"""Leads whose time has come that are put among the ready in one look: more follow in the next."""


def due(connection: sqlite3.Connection, campaign_id: CampaignId, now: datetime, count: int) -> list[Due]:
    """At most ``count`` leads whose turn it is, in the order of :func:`dialer.attempts.begin_attempts`."""
    lists = _lists(connection, campaign_id)
    # One more than can be taken: a list that gives all that were asked for has not run dry by that.
    ready = {list_id: _ready(connection, campaign_id, list_id, now, count + 1) for list_id in lists}
    turns, credit = mix.interleave(
        {list_id: weight for list_id, (weight, _) in lists.items()},
        {list_id: len(rows) for list_id, rows in ready.items()},
        {list_id: kept for list_id, (_, kept) in lists.items()},
        count,
    )
    if len(lists) > 1:
        connection.executemany(
            "UPDATE campaign_lists SET credit = ? WHERE campaign_id = ? AND list_id = ?",
            [(owed, campaign_id, list_id) for list_id, owed in credit.items()],
        )
    rows = [(list_id, ready[list_id].pop(0)) for list_id in turns]
    others = _others(connection, [row[0] for _, row in rows])
    return [
        Due(
            LeadId(row[0]),
            row[1],
            Lead(row[2], _zones(row[3])),
            row[4],
            Kind(row[5]),
            tuple(others.get(row[0], ())),
            list_id,
            None if row[6] is None else as_time(row[6]),
        )
        for list_id, row in rows
    ]


def _lists(connection: sqlite3.Connection, campaign_id: CampaignId) -> dict[ListId, tuple[int, int]]:
    """The campaign's lists that are not closed, each with its weight and credit."""
    rows = connection.execute(
        "SELECT list_id, weight, credit FROM campaign_lists JOIN lists USING (list_id)"
        " WHERE campaign_id = ? AND closed_at IS NULL",
        (campaign_id,),
    )
    return {ListId(row[0]): (row[1], row[2]) for row in rows.fetchall()}


def _ready(
    connection: sqlite3.Connection, campaign_id: CampaignId, list_id: ListId, now: datetime, count: int
) -> list[tuple[str, str, str, str, int, str, str | None]]:
    """The next leads of a list, those among them whose time has come by now."""
    connection.execute(
        "UPDATE campaign_leads SET next_try_at = NULL,"
        " turn = CAST((julianday(next_try_at) - 2440587.5) * 86400000 AS INTEGER) - (1 << 50)"
        " WHERE campaign_id = ? AND lead_id IN (SELECT lead_id FROM campaign_leads"
        f" WHERE campaign_id = ? AND list_id = ? AND {_WAITING} AND next_try_at <= ? ORDER BY next_try_at LIMIT ?)",
        (campaign_id, campaign_id, list_id, as_text(now), PROMOTED),
    )
    return connection.execute(
        "SELECT lead_id, person_key, number, time_zones, tries, kind, held_since"
        " FROM (SELECT lead_id, tries, rank, turn, held_since FROM campaign_leads"
        f" WHERE campaign_id = ? AND list_id = ? AND {_READY} ORDER BY rank, turn LIMIT ?)"
        " JOIN leads USING (lead_id) ORDER BY rank, turn",
        (campaign_id, list_id, count),
    ).fetchall()


def lead(connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId) -> tuple[Due, str] | None:
    """One lead of the roll, whether it is due or not, and the state that it is in; None: it is not on the roll, or
    was removed from its list."""
    row = connection.execute(
        "SELECT lead_id, person_key, number, time_zones, tries, kind, state"
        " FROM campaign_leads JOIN leads USING (lead_id)"
        " WHERE campaign_id = ? AND lead_id = ? AND removed_at IS NULL",
        (campaign_id, lead_id),
    ).fetchone()
    if row is None:
        return None
    others = tuple(_others(connection, [row[0]]).get(row[0], ()))
    return Due(LeadId(row[0]), row[1], Lead(row[2], _zones(row[3])), row[4], Kind(row[5]), others), row[6]


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


def is_dialling(connection: sqlite3.Connection, campaign_id: CampaignId) -> bool:
    """True where a lead of the roll is being dialled."""
    row = connection.execute(
        "SELECT 1 FROM campaign_leads INDEXED BY campaign_leads_dialling"
        " WHERE campaign_id = ? AND state = 'dialling' LIMIT 1",
        (campaign_id,),
    ).fetchone()
    return row is not None


def any_closed(connection: sqlite3.Connection, campaign_id: CampaignId) -> bool:
    """True where a lead that may be dialled stands in a list that is closed: it is dialled once that is opened."""
    for (list_id,) in connection.execute(
        "SELECT list_id FROM campaign_lists JOIN lists USING (list_id)"
        " WHERE campaign_id = ? AND closed_at IS NOT NULL",
        (campaign_id,),
    ).fetchall():
        for left in (_READY, _WAITING):
            row = connection.execute(
                f"SELECT 1 FROM campaign_leads WHERE campaign_id = ? AND list_id = ? AND {left} LIMIT 1",
                (campaign_id, list_id),
            ).fetchone()
            if row is not None:
                return True
    return False


def next_in_s(connection: sqlite3.Connection, campaign_id: CampaignId, now: datetime) -> float | None:
    """Seconds until the next lead is due; None: nothing waits for its time."""
    times = []
    for list_id in _lists(connection, campaign_id):
        where = (campaign_id, list_id)
        is_ready = f"SELECT 1 FROM campaign_leads WHERE campaign_id = ? AND list_id = ? AND {_READY} LIMIT 1"
        if connection.execute(is_ready, where).fetchone() is not None:
            return 0.0
        first = f"SELECT min(next_try_at) FROM campaign_leads WHERE campaign_id = ? AND list_id = ? AND {_WAITING}"
        times.append(connection.execute(first, where).fetchone()[0])
    at = min((each for each in times if each is not None), default=None)
    return None if at is None else max(0.0, (as_time(at) - now).total_seconds())


def set_lead(
    connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId, state: str, next_try_at: str | None
) -> None:
    """Leave a lead of the roll in ``state``; ``next_try_at``: when a lead that is tried again is due."""
    connection.execute(
        "UPDATE campaign_leads SET state = ?, next_try_at = ? WHERE campaign_id = ? AND lead_id = ?",
        (state, next_try_at, campaign_id, lead_id),
    )
