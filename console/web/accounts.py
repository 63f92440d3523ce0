"""The pages of accounts: made, changed, disabled and unlocked, with new passwords and programs' tokens shown once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from starlette.datastructures import FormData

from calls.errors import UserError
from console.accounts import orders, passwords, store
from console.accounts.roles import RIGHTS, Right, Role
from console.accounts.store import Known
from console.reads import system
from console.web.guard import posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site

ENTRIES = (Entry("/accounts", "nav.accounts", Right.SYSTEM, Group.SYSTEM, "accounts"),)

Administers = Annotated[Known, Depends(require(Right.SYSTEM))]
Sent = Annotated[FormData, Depends(posted)]
DAYS = 90


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)
    hasher = passwords.Hasher()
    _add_shown(site, reads)
    _add_made(site, reads, hasher)
    _add_changes(site, reads, hasher)


async def _page(
    site: Site,
    reads: Reads,
    request: Request,
    problem: str = "",
    given: dict[str, str] | None = None,
    secret: tuple[str, str] | None = None,
    scopes: frozenset[str] = frozenset(),
) -> Response:
    """``secret``: what it is, and the secret itself: it stands on this one page."""
    now, t = site.now(), site.pages.words_of(request)
    accounts = await reads.read(lambda db: system.accounts(db, now))
    tokens = await reads.read(system.tokens)
    return site.pages.show(
        request,
        "accounts.html",
        409 if problem else 200,
        accounts=accounts,
        tokens=tokens,
        roles=[(each.value, t(f"accounts.role_{each.value}")) for each in Role],
        agents=[("", t("accounts.nobody"))]
        + [(each.id, f"{each.name} ({each.id})") for each in site.settings.agents],
        rights=[each.value for each in Right],
        of_role={role.value: sorted(each.value for each in RIGHTS[role]) for role in Role},
        names=[(each.name, each.name) for each in accounts if not each.disabled],
        problem=t.told(problem),
        given=given or {},
        secret=secret,
        scopes=scopes,
    )


def _add_shown(site: Site, reads: Reads) -> None:
    @site.app.get("/accounts", response_class=HTMLResponse)
    async def show(request: Request, known: Administers) -> Response:
        return await _page(site, reads, request)


def _add_made(site: Site, reads: Reads, hasher: passwords.Hasher) -> None:
    @site.app.post("/accounts", response_class=HTMLResponse)
    async def make(request: Request, known: Administers, form: Sent) -> Response:
        given = {name: str(form.get(name, "")).strip() for name in ("name", "role", "agent")}
        password = passwords.made()
        try:
            order = orders.AddOrder(
                name=given["name"],
                role=Role(given["role"]),
                agent=given["agent"] or None,
                password=await _hashed(hasher, password),
            )
            await site.engine.tell("POST", "/v1/accounts", order, known.account.name)
        except (UserError, ValueError) as problem:
            return await _page(site, reads, request, str(problem), given)
        what = site.pages.words_of(request)("accounts.made", name=given["name"])
        return await _page(site, reads, request, secret=(what, password))

    @site.app.post("/accounts/tokens", response_class=HTMLResponse)
    async def token(request: Request, known: Administers, form: Sent) -> Response:
        given = {name: str(form.get(name, "")).strip() for name in ("account", "purpose", "days")}
        scopes, secret = frozenset(str(each) for each in form.getlist("scope")), orders.new_token("cw_")
        try:
            order = orders.TokenOrder(
                name=given["purpose"],
                token=store.digest(secret),
                scopes=frozenset(Right(each) for each in scopes),
                expires_at=site.now() + timedelta(days=int(given["days"])),
            )
            path = f"/v1/accounts/{quote(given['account'], safe='')}/tokens"
            await site.engine.tell("POST", path, order, known.account.name)
        except (UserError, ValueError, OverflowError) as problem:
            needs = site.pages.words_of(request)("accounts.token_needs")
            words = str(problem) if isinstance(problem, UserError) else needs
            return await _page(site, reads, request, words, given, scopes=scopes)
        t = site.pages.words_of(request)
        what = t("accounts.token_made", name=given["account"], purpose=given["purpose"])
        return await _page(site, reads, request, secret=(what, secret))


def _add_changes(site: Site, reads: Reads, hasher: passwords.Hasher) -> None:
    async def told(
        request: Request, known: Known, method: str, path: str, order: BaseModel | None = None
    ) -> Response:
        words = site.pages.words_of(request)
        try:
            done = await site.engine.tell(method, path, order, known.account.name)
        except UserError as problem:
            return site.pages.go("/accounts", words.told(str(problem)), "bad")
        return site.pages.go("/accounts", words.sentence(done.said))

    @site.app.post("/accounts/{name}/change")
    async def change(request: Request, name: str, known: Administers, form: Sent) -> Response:
        try:
            order = orders.ChangeOrder(role=Role(str(form.get("role", ""))), agent=str(form.get("agent", "")))
        except ValueError:
            return site.pages.go("/accounts", site.pages.words_of(request)("accounts.no_role"), "bad")
        return await told(request, known, "PATCH", _path(name), order)

    @site.app.post("/accounts/{name}/disable")
    async def disable(request: Request, name: str, known: Administers, form: Sent) -> Response:
        return await told(request, known, "PATCH", _path(name), orders.ChangeOrder(disabled=True))

    @site.app.post("/accounts/{name}/enable")
    async def enable(request: Request, name: str, known: Administers, form: Sent) -> Response:
        return await told(request, known, "PATCH", _path(name), orders.ChangeOrder(disabled=False))

    @site.app.post("/accounts/{name}/unlock")
    async def unlock(request: Request, name: str, known: Administers, form: Sent) -> Response:
        return await told(request, known, "POST", f"{_path(name)}/unlock")

    @site.app.post("/accounts/{name}/no-second-factor")
    async def no_second_factor(request: Request, name: str, known: Administers, form: Sent) -> Response:
        return await told(
            request, known, "PUT", f"{_path(name)}/second-factor", orders.SecondFactorOrder(secret=None)
        )

    @site.app.post("/accounts/{name}/password", response_class=HTMLResponse)
    async def password(request: Request, name: str, known: Administers, form: Sent) -> Response:
        made, t = passwords.made(), site.pages.words_of(request)
        order = orders.PasswordOrder(password=await _hashed(hasher, made))
        try:
            await site.engine.tell("PUT", f"{_path(name)}/password", order, known.account.name)
        except UserError as problem:
            return site.pages.go("/accounts", t.told(str(problem)), "bad")
        if name == known.account.name:  # every session has ended, this one too: the page goes out all the same
            request.state.known = None
            return site.pages.show(request, "problem.html", words=t("accounts.your_password", password=made))
        return await _page(site, reads, request, secret=(t("accounts.new_password", name=name), made))

    @site.app.post("/accounts/tokens/{token_id}/revoke")
    async def revoke(request: Request, token_id: str, known: Administers, form: Sent) -> Response:
        return await told(request, known, "DELETE", f"/v1/tokens/{quote(token_id, safe='')}")


async def _hashed(hasher: passwords.Hasher, password: str) -> str:
    return await asyncio.to_thread(hasher.hash, password)


def _path(name: str) -> str:
    return f"/v1/accounts/{quote(name, safe='')}"
