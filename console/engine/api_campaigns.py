"""The engine's API for the beginning and the end of campaigns: new ones, whose files are written where the engine
reads them, and those that are over and go into the archive."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Header

from calls.ids import CampaignId
from console import archiving, campaign_creating, campaign_draft, operations
from console.campaign_creating import CreateOrder
from console.engine.engine import Engine
from console.operations import Done
from dialer.campaign import promised_id

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """``POST /v1/campaigns``, ``/v1/campaigns/{id}/archive`` and ``/unarchive``."""

    @app.post("/v1/campaigns")
    async def create(order: CreateOrder, who: Who = "unknown") -> Done:
        """A campaign's file, checked before it is written. Nothing is dialled until it is started."""
        lists = await engine.writer.run(campaign_draft.lists_of)
        path = await asyncio.to_thread(campaign_creating.create, engine.settings, order, lists)
        now = engine.clock.now()
        await engine.writer.run(lambda db: operations.audit_campaign(db, order.id, "create", who, now))
        more = await asyncio.to_thread(campaign_creating.still_to_do, path, engine.settings)
        return Done(said="\n".join([f"campaign {order.id} is written", *more]))

    @app.post("/v1/campaigns/{campaign_id}/archive")
    async def archive(campaign_id: str, who: Who = "unknown") -> Done:
        """No start goes on beside it: one would have the campaign run that is put away."""
        wanted, now = CampaignId(campaign_id), engine.clock.now()
        with engine.starts.archiving(wanted):
            done = await engine.writer.run(lambda db: archiving.archive(db, campaign_id, who, now))
            for each in (wanted, CampaignId(promised_id(campaign_id))):
                engine.dialled.core.forget(each)
        return done

    @app.post("/v1/campaigns/{campaign_id}/unarchive")
    async def unarchive(campaign_id: str, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: archiving.unarchive(db, campaign_id, who, now))
