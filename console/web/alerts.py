"""The page of targets and alerts: how the figures stand, what was past its alarm and until when."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import UserError
from console.accounts.roles import Right
from console.accounts.store import Known
from console.reads import targets
from console.reads.targets import AlertSearch
from console.web.guard import posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site

ENTRIES = (Entry("/alerts", "nav.alerts", Right.VIEW, Group.LOOK, "alerts"),)

SHOWN = 50


def add(site: Site) -> None:
    """Add the page."""
    reads = Reads(site.settings, site.engine, site.now)

    @site.app.get("/alerts", response_class=HTMLResponse)
    async def alerts(
        request: Request, known: Annotated[Known, Depends(require(Right.VIEW))], before: str = ""
    ) -> Response:
        if before and not (before.isdecimal() and len(before) < 19 and int(before)):
            raise UserError(f"before {before[:20]!r}: expected the number of an alert")
        wanted = AlertSearch(before=int(before) if before else None, limit=SHOWN)
        standing = await reads.read(lambda db: targets.standings(db, site.settings, site.now()))
        page = await reads.read(lambda db: targets.page(db, wanted))
        more = f"/alerts?before={page.next}" if page.next else None
        return site.pages.show(
            request,
            "alerts.html",
            targets=standing,
            page=page,
            more=more,
            may_see_to=Right.REPORTS in known.rights,
        )

    @site.app.post("/alerts/{alert_id}/acknowledge")
    async def acknowledge(
        alert_id: int,
        sees: Annotated[Known, Depends(require(Right.VIEW))],
        known: Annotated[Known, Depends(require(Right.REPORTS))],
        form: Annotated[FormData, Depends(posted)],
    ) -> Response:
        try:
            done = await site.engine.tell("POST", f"/v1/alerts/{alert_id}/acknowledge", None, known.account.name)
        except UserError as problem:
            return site.pages.go("/alerts", str(problem), "bad")
        return site.pages.go("/alerts", f"{done.said[:1].upper()}{done.said[1:]}.")
