"""The pages by which people come in: the first administrator, log-in and log-out, password, second factor."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Annotated

import segno
from fastapi import Depends, FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from calls import log
from calls.errors import CallwrightError, UserError
from calls.records.database import open_readonly
from calls.settings import Settings
from console.accounts import orders, passwords, second_factor, store
from console.accounts.passwords import NotGood
from console.accounts.roles import Role
from console.accounts.store import Known, Secrets
from console.web.engine import EngineWay
from console.web.guard import COOKIE, Guard, known_of, posted
from console.web.pages import Pages

HASHES = 2
"""How many passwords are judged at a time: each takes a core for a while."""


class Wrong(UserError):
    """Somebody does not come in, or may not have this password. ``key``: the words ``login.KEY`` say so in
    the language of who asks, with ``values`` in them."""

    def __init__(self, key: str, **values: int) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class SetupCode:
    """What shows that whoever makes the first account reads this machine's log: 96 bits in six groups of letters,
    which nobody guesses. It stays until the console ends: no stranger's wrong tries take it from who has read it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._code = ""

    def tell(self) -> None:
        """Write it to the log, once."""
        if not self._code:
            self._code = "-".join(secrets.token_hex(2) for _ in range(6))
            log.get().warning("there are no accounts yet: make the first one", at=self._url, code=self._code)

    def is_right(self, given: str) -> bool:
        """Whether it is this."""
        return bool(self._code) and hmac.compare_digest(given.strip().lower().encode(), self._code.encode())


class LogIns:
    """Judges who wants to come in."""

    def __init__(self, settings: Settings, engine: EngineWay, now: Callable[[], datetime]) -> None:
        self._database = settings.engine.database
        self._engine = engine
        self._now = now
        self._hasher = passwords.Hasher()
        self._hashing = asyncio.Semaphore(HASHES)

    async def hash(self, password: str) -> str:
        """What may be kept of it."""
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def log_in(self, name: str, password: str, code: str, address: str) -> str:
        """A new session's token.

        Raises:
            Wrong: name, password or code are wrong, or too many were.
            CallwrightError: the engine or the database is not there.
        """
        order = orders.TryOrder(name=name[:200], address=address)
        answer = await self._engine.ask("POST", "/v1/log-ins", order.model_dump_json().encode())
        until = orders.Tried.model_validate_json(answer.content).locked_until
        if until is not None:
            left = max(1, round((until - self._now()).total_seconds() / 60))
            raise Wrong("too_many", minutes=left)
        found = await asyncio.to_thread(self._secrets_of, name)
        async with self._hashing:
            kept = None if found is None else found.password
            right = await asyncio.to_thread(self._hasher.is_right, password, kept)
        if found is None or not right:
            raise Wrong("wrong")
        step = None
        if found.totp is not None:
            step = second_factor.step_of(found.totp, code.replace(" ", ""), found.totp_used, self._now())
            if step is None:
                raise Wrong("wrong")
        token = orders.new_token()
        opened = orders.SessionOrder(name=name, token=store.digest(token), address=address, step=step)
        await self._engine.tell("POST", "/v1/sessions", opened)
        return token

    async def is_password(self, known: Known, password: str, address: str) -> bool:
        """Whether it is the account's own; counted as a try to log in is, and forgotten where it is right.

        Raises:
            Wrong: too many tries.
        """
        order = orders.TryOrder(name=known.account.name, address=address)
        answer = await self._engine.ask("POST", "/v1/log-ins", order.model_dump_json().encode())
        if orders.Tried.model_validate_json(answer.content).locked_until is not None:
            raise Wrong("too_many_later")
        found = await asyncio.to_thread(self._secrets_of, known.account.name)
        async with self._hashing:
            kept = None if found is None else found.password
            right = await asyncio.to_thread(self._hasher.is_right, password, kept)
        if right:
            await self._engine.tell("POST", "/v1/log-ins/right", order)
        return right

    def _secrets_of(self, name: str) -> Secrets | None:
        with closing(open_readonly(self._database)) as connection:
            return store.secrets_of(connection, name)


Text = Annotated[str, Form(max_length=400)]


def add(
    app: FastAPI, pages: Pages, guard: Guard, engine: EngineWay, log_ins: LogIns, setup: SetupCode,
    now: Callable[[], datetime],
) -> None:  # fmt: skip
    """Add the routes."""
    _add_first(app, pages, guard, engine, log_ins, setup)
    _add_log_in(app, pages, guard, engine, log_ins, setup)
    _add_password(app, pages, engine, log_ins)
    _add_second_factor(app, pages, engine, log_ins, now)


def _add_first(
    app: FastAPI, pages: Pages, guard: Guard, engine: EngineWay, log_ins: LogIns, setup: SetupCode
) -> None:
    @app.get("/setup", response_class=HTMLResponse)
    async def setup_page(request: Request) -> Response:
        if await guard.any_account():
            return RedirectResponse("/log-in", 303)
        setup.tell()
        return pages.show(request, "setup.html", trouble="", name="")

    @app.post("/setup", response_class=HTMLResponse)
    async def make_first(
        request: Request, name: Text = "", password: Text = "", again: Text = "", code: Text = ""
    ) -> Response:
        try:
            if await guard.any_account():
                return RedirectResponse("/log-in", 303)
            if not setup.is_right(code):
                raise UserError("That is not the code that stands in the console's log.")
            _check_new(password, again, name)
            order = orders.AddOrder(
                name=name,
                role=Role.ADMINISTRATOR,
                password=await log_ins.hash(password),
                must_change=False,
                first=True,
            )
            await engine.tell("POST", "/v1/accounts", order, "first start")
            token = await log_ins.log_in(name, password, "", _address(request))
        except CallwrightError as problem:
            return pages.show(request, "setup.html", 409, trouble=_said(pages, request, problem), name=name)
        return _let_in(request, token)


