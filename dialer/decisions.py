"""What was decided for each campaign and why, as the store keeps it: decisions to dial nothing too.

Each minute leaves a row for each kind of reason that held in it (:mod:`dialer.reasons`), at most
``MOST_KINDS + 1``; while a campaign dials nothing for one and the same reason, one row goes on, for a day at most.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.ids import CampaignId
from calls.records.times import as_text, as_time
from dialer.reasons import Reason

GOES_ON = timedelta(minutes=2)
"""A row of a reason that held longer ago does not go on: nobody knows what was in between."""

LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Decided:
    """``decisions`` of one campaign for one kind of reason; what they wanted dialled in all; the words and figures of
    the last of them, or of the last that dialled."""

    from_at: datetime
    until_at: datetime
    decisions: int
    dials: int
    reason: str
    figures: Mapping[str, int | float | str]


def keep(
    connection: sqlite3.Connection,
    decided: Mapping[CampaignId, Sequence[Reason]],
    at: Callable[[float], datetime],
) -> None:
    """Keep what was decided since the last time; ``at``: the time of a second on the dialer's clock."""
    for campaign_id, reasons in decided.items():
        if len(reasons) == 1 and not reasons[0].dials and _goes_on(connection, campaign_id, reasons[0], at):
            continue
        connection.executemany(
            "INSERT INTO pacing_decisions (campaign_id, kind, from_at, until_at, decisions, dials, reason, figures,"
            " alone) SELECT campaign_id, ?, ?, ?, ?, ?, ?, ?, ? FROM campaigns WHERE campaign_id = ?",
            [
                (
                    each.kind,
                    as_text(at(each.first_s)),
                    as_text(at(each.last_s)),
                    each.decisions,
                    each.dials,
                    each.reason,
                    json.dumps(dict(each.figures), allow_nan=False),
                    len(reasons) == 1,
                    campaign_id,
                )
                for each in reasons
            ],
        )


def _goes_on(
    connection: sqlite3.Connection, campaign_id: CampaignId, now: Reason, at: Callable[[float], datetime]
) -> bool:
    """Let the campaign's last row go on, where it says the same; False where it does not."""
    row = connection.execute(
        "SELECT decision_id, kind, dials, alone, from_at, until_at FROM pacing_decisions WHERE campaign_id = ?"
        " ORDER BY decision_id DESC LIMIT 1",
        (campaign_id,),
    ).fetchone()
    if row is None or (row[1], row[2], row[3]) != (now.kind, 0, 1):
        return False
    began, ended = as_time(row[4]), as_time(row[5])
    if at(now.first_s) - ended > GOES_ON or at(now.last_s) - began > LONGEST:
        return False
    connection.execute(
        "UPDATE pacing_decisions SET until_at = ?, decisions = decisions + ?, reason = ?, figures = ?"
        " WHERE decision_id = ?",
        (as_text(at(now.last_s)), now.decisions, now.reason, json.dumps(dict(now.figures), allow_nan=False), row[0]),
    )
    return True


def shown(connection: sqlite3.Connection, campaign_id: CampaignId, since: datetime, limit: int) -> list[Decided]:
    """What was decided for a campaign from then on, the newest first, no more rows than ``limit``."""
    rows = connection.execute(
        "SELECT from_at, until_at, decisions, dials, reason, figures FROM pacing_decisions"
        " WHERE campaign_id = ? AND until_at >= ? ORDER BY until_at DESC, decision_id DESC LIMIT ?",
        (campaign_id, as_text(since), limit),
    )
    return list(_decided(rows))


def _decided(rows: sqlite3.Cursor) -> Iterator[Decided]:
    for row in rows:
        yield Decided(as_time(row[0]), as_time(row[1]), row[2], row[3], row[4], json.loads(row[5]))


def old(connection: sqlite3.Connection, before: datetime) -> int:
    """How many rows :func:`forget` would take out."""
    found = connection.execute("SELECT count(*) FROM pacing_decisions WHERE until_at < ?", (as_text(before),))
    return int(found.fetchone()[0])


def forget(connection: sqlite3.Connection, before: datetime, limit: int = 1_000) -> int:
    """Take out up to ``limit`` rows whose last decision was before then. How many."""
    gone = connection.execute(
        "DELETE FROM pacing_decisions WHERE decision_id IN"
        " (SELECT decision_id FROM pacing_decisions WHERE until_at < ? LIMIT ?)",
        (as_text(before), limit),
    )
    return gone.rowcount
