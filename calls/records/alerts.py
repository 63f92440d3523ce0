"""Alerts: figures past the alarm of their target, raised and cleared once each.

The functions run inside a transaction of the writer; those that only read also on a reading connection.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calls.records.times import as_text, as_time


class ClearedBy(StrEnum):
    """What ended an alert."""

    FIGURE = "figure"
    """It came back."""
    QUIET = "quiet"
    """Nothing happened any more in the whole window."""
    SETTINGS = "settings"
    """The target is gone, or is another now."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One of them. ``worst``: the value at its worst since it was raised."""

    alert_id: int
    target: str
    figure: str
    subject: Mapping[str, str]
    aim: float
    alarm: float
    raised_at: datetime
    value: float
    numerator: float
    denominator: float | None
    worst: float
    cleared_at: datetime | None
    cleared_by: str
    acknowledged_at: datetime | None
    acknowledged_by: str


_COLUMNS = (
    "alert_id, target, figure, subject, aim, alarm, raised_at, value, numerator, denominator, worst, cleared_at,"
    " cleared_by, acknowledged_at, acknowledged_by"
)


def open_alerts(connection: sqlite3.Connection) -> dict[str, Alert]:
    """Those that are not cleared, by target."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM alerts WHERE cleared_at IS NULL ORDER BY alert_id")
    return {each.target: each for each in map(_alert, rows)}


def latest(connection: sqlite3.Connection, limit: int, before: int | None = None) -> list[Alert]:
    """The newest; those before the alert ``before``."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM alerts WHERE ?1 IS NULL OR alert_id < ?1 ORDER BY alert_id DESC LIMIT ?2",
        (before, limit),
    )
    return [_alert(row) for row in rows]


def one(connection: sqlite3.Connection, alert_id: int) -> Alert | None:
    """The alert of this number."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM alerts WHERE alert_id = ?", (alert_id,)).fetchone()
    return None if row is None else _alert(row)


def raise_alert(
    connection: sqlite3.Connection,
    target: str,
    figure: str,
    subject: Mapping[str, str],
    bounds: tuple[float, float],
    value: float,
    parts: tuple[float, float | None],
    at: datetime,
) -> int | None:
    """Raise one; its number, or None where the target has an open one. ``bounds``: aim and alarm; ``parts``:
    numerator and denominator."""
    put = connection.execute(
        "INSERT INTO alerts (target, figure, subject, aim, alarm, raised_at, value, numerator, denominator, worst)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (target, figure, json.dumps(dict(subject)), *bounds, as_text(at), value, *parts, value),
    )
    return put.lastrowid if put.rowcount == 1 else None


def note_worst(connection: sqlite3.Connection, alert_id: int, value: float) -> None:
    """It has become worse."""
    connection.execute("UPDATE alerts SET worst = ? WHERE alert_id = ?", (value, alert_id))


def clear(connection: sqlite3.Connection, alert_id: int, by: ClearedBy, at: datetime) -> bool:
    """Clear one; False where it is cleared already."""
    done = connection.execute(
        "UPDATE alerts SET cleared_at = ?, cleared_by = ? WHERE alert_id = ? AND cleared_at IS NULL",
        (as_text(at), by.value, alert_id),
    )
    return done.rowcount == 1


def acknowledge(connection: sqlite3.Connection, alert_id: int, who: str, at: datetime) -> bool:
    """Somebody sees to an open one; False where it is none, or somebody does already."""
    done = connection.execute(
        "UPDATE alerts SET acknowledged_at = ?, acknowledged_by = ?"
        " WHERE alert_id = ? AND cleared_at IS NULL AND acknowledged_at IS NULL",
        (as_text(at), who, alert_id),
    )
    return done.rowcount == 1


def _alert(row: sqlite3.Row | tuple[object, ...]) -> Alert:
    number, target, figure, subject, aim, alarm, raised, value, above, below, worst, cleared, by, known, who = row
    return Alert(
        int(str(number)),
        str(target),
        str(figure),
        json.loads(str(subject)),
        float(str(aim)),
        float(str(alarm)),
        as_time(str(raised)),
        float(str(value)),
        float(str(above)),
        None if below is None else float(str(below)),
        float(str(worst)),
        None if cleared is None else as_time(str(cleared)),
        str(by),
        None if known is None else as_time(str(known)),
        str(who),
    )
