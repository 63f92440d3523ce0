"""``/v1/lists/{list}/leads/{number}``: one lead, shown, edited and removed."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Annotated

from fastapi import FastAPI, Header

from calls.ids import CampaignId
from calls.records.database import open_readonly
from console import one_lead
from console.engine.engine import Engine
from console.one_lead import Changed, EditOrder, OneLead
from console.operations import Done

Who = Annotated[str, Header(alias="X-Callwright-Who")]

PATH = "/v1/lists/{name}/leads/{number}"


def add(app: FastAPI, engine: Engine) -> None:
    """The routes."""
    settings, now = engine.settings, engine.clock.now

    @app.get(PATH)
    async def show_lead(name: str, number: str) -> OneLead:
        def look() -> OneLead:
            with closing(open_readonly(settings.engine.database)) as connection:
                return one_lead.show(connection, settings, name, number)

        return await asyncio.to_thread(look)

    @app.patch(PATH)
    async def edit_lead(name: str, number: str, order: EditOrder, who: Who = "unknown") -> Done:
        changed = await engine.writer.run(lambda db: one_lead.edit(db, settings, name, number, order, who, now()))
        return _told(engine, changed)

    @app.delete(PATH)
    async def remove_lead(name: str, number: str, who: Who = "unknown") -> Done:
        changed = await engine.writer.run(lambda db: one_lead.remove(db, settings, name, number, who, now()))
        return _told(engine, changed)


def _told(engine: Engine, changed: Changed) -> Done:
    """An agent who looks at the lead is shown it anew, or another one, and campaigns look what is due."""
    engine.previews.lead_changed(changed.lead_id)
    for campaign in engine.status().campaigns:
        engine.leads_changed(CampaignId(campaign.id))
    return changed.done
