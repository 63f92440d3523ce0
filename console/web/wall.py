"""The wallboard: queues, agents by state, campaigns and the figures of the last 24 hours, live."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse

from console.accounts.roles import Right
from console.accounts.store import Known
from console.web.guard import require
from console.web.navigation import Entry, Group
from console.web.site import Site

ENTRIES = (Entry("/wall", "nav.wall", Right.VIEW, Group.NOW, "wall"),)


def add(site: Site) -> None:
    """Add the page."""

    @site.app.get("/wall", response_class=HTMLResponse)
    async def wall(request: Request, known: Annotated[Known, Depends(require(Right.VIEW))]) -> Response:
        site.pages.assets.require()
        t = site.pages.words_of(request)
        titles = {key: t(key) for key in (f"figure.t_{each.figure}" for each in site.settings.targets)}
        return site.pages.show(request, "wall.html", words=t.of("wall", "state", "line", "campaign") | titles)