def _add_log_in(
    app: FastAPI, pages: Pages, guard: Guard, engine: EngineWay, log_ins: LogIns, setup: SetupCode
) -> None:
    @app.get("/log-in", response_class=HTMLResponse)
    async def log_in_page(request: Request) -> Response:
        if request.state.known is not None:
            return RedirectResponse("/", 303)
        if not await guard.any_account():
            setup.tell()
            return RedirectResponse("/setup", 303)
        return pages.show(request, "log_in.html", trouble="", name="")

    @app.post("/log-in", response_class=HTMLResponse)
    async def log_in(request: Request, name: Text = "", password: Text = "", code: Text = "") -> Response:
        try:
            token = await log_ins.log_in(name, password, code, _address(request))
        except CallwrightError as problem:
            return pages.show(request, "log_in.html", 403, trouble=_said(pages, request, problem), name=name)
        return _let_in(request, token)

    @app.post("/log-out")
    async def log_out(request: Request, form: Annotated[FormData, Depends(posted)]) -> Response:
        await engine.tell("DELETE", f"/v1/sessions/{known_of(request).token}")
        response = RedirectResponse("/log-in", 303)
        response.delete_cookie(COOKIE, path="/")
        return response


def _add_password(app: FastAPI, pages: Pages, engine: EngineWay, log_ins: LogIns) -> None:
    @app.get("/password", response_class=HTMLResponse)
    async def password_page(request: Request) -> Response:
        known_of(request)
        return pages.show(request, "password.html", trouble="", least=passwords.SHORTEST)

    @app.post("/password", response_class=HTMLResponse)
    async def change_password(request: Request, form: Annotated[FormData, Depends(posted)]) -> Response:
        known = known_of(request)
        old, new, again = (str(form.get(field, "")) for field in ("old", "password", "again"))
        try:
            if not await log_ins.is_password(known, old, _address(request)):
                raise Wrong("old_wrong")
            if new == old:
                raise Wrong("same")
            _check_new(new, again, known.account.name)
            order = orders.PasswordOrder(password=await log_ins.hash(new), must_change=False)
            path = f"/v1/accounts/{pages.quoted(known.account.name)}/password"
            await engine.tell("PUT", path, order, known.account.name)
        except CallwrightError as problem:
            return pages.show(
                request, "password.html", 409, trouble=_said(pages, request, problem), least=passwords.SHORTEST
            )
        return RedirectResponse("/log-in", 303)  # every session has ended, this one too


def _add_second_factor(
    app: FastAPI, pages: Pages, engine: EngineWay, log_ins: LogIns, now: Callable[[], datetime]
) -> None:
    def offer(request: Request, secret: str, trouble: str = "") -> Response:
        uri = second_factor.address(secret, known_of(request).account.name)
        picture = segno.make(uri, micro=False).svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
        shown = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        status = 409 if trouble else 200
        return pages.show(
            request, "second_factor.html", status, secret=secret, shown=shown, picture=picture, trouble=trouble
        )

    @app.get("/second-factor", response_class=HTMLResponse)
    async def second_factor_page(request: Request) -> Response:
        known_of(request)
        return offer(request, second_factor.new_secret())

    @app.post("/second-factor", response_class=HTMLResponse)
    async def set_second_factor(request: Request, form: Annotated[FormData, Depends(posted)]) -> Response:
        known = known_of(request)
        secret, code = str(form.get("secret", "")), str(form.get("code", "")).replace(" ", "")
        if not second_factor.SECRET.fullmatch(secret):
            return RedirectResponse("/second-factor", 303)
        step = second_factor.step_of(secret, code, 0, now())
        if step is None:
            return offer(request, secret, _said(pages, request, Wrong("factor_wrong")))
        try:
            if not await log_ins.is_password(known, str(form.get("password", "")), _address(request)):
                raise Wrong("password_wrong")
        except UserError as problem:
            return offer(request, secret, _said(pages, request, problem))
        order = orders.SecondFactorOrder(secret=secret, step=step)
        path = f"/v1/accounts/{pages.quoted(known.account.name)}/second-factor"
        await engine.tell("PUT", path, order, known.account.name)
        return RedirectResponse("/account", 303)


def _check_new(password: str, again: str, name: str) -> None:
    if password != again:
        raise Wrong("not_same")
    passwords.check(password, name)


def _said(pages: Pages, request: Request, problem: CallwrightError) -> str:
    """Why not, in the language of who asks, where it is of these pages; else as it was said."""
    if isinstance(problem, Wrong | NotGood):
        return pages.words_of(request)(f"login.{problem.key}", **problem.values)
    return str(problem)


def _address(request: Request) -> str:
    return request.client.host[:100] if request.client is not None else ""


def _let_in(request: Request, token: str) -> Response:
    response = RedirectResponse("/", 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(store.SESSION.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response
