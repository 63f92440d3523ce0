"""The reports: figures with their definitions, pictures and downloads, asked for by the page's address alone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse

from calls.errors import UserError
from calls.records.database import open_readonly
from calls.reports import asked, calls_sheet
from calls.reports.asked import SECTIONS, Asked
from calls.reports.definitions import BY_NAME, Section
from calls.reports.files import write_answer
from calls.reports.left_out import left_out
from calls.reports.personal import without_persons
from calls.reports.pictures import pictures
from calls.reports.question import COLUMNS, TIMES, Answer, Dimension
from calls.reports.sheets import MEDIA, Format, write
from console.accounts.roles import Right
from console.accounts.store import Known
from console.downloads import DownloadOrder, Held
from console.reads import targets
from console.web.guard import require
from console.web.navigation import Entry, Group
from console.web.site import Site
from console.web.words.tongue import PageTongue

T = TypeVar("T")

ENTRIES = (Entry("/reports", "nav.reports", Right.REPORTS, Group.LOOK, "reports"),)

BESIDE = 2
"""By how many dimensions a page can be asked."""

SHOWN_ROWS = 500
"""More rows than so many are in the downloads only."""

DEFAULT_BY = {
    Section.NODES.value: "node",
    Section.AGENTS.value: "agent",
    Section.ENDINGS.value: "disposition",
    Section.LEADS.value: "list",
    Section.QUALITY.value: "agent",
}


def add(site: Site) -> None:
    """Add the page and its downloads."""

    @site.app.get("/reports", response_class=HTMLResponse)
    async def reports(request: Request, known: Annotated[Known, Depends(require(Right.REPORTS))]) -> Response:
        words, by = _words(request)
        problem, answer, wanted = "", None, None
        try:
            wanted = asked.read(words, by, site.settings.reports, site.now())
            answer = await _answer(site, wanted)
        except UserError as trouble:
            problem = site.pages.words_of(request).told(str(trouble))
        code = 400 if problem else 200
        values = _shown(site, request, words, by, wanted, answer) | {"targets": []}
        if wanted is not None and site.settings.targets:
            held = await _read(site, lambda db: targets.standings(db, site.settings, site.now()))
            values["targets"] = [each for each in held if BY_NAME[each.figure].section is wanted.section]
        return site.pages.show(request, "reports.html", code, problem=problem, **values)

    @site.app.get("/reports/file")
    async def file(request: Request, known: Annotated[Known, Depends(require(Right.REPORTS))]) -> Response:
        words, by = _words(request)
        how = _format(request)
        wanted = asked.read(words, by, site.settings.reports, site.now())
        answer = await _answer(site, wanted)
        tongue, house = PageTongue(site.pages.words_of(request)), site.settings.reports
        title = tongue.section(wanted.section.value)
        content = await asyncio.to_thread(write_answer, answer, wanted.section, title, how, house, tongue)
        return _download(content, how, f"{wanted.section.value}-{wanted.begin:%Y-%m-%d}")

    @site.app.get("/reports/calls")
    async def calls(request: Request, known: Annotated[Known, Depends(require(Right.REPORTS))]) -> Response:
        how = _format(request)
        words = {name: request.query_params.get(name, "") for name in ("from", "to")}
        wanted = asked.read(words, (), site.settings.reports, site.now())
        begin, end, masked = wanted.begin, wanted.end, Right.PEOPLE not in known.rights
        if not masked:
            order = DownloadOrder(held=Held.CALLS, way="page", first=begin.date(), last=end.date())
            await site.engine.tell("POST", "/v1/downloads", order, known.account.name)
        if how is Format.PARQUET:
            content, _ = await _read(site, lambda db: calls_sheet.parquet(db, begin, end, masked=masked))
        else:
            sheet = await _read(site, lambda db: calls_sheet.calls(db, begin, end))
            content = await asyncio.to_thread(write, without_persons(sheet) if masked else sheet, how)
        return _download(content, how, f"calls-{wanted.begin:%Y-%m-%d}")


async def _read(site: Site, work: Callable[[sqlite3.Connection], T]) -> T:
    def read() -> T:
        with closing(open_readonly(site.settings.engine.database)) as connection:
            return work(connection)

    return await asyncio.to_thread(read)


async def _answer(site: Site, wanted: Asked) -> Answer:
    return await _read(site, lambda db: asked.answer(db, wanted, site.settings.reports, site.now()))


def _download(content: bytes, how: Format, name: str) -> Response:
    return Response(
        content, media_type=MEDIA[how], headers={"Content-Disposition": f'attachment; filename="{name}.{how.value}"'}
    )


def _words(request: Request) -> tuple[dict[str, str], tuple[str, ...]]:
    """What the address says. A page that was not told by what goes by day."""
    query = request.query_params
    names = ("section", "from", "to", *(each.value for each in COLUMNS))
    words = {name: query.get(name, "") for name in names}
    if "by" not in query:
        return words, (DEFAULT_BY.get(words["section"], "day"),)
    return words, tuple(each for each in query.getlist("by") if each)


def _format(request: Request) -> Format:
    try:
        return Format(request.query_params.get("format", "csv"))
    except ValueError:
        raise UserError(f"format: expected one of {', '.join(each.value for each in Format)}") from None


def _shown(
    site: Site,
    request: Request,
    words: dict[str, str],
    by: tuple[str, ...],
    wanted: Asked | None,
    answer: Answer | None,
) -> dict[str, object]:
    """What the template shows."""
    section = wanted.section if wanted else Section.INBOUND
    own = SECTIONS[section]
    shown = answer.figures if answer else ()
    until = wanted.end - timedelta(days=1) if wanted else None
    tongue = PageTongue(site.pages.words_of(request))
    return {
        "section": section,
        "section_links": [each.value for each in SECTIONS],
        "words": words | ({"from": f"{wanted.begin:%Y-%m-%d}", "to": f"{until:%Y-%m-%d}"} if wanted else {}),
        "by": [*by, *[""] * BESIDE][:BESIDE],
        "dimensions": [each.value for each in Dimension if each in TIMES or each in own],
        "filters": [each.value for each in own],
        "answer": answer,
        "rows": answer.rows[:SHOWN_ROWS] if answer else (),
        "left": max(0, len(answer.rows) - SHOWN_ROWS) if answer else 0,
        "pictures": pictures(answer, section, site.settings.reports.lines(), tongue) if answer else [],
        "zone": site.settings.reports.zone,
        "left_out": [each.said(tongue) for each in left_out(answer)] if answer else [],
        "tongue": tongue,
        "figures": [tongue.figure(each) for each in shown],
        "definitions": {each.name: tongue.said(each, site.settings.reports.targets()) for each in shown},
        "query": urlencode([(name, value) for name, value in words.items() if value] + [("by", each) for each in by]),
        "formats": [each.value for each in Format],
        "span": urlencode([(name, words[name]) for name in ("from", "to") if words[name]]),
    }
