"""The engine's API for a forecast: what would change a campaign, from its own records."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from typing import Annotated

from fastapi import FastAPI, Query

from calls.records.database import open_readonly
from console.engine.engine import Engine
from dialer.simulation.forecast import forecast
from dialer.simulation.measured import Measurement, measure

WORKERS = 2
"""Processes of their own: nothing is simulated on the event loop or by the engine."""

Days = Annotated[float, Query(gt=0, le=366)]
Replications = Annotated[int, Query(ge=2, le=50)]


def add(app: FastAPI, engine: Engine) -> None:
    """``/v1/campaigns/{campaign_id}/forecast``; one at a time."""
    one = asyncio.Lock()

    @app.get("/v1/campaigns/{campaign_id}/forecast")
    async def show(campaign_id: str, days: Days = 7.0, replications: Replications = 4) -> dict[str, object]:
        now = engine.clock.now()

        def measured() -> Measurement:
            with closing(open_readonly(engine.settings.engine.database)) as connection:
                return measure(connection, campaign_id, now - timedelta(days=days), now)

        async with one:
            seen = await asyncio.to_thread(measured)
            found = await asyncio.to_thread(forecast, seen, replications, WORKERS)
        return found.as_json()
