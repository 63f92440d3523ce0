"""The pages of lists of leads: what stands in them, imports with a preview of columns and faults, and whole lists."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.datastructures import FormData, UploadFile

from calls.errors import CallwrightError, UserError
from calls.reports.sheets import MEDIA, Format, csv_rows
from console.accounts.roles import Right
from console.accounts.store import Known
from console.downloads import DownloadOrder, Held
from console.reads.names import Names
from console.web.engine import EngineWay
from console.web.guard import Refused, check_csrf, is_by_cookie, posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site
from dialer.leads import lists, store
from dialer.leads.results import results

ENTRIES = (Entry("/lists", "nav.lists", Right.LEADS, Group.WORK, "lists"),)

IMPORT = "/import-leads"
LONGEST_FILE = 512_000_000
"""Bytes of a file that comes through a page; larger ones through the API or the command line."""

CHUNK = 1 << 18
SHOWN_ROWS = 200

Row = Annotated[int, Query(ge=0, le=2**62)]
Imports = Annotated[Known, Depends(require(Right.LEADS))]
Sees = Annotated[Known, Depends(require(Right.PEOPLE))]
Sent = Annotated[FormData, Depends(posted)]


async def with_file(request: Request, known: Imports) -> AsyncIterator[FormData]:
    """A dependency: a form with a file, of somebody who may import; read only after that is known. What is large
    waits on the disk.

    Raises:
        Refused: it is no form of our pages.
    """
    if not is_by_cookie(request):
        raise Refused(403, "a token is for the API: POST /api/v1/leads")
    async with request.form(max_files=1, max_fields=20) as form:
        check_csrf(request, form.get("csrf"))
        yield form


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)
    _add_lists(site, reads)
    _add_import(site, reads)


def _add_lists(site: Site, reads: Reads) -> None:
    @site.app.get("/lists", response_class=HTMLResponse)
    async def all_lists(request: Request, known: Imports) -> Response:
        found = await reads.read_if_any(lambda db: [] if db is None else lists.overview(db))
        campaigns = await reads.read_if_any(lambda db: {} if db is None else Names(db, site.settings).campaigns)
        return site.pages.show(request, "lists.html", lists=found, campaigns=campaigns)

    @site.app.get("/lists/{name}", response_class=HTMLResponse)
    async def one(request: Request, name: str, known: Imports) -> Response:
        found = await reads.read(lambda db: lists.detail(db, name))
        others = await reads.read(
            lambda db: [(each.name, each.name) for each in lists.overview(db) if each.name != name]
        )
        campaigns = await reads.read(lambda db: Names(db, site.settings).campaigns)
        return site.pages.show(request, "list.html", found=found, others=others, campaigns=campaigns)

    @site.app.get("/imports/{import_id}", response_class=HTMLResponse)
    async def refused(request: Request, import_id: str, known: Imports, after: Row = 0) -> Response:
        rows = await reads.read(lambda db: list(store.refusals(db, import_id, SHOWN_ROWS + 1, after=after)))
        more = rows[SHOWN_ROWS - 1].row if len(rows) > SHOWN_ROWS else None
        return site.pages.show(request, "import_refused.html", rows=rows[:SHOWN_ROWS], id=import_id, more=more)

    @site.app.get("/lists/{name}/leads.csv")
    async def results_of(name: str, known: Imports, sees: Sees, campaign: str | None = None) -> Response:
        """What became of each lead, as it is read: a list may have a million. Who takes it is in the audit first."""
        wanted = await reads.read(lambda db: results(db, name, campaign))
        order = DownloadOrder(held=Held.LEADS, way="page", list=name, campaign=campaign)
        await site.engine.tell("POST", "/v1/downloads", order, known.account.name)

        async def pieces() -> AsyncIterator[str]:
            yield csv_rows([wanted.columns])
            after: int | None = 0
            while after is not None:
                page = await reads.read(partial(wanted.page, after=after))
                yield csv_rows(page.rows)
                after = page.after

        given = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.csv"}
        return StreamingResponse(pieces(), media_type=MEDIA[Format.CSV], headers=given)

    @site.app.post("/lists/{name}/{order}")
    async def change(request: Request, name: str, order: str, known: Imports, form: Sent) -> Response:
        path, back = f"/v1/lists/{quote(name, safe='')}", f"/lists/{quote(name, safe='')}"
        ways = {
            "close": ("POST", f"{path}/close"),
            "open": ("POST", f"{path}/open"),
            "move": ("POST", f"{path}/move?{urlencode({'to': str(form.get('to', ''))})}"),
            "remove": ("DELETE", path),
        }
        if order not in ways:
            raise Refused(404, f"there is no order {order!a} for a list")
        words = site.pages.words_of(request)
        try:
            done = await site.engine.tell(*ways[order], who=known.account.name)
        except UserError as problem:
            return site.pages.go(back, words.told(str(problem)), "bad")
        return site.pages.go("/lists" if order == "remove" else back, words.sentence(done.said))


def _add_import(site: Site, reads: Reads) -> None:
    def page(request: Request, code: int = 200, **values: object) -> Response:
        shown: dict[str, object] = {
            "problem": "",
            "preview": None,
            "given": {},
            "region": site.settings.engine.region,
        }
        return site.pages.show(request, "import.html", code, **{**shown, **values})

    @site.app.get(IMPORT, response_class=HTMLResponse)
    async def choose(request: Request, known: Imports, list: str = "") -> Response:
        return page(request, given={"list": list})

    @site.app.post(IMPORT, response_class=HTMLResponse)
    async def take(request: Request, known: Imports, form: Annotated[FormData, Depends(with_file)]) -> Response:
        file, words = form.get("file"), site.pages.words_of(request)
        given = {key: str(form.get(key, "")).strip() for key in ("list", "region", "map", "skip_known")}
        if not isinstance(file, UploadFile) or not file.filename:
            return page(request, 409, given=given, problem=words("lists.no_file"))
        wanted = {"file": file.filename[-100:]} | {key: given[key] for key in ("region", "map") if given[key]}
        is_import = form.get("do") == "import"
        if is_import:
            wanted |= {"list": given["list"], "skip_known": "true" if given["skip_known"] else "false"}
        try:
            path = "/v1/leads" if is_import else "/v1/leads/preview"
            found = await _sent(site.engine, path, wanted, file, known.account.name)
        except CallwrightError as problem:
            return page(request, 409, given=given, problem=words.told(str(problem)))
        if not is_import:
            return page(request, given=given, preview=found, file=file.filename)
        names = {"imported": "imported", "known": "known", "refused": "refused_rows", "rows": "rows"}
        counts = {name: words.formats.number(float(str(found[key]))) for name, key in names.items()}
        said = words("lists.imported_said", file=file.filename[-100:], **counts)
        return site.pages.go(f"/lists/{quote(given['list'], safe='')}", said)


async def _sent(engine: EngineWay, path: str, query: dict[str, str], file: UploadFile, who: str) -> dict[str, object]:
    """What the engine says of a file.

    Raises:
        UserError: the file or the list will not do.
        NoEngine: none listens.
    """

    async def pieces() -> AsyncIterator[bytes]:
        while piece := await file.read(CHUNK):
            yield piece

    answer = await engine.pass_on("POST", path, urlencode(query).encode(), {}, pieces(), who)
    try:
        content = await answer.aread()
    finally:
        await answer.aclose()
    try:
        found: dict[str, object] = json.loads(content)
    except ValueError as problem:
        raise UserError(f"the engine answered {answer.status_code}") from problem
    if answer.is_error:
        raise UserError(str(found.get("problem") or _faults(found)))
    return found


def _faults(found: dict[str, object]) -> str:
    """What does not fit in what was asked, in words."""
    detail = found.get("detail")
    if isinstance(detail, list):
        return "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in detail if isinstance(each, dict))
    return "the engine refused it"
