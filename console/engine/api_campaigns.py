"""The engine's API for new campaigns: their files are written where the engine reads them."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Header

from console import campaign_creating, campaign_draft, operations
from console.campaign_creating import CreateOrder
from console.engine.engine import Engine
from console.operations import Done

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """``POST /v1/campaigns``."""

    @app.post("/v1/campaigns")
    async def create(order: CreateOrder, who: Who = "unknown") -> Done:
        """A campaign's file, checked before it is written. Nothing is dialled until it is started."""
        lists = await engine.writer.run(campaign_draft.lists_of)
        path = await asyncio.to_thread(campaign_creating.create, engine.settings, order, lists)
        now = engine.clock.now()
        await engine.writer.run(lambda db: operations.audit_campaign(db, order.id, "create", who, now))
        more = await asyncio.to_thread(campaign_creating.still_to_do, path, engine.settings)
        return Done(said="\n".join([f"campaign {order.id} is written", *more]))
