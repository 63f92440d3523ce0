"""``/v1/leads`` and ``/v1/lists``: import files, look at what they would give and did, and change whole lists."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Annotated, TypeVar

from fastapi import FastAPI, Header, Query, Request, Response

from calls.ids import CampaignId
from calls.records.database import open_readonly
from console import imports, lead_lists
from console.engine.engine import Engine
from console.engine.uploads import received
from console.imports import Import, Reading
from console.lead_lists import Recycling
from console.operations import Done
from dialer.leads import lists, store
from dialer.leads.lists import ListDetail, ListView
from dialer.leads.report import RefusedRow

T = TypeVar("T")

PAGE = 1000
"""Refused rows in one answer."""

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """The routes."""

    @app.post("/v1/leads")
    async def import_leads(request: Request, given: Annotated[Import, Query()], who: Who = "unknown") -> Response:
        now = engine.clock.now()
        async with received(engine, request) as kept:
            report = await imports.import_leads(engine.writer, kept, given, who, now)
        _look_again(engine)
        return Response(imports.report_as_json(report), media_type="application/json")

    @app.post("/v1/leads/preview")
    async def preview(request: Request, given: Annotated[Reading, Query()]) -> dict[str, object]:
        async with received(engine, request) as kept:
            return (await asyncio.to_thread(imports.preview, kept, given)).as_json()

    add_lists(app, engine)


def add_lists(app: FastAPI, engine: Engine) -> None:
    """The routes of whole lists."""

    @app.post("/v1/lists/{name}/close")
    async def close(name: str, who: Who = "unknown") -> Done:
        return await lead_lists.close(engine.writer, name, True, who, engine.clock.now())

    @app.post("/v1/lists/{name}/open")
    async def reopen(name: str, who: Who = "unknown") -> Done:
        done = await lead_lists.close(engine.writer, name, False, who, engine.clock.now())
        _look_again(engine)
        return done

    @app.post("/v1/lists/{name}/move")
    async def move(name: str, to: Annotated[str, Query()], who: Who = "unknown") -> Done:
        done = await lead_lists.move(engine.writer, name, to, who, engine.clock.now())
        _look_again(engine)
        return done

    @app.delete("/v1/lists/{name}")
    async def remove(name: str, who: Who = "unknown") -> Done:
        return await lead_lists.remove(engine.writer, name, who, engine.clock.now())

    @app.post("/v1/leads/recycle/{campaign_id}")
    async def recycle(campaign_id: str, given: Recycling, who: Who = "unknown") -> Done:
        done = await lead_lists.recycle(engine.writer, campaign_id, given, who, engine.clock.now())
        _look_again(engine)
        return done

    @app.get("/v1/lists")
    async def show_all() -> list[ListView]:
        return await asyncio.to_thread(_read, engine, lists.overview)

    @app.get("/v1/lists/{name}")
    async def show(name: str) -> ListDetail:
        return await asyncio.to_thread(_read, engine, partial(lists.detail, name=name))

    @app.get("/v1/imports/{import_id}/refused")
    async def refused(import_id: str, after: Annotated[int, Query()] = 0) -> list[RefusedRow]:
        """Some of the refused rows of an import, behind row ``after``."""
        return await asyncio.to_thread(
            _read, engine, lambda db: list(store.refusals(db, import_id, PAGE, after=after))
        )


def _look_again(engine: Engine) -> None:
    for campaign in engine.status().campaigns:
        engine.leads_changed(CampaignId(campaign.id))


def _read(engine: Engine, look: Callable[[sqlite3.Connection], T]) -> T:
    """What a look at the store gives, in a thread, by a connection that cannot write."""
    with closing(open_readonly(engine.settings.engine.database)) as connection:
        return look(connection)
