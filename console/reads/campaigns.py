"""All campaigns at a glance: those that run, those that were started once, and files that nobody started yet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from calls.records.times import as_text, as_time
from console.engine.status import CampaignShown
from dialer import archive


class CampaignRow(BaseModel):
    """A campaign. ``state`` is ``new`` where it was never started; ``reason``: why it dials or waits, "" where no
    engine says so. ``penetration``: the share of its leads that were tried, None without leads."""

    model_config = ConfigDict(frozen=True)
    id: str
    name: str
    state: str
    reason: str
    mode: str
    dialling: int = 0
    talking: int = 0
    answered: int = 0
    abandoned: int = 0
    """Of the preset's window."""
    leads: int = 0
    tried: int = 0
    left: int = 0
    """Leads that may be dialled yet."""
    penetration: float | None = None
    attempts: int = 0


def overview(
    connection: sqlite3.Connection | None,
    folder: Path,
    live: Mapping[str, CampaignShown],
    *,
    archived: bool = False,
) -> list[CampaignRow]:
    """All campaigns by id, but those in the archive; ``archived``: those alone. ``connection`` None: there is no
    database yet; ``folder``: where the files are; ``live``: as the engine runs them."""
    found = {} if connection is None else {row.id: row for row in _stored(connection, live)}
    away = frozenset() if connection is None else archive.archived(connection)
    for path in folder.glob("*.toml"):
        if path.stem not in found:
            found[path.stem] = CampaignRow(id=path.stem, name=path.stem, state="new", reason="", mode="")
    return [found[each] for each in sorted(found) if (each in away) == archived]


def is_known(connection: sqlite3.Connection | None, folder: Path, campaign_id: str) -> bool:
    """Whether there is such a campaign, in the database or by a file alone; as for :func:`overview`."""
    if connection is not None:
        row = connection.execute("SELECT 1 FROM campaigns WHERE campaign_id = ?", (campaign_id,)).fetchone()
        if row is not None:
            return True
    return any(path.stem == campaign_id for path in folder.glob("*.toml"))


def _stored(connection: sqlite3.Connection, live: Mapping[str, CampaignShown]) -> list[CampaignRow]:
    leads = {
        row[0]: tuple(row[1:])
        for row in connection.execute(
            "SELECT campaign_id, count(*), count(*) FILTER (WHERE tries > 0),"
            " count(*) FILTER (WHERE state IN ('new', 'retry', 'dialling') AND NOT excluded)"
            " FROM campaign_leads GROUP BY campaign_id"
        )
    }
    done = "SELECT campaign_id, count(*) FROM attempts WHERE state = 'done' GROUP BY campaign_id"
    attempts = dict(connection.execute(done).fetchall())
    rows = connection.execute("SELECT campaign_id, name, state, settings FROM campaigns ORDER BY campaign_id")
    return [_row(row, leads.get(row[0], (0, 0, 0)), attempts.get(row[0], 0), live.get(row[0])) for row in rows]


def _row(row: sqlite3.Row, leads: tuple[int, ...], attempts: int, live: CampaignShown | None) -> CampaignRow:
    campaign_id, name, state, settings = row
    count, tried, left = leads
    pacing = json.loads(settings).get("pacing") or {}
    return CampaignRow(
        id=campaign_id,
        name=name if live is None else live.name,
        state=state if live is None else live.state,
        reason="" if live is None else live.reason,
        mode=str(pacing.get("mode", "")),
        dialling=0 if live is None else live.dialling,
        talking=0 if live is None else live.talking,
        answered=0 if live is None else live.answered,
        abandoned=0 if live is None else live.abandoned,
        leads=count,
        tried=tried,
        left=left,
        penetration=round(tried / count, 4) if count else None,
        attempts=attempts,
    )


def waiting(connection: sqlite3.Connection, campaign_id: str, now: datetime) -> str:
    """Why no lead of a campaign is dialled now, by the clocks of its people; "" where one is due, or none is left.

    "no lead may be called before 09:00 in 3 zones" where hours hold and begin alike by the wall clocks of all zones
    that leads wait in; else when the first of them is due.
    """
    waits = "campaign_id = :campaign AND state IN ('new', 'retry') AND NOT excluded"
    named = {"campaign": campaign_id, "now": as_text(now)}
    due = connection.execute(
        f"SELECT 1 FROM campaign_leads WHERE {waits} AND (next_try_at IS NULL OR next_try_at <= :now) LIMIT 1", named
    ).fetchone()
    rows = connection.execute(
        "SELECT time_zones, min(next_try_at), count(*) FROM campaign_leads JOIN leads USING (lead_id)"
        f" WHERE {waits} AND next_try_at > :now GROUP BY time_zones",
        named,
    ).fetchall()
    if due is not None or not rows:
        return ""
    by_hours = connection.execute(
        "SELECT 1 FROM refusals WHERE campaign_id = :campaign AND rule = 'calling_hours' AND until_at > :now LIMIT 1",
        named,
    ).fetchone()
    zones = {zone: as_time(first) for zones, first, _ in rows for zone in json.loads(zones)}
    clocks = {f"{first.astimezone(ZoneInfo(zone)):%H:%M}" for zone, first in zones.items()}
    leads = sum(row[2] for row in rows)
    if by_hours is not None and len(clocks) == 1:
        places = next(iter(zones)) if len(zones) == 1 else f"{len(zones)} zones"
        return f"waiting: no lead may be called before {clocks.pop()} in {places}"
    first = min(as_time(row[1]) for row in rows)
    return f"waiting: of {leads} leads that are left, the first is due at {first:%Y-%m-%d %H:%M} UTC"
