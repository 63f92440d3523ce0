"""The page of staffing: the agents that a queue's calls need by interval, asked for by the page's address alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse

from calls.errors import UserError
from calls.reports.pictures import Picture, steps
from calls.reports.sheets import MEDIA, Format, write
from console.accounts.roles import Right
from console.accounts.store import Known
from console.reads import staffing
from console.reads.staffing import Staffing, Wanted
from console.web.guard import require
from console.web.navigation import Entry
from console.web.reads import Reads
from console.web.site import Site
from console.web.words import Words

ENTRIES: Sequence[Entry] = ()
"""It is reached from the reports."""

NAMES = ("queue", "from", "to", "by", "weekdays", "share", "within", "abandoned", "patience", "absent")

Reports = Annotated[Known, Depends(require(Right.REPORTS))]


def add(site: Site) -> None:
    """Add the page and its downloads."""
    reads = Reads(site.settings, site.engine, site.now)

    async def found_for(words: dict[str, str]) -> Staffing:
        wanted = _wanted(words)
        return await reads.read(lambda db: staffing.staffing(db, wanted, site.settings.reports, site.now()))

    @site.app.get("/reports/staffing", response_class=HTMLResponse)
    async def page(request: Request, known: Reports) -> Response:
        words = {name: request.query_params.get(name, "") for name in NAMES}
        problem, found = "", None
        try:
            found = await found_for(words)
        except UserError as trouble:
            problem = site.pages.words_of(request).told(str(trouble))
        return site.pages.show(
            request,
            "staffing.html",
            400 if problem else 200,
            words=words,
            found=found,
            problem=problem,
            picture=_picture(found, site.pages.words_of(request)) if found else None,
            queues=[each.name for each in site.settings.queues],
            house=site.settings.reports,
            query=urlencode([(name, value) for name, value in words.items() if value]),
            formats=[each.value for each in Format],
        )

    @site.app.get("/reports/staffing/file")
    async def file(request: Request, known: Reports) -> Response:
        how = request.query_params.get("format", "csv")
        if how not in list(Format):
            raise UserError(f"format {how!r}: expected one of {', '.join(Format)}")
        found = await found_for({name: request.query_params.get(name, "") for name in NAMES})
        content = await asyncio.to_thread(write, found.sheet(), Format(how))
        headers = {"Content-Disposition": f'attachment; filename="staffing.{how}"'}
        return Response(content, media_type=MEDIA[Format(how)], headers=headers)


def _wanted(words: dict[str, str]) -> Wanted:
    return Wanted(
        queue=words["queue"],
        first=words["from"],
        last=words["to"],
        by=words["by"] or "30",
        weekdays=bool(words["weekdays"]),
        share=_number(words, "share", 100.0),
        within_s=_number(words, "within", 1.0),
        abandoned=_number(words, "abandoned", 100.0),
        patience_s=_number(words, "patience", 1.0),
        absent=_number(words, "absent", 100.0) or 0.0,
    )


def _number(words: dict[str, str], name: str, per: float) -> float | None:
    """A number of the form, in the unit of ``per`` of ours."""
    if not words[name]:
        return None
    try:
        return float(words[name].replace(",", ".")) / per
    except ValueError:
        raise UserError(f"{name} {words[name][:20]!r}: expected a number") from None


def _picture(found: Staffing, t: Words) -> Picture:
    agents = (t("staffing.agents"), [float(each.rostered) for each in found.needs])
    load = (t("staffing.erlangs"), [each.load for each in found.needs])
    return steps(t("staffing.picture"), [t.told(each.label) for each in found.needs], agents, load, t.told)
