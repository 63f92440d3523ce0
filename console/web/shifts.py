"""The page of agents' shifts: what is planned, and a form for more."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import UserError
from console import shifting
from console.accounts.roles import Right
from console.accounts.store import Known
from console.shifting import ShiftsOrder
from console.web.guard import posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site

PATH = "/shifts"
ENTRIES = (Entry(PATH, "nav.shifts", Right.FLOOR, Group.PEOPLE, "clock"),)

Plans = Annotated[Known, Depends(require(Right.FLOOR))]


def add(site: Site) -> None:
    """Add the page."""
    reads = Reads(site.settings, site.engine, site.now)

    async def page(request: Request, problem: str = "", text: str = "", since: str = "") -> Response:
        found = await reads.read_if_any(lambda db: () if db is None else shifting.planned(db))
        return site.pages.show(
            request, "shifts.html", 409 if problem else 200, shifts=found, problem=problem, text=text, since=since,
            agents=[each.id for each in site.settings.agents], zone=site.settings.reports.zone,
        )  # fmt: skip

    @site.app.get(PATH, response_class=HTMLResponse)
    async def show(request: Request, known: Plans) -> Response:
        return await page(request)

    @site.app.post(PATH, response_class=HTMLResponse)
    async def bring(request: Request, known: Plans, form: Annotated[FormData, Depends(posted)]) -> Response:
        text, since = str(form.get("text", "")), str(form.get("since", "")).strip()
        try:
            order = ShiftsOrder(text=text, since=date.fromisoformat(since) if since else None)
            done = await site.engine.tell("PUT", "/v1/shifts", order, known.account.name)
        except (UserError, ValueError) as problem:
            return await page(request, str(problem), text, since)
        return site.pages.go(PATH, f"{done.said}.")
