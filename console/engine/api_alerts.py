"""The route of alerts: somebody says that they see to one."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Annotated

from fastapi import FastAPI, Header, Path

from calls.errors import UserError
from calls.records import alerts
from calls.records.store import add_audit
from console.engine.engine import Engine
from console.operations import Done

Who = Annotated[str, Header(alias="X-Callwright-Who")]
Number = Annotated[int, Path(ge=1, le=2**62)]


def add(app: FastAPI, engine: Engine) -> None:
    """Add it."""

    @app.post("/v1/alerts/{alert_id}/acknowledge")
    async def acknowledge(alert_id: Number, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: acknowledged(db, alert_id, who, now))


def acknowledged(connection: sqlite3.Connection, alert_id: int, who: str, now: datetime) -> Done:
    """Keep who sees to an alert: the first who says so.

    Raises:
        UserError: there is no such alert, it is over, or somebody sees to it.
    """
    if not alerts.acknowledge(connection, alert_id, who, now):
        found = alerts.one(connection, alert_id)
        if found is None:
            raise UserError(f"there is no alert {alert_id}")
        raise UserError(
            f"alert {alert_id} is over" if found.cleared_at else f"{found.acknowledged_by} sees to alert {alert_id}"
        )
    add_audit(connection, now, who, "alert.acknowledge", {"alert": alert_id})
    return Done(said=f"alert {alert_id}: {who} sees to it")
