"""The routes of what a compliance officer asks: whether a run broke a rule, and what the rules refused."""

from __future__ import annotations

import asyncio
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Annotated

from fastapi import FastAPI, Query

from calls.errors import RecordError, UserError
from calls.ids import CampaignId
from calls.records.database import open_readonly
from console.engine.engine import Engine
from console.moments import Moment
from console.proving import PROOF_S, ProofShown, RefusalsShown, prove_beside_calls, refusals_shown
from dialer import refusals

WINDOW = timedelta(hours=24)
"""What refusals are given of where nobody says."""

EVER = datetime(2000, 1, 1, tzinfo=UTC)

Begin = Annotated[Moment | None, Query(alias="from")]
End = Annotated[Moment | None, Query(alias="to")]


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""
    proving = asyncio.Lock()

    @app.get("/v1/campaigns/{campaign}/audit")
    async def proof(campaign: str) -> ProofShown:
        if proving.locked():
            raise UserError("another campaign's run is being proved: ask again when that is done")
        async with proving:
            return await _proved(engine, campaign)

    @app.get("/v1/campaigns/{campaign}/refusals")
    async def of_campaign(
        campaign: str, sample: Annotated[int, Query(ge=0, le=1000)] = 3, begin: Begin = None, end: End = None
    ) -> list[RefusalsShown]:
        return await _refused(engine, campaign, sample, begin or EVER, end)

    @app.get("/v1/refusals")
    async def of_all(begin: Begin = None, end: End = None) -> list[RefusalsShown]:
        return await _refused(engine, None, 0, begin, end)


async def _proved(engine: Engine, campaign: str) -> ProofShown:
    """
    Raises:
        UserError: the campaign was never started.
        RecordError: the database cannot be read, or the process died.
    """
    given = (engine.settings.engine.database, campaign, engine.clock.now())
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, prove_beside_calls, *given)
    except BrokenProcessPool as problem:
        raise RecordError(f"campaign {campaign}: the process that proves it died: {problem}") from problem
    finally:
        pool.shutdown(wait=False)  # no call waits for it


async def _refused(
    engine: Engine, campaign: str | None, sample: int, begin: datetime | None, end: datetime | None
) -> list[RefusalsShown]:
    now = engine.clock.now()
    campaign_id = None if campaign is None else CampaignId(campaign)

    def look() -> list[RefusalsShown]:
        with closing(open_readonly(engine.settings.engine.database, PROOF_S)) as connection:
            since, until = begin or now - WINDOW, end or now + timedelta(days=1)
            return refusals_shown(refusals.refusals(connection, since, until, campaign_id, sample))

    return await asyncio.to_thread(look)
