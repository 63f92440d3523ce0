"""All campaigns at a glance: those that run, those that were started once, and files that nobody started yet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from console.engine.status import CampaignShown


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
    connection: sqlite3.Connection | None, folder: Path, live: Mapping[str, CampaignShown]
) -> list[CampaignRow]:
    """All campaigns by id. ``connection`` None: there is no database yet; ``folder``: where the files are; ``live``:
    as the engine runs them."""
    found = {} if connection is None else {row.id: row for row in _stored(connection, live)}
    for path in folder.glob("*.toml"):
        if path.stem not in found:
            found[path.stem] = CampaignRow(id=path.stem, name=path.stem, state="new", reason="", mode="")
    return [found[each] for each in sorted(found)]


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
