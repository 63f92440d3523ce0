"""The wallboard: queues, agents, campaigns and the figures of the last 24 hours."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse

from calls.errors import CallwrightError, RecordError
from calls.records.database import open_readonly
from calls.records.figure import Figure, Scope
from calls.records.figures import Targets, all_figures
from calls.settings import Settings
from console.accounts.roles import Right
from console.accounts.store import Known
from console.engine.status import Status
from console.web.engine import EngineWay
from console.web.guard import require
from console.web.navigation import Entry, Group
from console.web.shared import Shared
from console.web.site import Site

ENTRIES = (Entry("/wall", "nav.wall", Right.VIEW, Group.NOW, "wall"),)

WINDOW = timedelta(hours=24)

FIGURES_S = 2.0
"""How often the figures are counted, however many look at the page: as often as it asks for itself again."""


def add(site: Site) -> None:
    """Add the page."""
    figures = Shared(lambda: _figures(site.settings, site.now()), FIGURES_S, site.monotonic_s)

    @site.app.get("/wall", response_class=HTMLResponse)
    async def wall(request: Request, known: Annotated[Known, Depends(require(Right.VIEW))]) -> Response:
        status, trouble = await _status(site.engine)
        shown = await asyncio.to_thread(figures.get)
        return site.pages.show(request, "wall.html", status=status, trouble=trouble, figures=shown)


async def _status(engine: EngineWay) -> tuple[Status | None, str]:
    try:
        return Status.model_validate_json((await engine.ask("GET", "/v1/status")).content), ""
    except CallwrightError as problem:
        return None, str(problem)


def _figures(settings: Settings, now: datetime) -> list[Figure]:
    try:
        with closing(open_readonly(settings.engine.database)) as connection:
            return all_figures(connection, Scope(now - WINDOW, now, now=now), Targets())
    except RecordError:
        return []
