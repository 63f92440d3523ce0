"""The page of how far a campaign is: penetration by attempts and by time, and its funnel, with their files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse

from calls.errors import UserError
from calls.reports.curves import curves, funnel
from calls.reports.pictures import Picture
from calls.reports.progress import STAGES, Point, Progress, days, progress
from calls.reports.sheets import MEDIA, Format, write
from console.accounts.roles import Right
from console.accounts.store import Known
from console.reads.campaigns import is_known
from console.web.guard import require
from console.web.navigation import Entry
from console.web.reads import Reads
from console.web.site import Site
from console.web.words import Words

ENTRIES: Sequence[Entry] = ()
"""It is reached from the campaign's page."""

NAMES = ("from", "to", "list")

Manages = Annotated[Known, Depends(require(Right.CAMPAIGNS))]


def add(site: Site) -> None:
    """Add the page and its downloads."""
    reads = Reads(site.settings, site.engine, site.now)

    async def found_for(campaign_id: str, words: dict[str, str]) -> Progress:
        zone = site.settings.reports.place()
        since, until = days(_day(words, "from"), _day(words, "to"), zone)
        return await reads.read(lambda db: progress(db, campaign_id, zone, since, until, words["list"]))

    @site.app.get("/campaigns/{campaign_id}/progress", response_class=HTMLResponse)
    async def page(request: Request, campaign_id: str, known: Manages) -> Response:
        words = {name: request.query_params.get(name, "") for name in NAMES}
        t = site.pages.words_of(request)
        if not await reads.read_if_any(lambda db: is_known(db, site.settings.campaigns, campaign_id)):
            return _none(site, request, campaign_id)
        problem, found = "", None
        try:
            found = await found_for(campaign_id, words)
        except UserError as trouble:
            problem = t.told(str(trouble))
        return site.pages.show(
            request,
            "progress.html",
            400 if problem else 200,
            id=campaign_id,
            words=words,
            found=found,
            problem=problem,
            pictures=drawn(found, t) if found else [],
            stages=STAGES,
            query=urlencode({name: value for name, value in words.items() if value}),
            formats=[each.value for each in Format],
        )

    @site.app.get("/campaigns/{campaign_id}/progress/file")
    async def file(request: Request, campaign_id: str, known: Manages) -> Response:
        how = request.query_params.get("format", "csv")
        if how not in list(Format):
            raise UserError(f"format {how[:20]!r}: expected one of {', '.join(Format)}")
        if not await reads.read_if_any(lambda db: is_known(db, site.settings.campaigns, campaign_id)):
            return _none(site, request, campaign_id)
        found = await found_for(campaign_id, {name: request.query_params.get(name, "") for name in NAMES})
        content = await asyncio.to_thread(write, found.sheet(campaign_id), Format(how))
        headers = {"Content-Disposition": f'attachment; filename="progress.{how}"'}
        return Response(content, media_type=MEDIA[Format(how)], headers=headers)


def _none(site: Site, request: Request, campaign_id: str) -> Response:
    words = site.pages.words_of(request)("campaigns.no_such", id=campaign_id)
    return site.pages.show(request, "problem.html", 404, words=words)


def drawn(found: Progress, t: Words) -> list[Picture]:
    """The curves and the funnel, in words of who looks; none before anybody was dialled."""
    if not found.roll or not found.attempts:
        return []
    stages = [(t(f"progress.stage_{stage}"), many) for stage, many in zip(STAGES, found.funnel, strict=True)]
    return [
        _curves(found, found.by_attempt, t("progress.by_attempt"), t),
        _curves(found, found.by_time, t("progress.by_time"), t),
        funnel(t("progress.funnel"), stages, t.told),
    ]


def _curves(found: Progress, points: Sequence[Point], title: str, t: Words) -> Picture:
    series = (
        (t("progress.tried"), [each.tried / found.roll for each in points]),
        (t("progress.met"), [each.met / found.roll for each in points]),
    )
    return curves(title, [_short(each.label) for each in points], series, t.told)


def _short(label: str) -> str:
    """An hour without its zone, a day without its year."""
    if label[10:11] == "T":
        return f"{label[5:10]} {label[11:16]}" if label[11:16] == "00:00" else label[11:16]
    return label[5:] if label[4:5] == "-" else label


def _day(words: dict[str, str], name: str) -> date | None:
    if not words[name]:
        return None
    try:
        return date.fromisoformat(words[name])
    except ValueError:
        raise UserError(f"{name} {words[name][:20]!r}: expected a day such as 2026-05-31") from None
