"""``/v1/leads``: import files into lists, look at what they would give, and see what was refused."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Annotated, BinaryIO, cast

from fastapi import FastAPI, Header, Query, Request, Response

from calls.errors import LeadError
from calls.ids import CampaignId
from console import imports
from console.engine.engine import Engine
from console.imports import Import, Reading

MAX_BYTES = 4 << 30
"""Of one file."""

CHUNK = 1 << 20

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """The routes."""

    @app.post("/v1/leads")
    async def import_leads(request: Request, given: Annotated[Import, Query()], who: Who = "unknown") -> Response:
        now = engine.clock.now()
        with _room(engine) as kept:
            await _receive(request, kept)
            report = await imports.import_leads(engine.writer, kept, given, who, now)
        for campaign in engine.status().campaigns:
            engine.leads_changed(CampaignId(campaign.id))
        return Response(imports.report_as_json(report), media_type="application/json")

    @app.post("/v1/leads/preview")
    async def preview(request: Request, given: Annotated[Reading, Query()]) -> dict[str, object]:
        with _room(engine) as kept:
            await _receive(request, kept)
            return (await asyncio.to_thread(imports.preview, kept, given)).as_json()


def _room(engine: Engine) -> BinaryIO:
    """A file beside the database, which has room for what is imported into it; gone when it is closed."""
    return cast(BinaryIO, tempfile.TemporaryFile(dir=engine.settings.engine.database.parent, prefix="import-"))


async def _receive(request: Request, kept: BinaryIO) -> None:
    """Write the request's body to the file, in chunks.

    Raises:
        LeadError: it is too large.
    """
    size = 0
    waiting = bytearray()
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BYTES:
            raise LeadError(f"larger than {MAX_BYTES} bytes: import it in parts")
        waiting += chunk
        if len(waiting) >= CHUNK:
            await asyncio.to_thread(kept.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(kept.write, bytes(waiting))
