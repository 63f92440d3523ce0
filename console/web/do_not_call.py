"""The page of who is not called: our own list, searched and changed, imported lists, and callers who are blocked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import UserError
from calls.numbers import NumberProblem, to_e164
from calls.people import do_not_call
from console.accounts.roles import Right
from console.accounts.store import Known
from console.forbidding import ForbidOrder
from console.operations import BlockOrder
from console.reads import rules
from console.reads.names import Names
from console.web.guard import posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site

ENTRIES = (Entry("/do-not-call", "nav.do_not_call", Right.RULES, Group.PEOPLE, "stop"),)

Rules = Annotated[Known, Depends(require(Right.RULES))]
Sent = Annotated[FormData, Depends(posted)]
PATH = "/do-not-call"


def add(site: Site) -> None:
    """Add the page."""
    reads = Reads(site.settings, site.engine, site.now)
    region = site.settings.engine.region

    async def page(
        request: Request, q: str = "", after: str = "", problem: str = "", given: dict[str, str] | None = None
    ) -> Response:
        found = await reads.read_if_any(
            lambda db: (
                rules.ForbiddenPage(entries=(), next=None, count=0) if db is None else rules.forbidden(db, q, after)
            )
        )
        lists = await reads.read_if_any(lambda db: [] if db is None else rules.lists(db))
        blocked = await reads.read_if_any(lambda db: [] if db is None else rules.turned_away(db))
        campaigns = await reads.read_if_any(lambda db: {} if db is None else Names(db, site.settings).campaigns)
        more = f"{PATH}?{urlencode({'q': q, 'after': found.next})}" if found.next else None
        return site.pages.show(
            request, "do_not_call.html", 409 if problem else 200, found=found, lists=lists, blocked=blocked, q=q,
            more=more, problem=problem, given=given or {}, now=site.now(), aged=timedelta(days=31),
            campaigns=campaigns, many="one" if found.count == 1 else "many",
        )  # fmt: skip

    @site.app.get(PATH, response_class=HTMLResponse)
    async def show(request: Request, known: Rules, q: str = "", after: str = "") -> Response:
        return await page(request, q[:40], after[:100])

    @site.app.post(PATH, response_class=HTMLResponse)
    async def forbid(request: Request, known: Rules, form: Sent) -> Response:
        words = site.pages.words_of(request)
        given = {name: str(form.get(name, "")).strip() for name in ("number", "reason", "until", "source", "proof")}
        try:
            until = datetime.fromisoformat(given["until"]).replace(tzinfo=UTC) if given["until"] else None
            order = ForbidOrder(
                number=_spelled(given["number"], region),
                reason=given["reason"],
                until=until,
                source=given["source"] or "console",
                proof=given["proof"],
            )
            done = await site.engine.tell("POST", "/v1/do-not-call", order, known.account.name)
        except (UserError, ValueError) as problem:
            told = words.told(str(problem)) if isinstance(problem, UserError) else words("forbidden.bad_form")
            return await page(request, problem=told, given=given)
        return site.pages.go(PATH, f"{words.told(done.said)}.")

    @site.app.post("/do-not-call/remove")
    async def allow(request: Request, known: Rules, form: Sent) -> Response:
        query = {"reason": str(form.get("reason", ""))[:200]}
        if campaign := str(form.get("campaign", "")):
            query["campaign"] = campaign
        path = f"/v1/do-not-call/{quote(str(form.get('number', '')), safe='')}?{urlencode(query)}"
        try:
            done = await site.engine.tell("DELETE", path, who=known.account.name)
        except UserError as problem:
            return site.pages.go(PATH, site.pages.words_of(request).told(str(problem)), "bad")
        return site.pages.go(PATH, f"{site.pages.words_of(request).told(done.said)}.")

    @site.app.post("/do-not-call/block")
    async def block(request: Request, known: Rules, form: Sent) -> Response:
        order = BlockOrder.model_construct(
            number=str(form.get("number", ""))[:40], reason=str(form.get("reason", ""))[:200], until=None
        )
        try:
            done = await site.engine.tell("POST", "/v1/blocked", order, known.account.name)
        except UserError as problem:
            return site.pages.go(PATH, site.pages.words_of(request).told(str(problem)), "bad")
        return site.pages.go(PATH, f"{site.pages.words_of(request).told(done.said)}.")

    @site.app.post("/do-not-call/unblock")
    async def unblock(request: Request, known: Rules, form: Sent) -> Response:
        path = f"/v1/blocked/{quote(str(form.get('number', '')), safe='')}"
        done = await site.engine.tell("DELETE", path, who=known.account.name)
        return site.pages.go(PATH, f"{site.pages.words_of(request).told(done.said)}.")


def _spelled(number: str, region: str | None) -> str:
    """In E.164, or the beginning of many as it is.

    Raises:
        UserError: it is neither.
    """
    if do_not_call.BEGINNING.match(number):
        return number
    try:
        return to_e164(number, region)
    except NumberProblem as problem:
        raise UserError(f"{number!a} is no number: {problem.reason}") from problem
