"""The floor: agents and calls as they are, listening to talks, agents' states, and the emergency switch."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse

from calls.settings import Settings
from console.accounts.roles import Right
from console.accounts.store import Known
from console.web.guard import require
from console.web.navigation import Entry, Group
from console.web.site import Site

ENTRIES = (Entry("/floor", "nav.floor", Right.FLOOR, Group.NOW, "floor"),)


def add(site: Site) -> None:
    """Add the page."""

    @site.app.get("/floor", response_class=HTMLResponse)
    async def floor(request: Request, known: Annotated[Known, Depends(require(Right.FLOOR))]) -> Response:
        site.pages.assets.require()
        words = site.pages.words_of(request).of("floor", "state", "line")
        return site.pages.show(request, "floor.html", words=words, floor=offered(site.settings, known.account.name))


def offered(settings: Settings, name: str) -> dict[str, object]:
    """What the floor's script offers. ``me``: the supervisor of the settings whose id is the account's name."""
    supervisors = [{"id": each.id, "label": each.name} for each in settings.supervisors]
    mine = next((each.id for each in settings.supervisors if each.id.casefold() == name.casefold()), "")
    return {
        "me": mine,
        "supervisors": supervisors,
        "reasons": [{"id": each.id, "label": each.label} for each in settings.pause_reasons],
        "queues": [each.name for each in settings.queues],
        "hours": sorted({each.override for each in settings.queues if each.override}),
    }
