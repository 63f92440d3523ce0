"""The engine's API for one campaign: show it and why it dials, change its pace while it runs, let its file hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import FastAPI, Header, Query

from calls.ids import CampaignId
from console import campaign_control
from console.campaign_show import CampaignDetail, detail
from console.campaign_why import DecidedShown, decided_since
from console.engine.engine import Engine
from console.operations import Done
from dialer import events as ev
from dialer.campaign import Campaign

Who = Annotated[str, Header(alias="X-Callwright-Who")]
Hours = Annotated[float, Query(gt=0, le=24 * 366)]
Limit = Annotated[int, Query(ge=1, le=1000)]


def add(app: FastAPI, engine: Engine) -> None:
    """``/v1/campaigns/{campaign_id}`` and its changes."""

    @app.get("/v1/campaigns/{campaign_id}")
    async def show(campaign_id: str) -> CampaignDetail:
        now = engine.clock.now()
        views = engine.dialled.core.view(engine.clock.monotonic_s()).campaigns
        view = next((each for each in views if each.campaign_id == campaign_id), None)
        return await engine.writer.run(lambda db: detail(db, campaign_id, view, now))

    @app.get("/v1/campaigns/{campaign_id}/decisions")
    async def why(campaign_id: str, hours: Hours = 24.0, limit: Limit = 100) -> list[DecidedShown]:
        """Why it dialled, or nothing, the newest first."""
        since = engine.clock.now() - timedelta(hours=hours)
        return await engine.writer.run(lambda db: decided_since(db, campaign_id, since, limit))

    @app.patch("/v1/campaigns/{campaign_id}")
    async def change(campaign_id: str, changes: dict[str, str | int | float | bool], who: Who = "unknown") -> Done:
        engine.require_settled()
        now, settings = engine.clock.now(), engine.settings
        campaign, done = await engine.writer.run(
            lambda db: campaign_control.change(db, campaign_id, changes, settings, who, now)
        )
        _renew(engine, campaign)
        return done

    @app.delete("/v1/campaigns/{campaign_id}/changes")
    async def reset(campaign_id: str, who: Who = "unknown") -> Done:
        engine.require_settled()
        now = engine.clock.now()
        campaign, done = await engine.writer.run(lambda db: campaign_control.reset(db, campaign_id, who, now))
        _renew(engine, campaign)
        return done


def _renew(engine: Engine, campaign: Campaign) -> None:
    """One that does not run is as it is now when it is started."""
    if any(each.campaign_id == CampaignId(campaign.id) for each, _, _ in engine.dialled.core.campaigns()):
        engine.dialled.tell(ev.CampaignRenewed(campaign))
