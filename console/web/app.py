"""The console's process: pages and the public API for those who have an account, and its own probes."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.exceptions import HTTPException

from calls import log
from calls.errors import CallwrightError, Location, RecordError, SettingsError, UserError
from calls.records.database import open_readonly
from calls.settings import Settings
from console.accounts.store import Known
from console.client import NoEngine
from console.serving import Serving, tcp_socket
from console.web import api, api_reads, assets, flows, lists, log_in, parts, preferences
from console.web.engine import EngineWay
from console.web.guard import (
    HEADERS,
    LONGEST_FORM,
    SAFE,
    Guard,
    Refused,
    check_length,
    check_origin,
    is_by_cookie,
    known_of,
)
from console.web.house_time import HouseTime
from console.web.metrics import Requests
from console.web.navigation import first_for
from console.web.pages import Pages
from console.web.reads import Reads
from console.web.site import Site

OF_ACCOUNTS = ("/log-out", "/password", "/second-factor", "/accounts", "/api/v1/accounts")
"""What changes an account or ends a session, by the beginning of its path: live pages of it may have to end."""

LONGER = {**api_reads.ORDERS, lists.IMPORT: lists.LONGEST_FILE, flows.EDIT: flows.LONGEST_TEXT}
"""Bytes of the bodies that are longer than a form, by their paths."""


def build(
    settings: Settings,
    monotonic_s: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """The application. ``monotonic_s``: the clock by which the figures grow old; ``now``: by which sessions end."""
    app = FastAPI(title="Callwright console", openapi_url=None)
    engine = EngineWay(settings.engine.socket)
    guard = Guard(settings, engine, now)
    contents = assets.Assets()
    pages = Pages(contents, parts.entries(), HouseTime(settings))
    if contents.problem:
        log.get().error("pages with scripts cannot be shown", problem=contents.problem)
    app.state.requests, app.state.engine = Requests(), engine
    _add_guard(app, guard, pages, app.state.requests)
    _add_probes(app, settings)
    setup = log_in.SetupCode(f"http://{settings.console.http_host}:{settings.console.http_port}/setup")
    log_in.add(app, pages, guard, engine, log_in.LogIns(settings, engine, now), setup, now)
    assets.add(app, contents)
    preferences.add(app)
    _add_pages(app, pages)
    site = Site(app, settings, engine, guard, pages, now, monotonic_s)
    for part in parts.PARTS:
        part.add(site)
    api.add(app, engine, Reads(settings, engine, now))
    return app


async def close(app: FastAPI) -> None:
    """Let go of the engine, when the application no longer serves."""
    way: EngineWay = app.state.engine
    await way.close()


def _add_guard(app: FastAPI, guard: Guard, pages: Pages, requests: Requests) -> None:
    """Every request is known, or known to be of nobody, before anything else is done for it."""

    def problem(request: Request, status: int, words: str) -> Response:
        known: Known | None = request.state.known
        if request.url.path.startswith("/api/"):
            return JSONResponse({"problem": words}, status)
        if status == 401:
            return RedirectResponse("/log-in", 303)
        if status == 403 and known is not None and known.account.must_change:
            return RedirectResponse("/password", 303)
        return pages.show(request, "problem.html", status, words=words)

    @app.middleware("http")
    async def guarded(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        request.state.known = None
        began_s = time.perf_counter()
        try:
            path = request.url.path
            if path in LONGER or not path.startswith("/api/"):
                check_length(request, LONGER.get(path, LONGEST_FORM))
            if request.method not in SAFE and is_by_cookie(request):
                check_origin(request)
            request.state.known = await guard.known(request)
            response = await answer(request)
        except Refused as refused:
            response = problem(request, refused.status, refused.words)
        except RecordError as trouble:
            response = problem(request, 503, str(trouble))
        if request.method not in SAFE and request.url.path.startswith(OF_ACCOUNTS):
            guard.changed()
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        requests.count(request, response.status_code, time.perf_counter() - began_s)
        return response

    @app.exception_handler(Refused)
    async def refused(request: Request, refusal: Refused) -> Response:
        return problem(request, refusal.status, refusal.words)

    @app.exception_handler(RequestValidationError)
    async def misread(request: Request, trouble: RequestValidationError) -> Response:
        if request.url.path.startswith("/api/"):
            return await request_validation_exception_handler(request, trouble)
        said = "; ".join(f"{' '.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in trouble.errors())
        return problem(request, 422, said)

    @app.exception_handler(HTTPException)
    async def none_such(request: Request, trouble: HTTPException) -> Response:
        """An address of nothing, or a method that nothing takes."""
        if request.url.path.startswith("/api/"):
            return await http_exception_handler(request, trouble)
        words = "There is no such page." if trouble.status_code == 404 else trouble.detail
        return problem(request, trouble.status_code, words)

    @app.exception_handler(CallwrightError)
    async def failed(request: Request, trouble: CallwrightError) -> Response:
        status = (
            503 if isinstance(trouble, NoEngine | RecordError) else 409 if isinstance(trouble, UserError) else 502
        )
        return problem(request, status, str(trouble))


def _add_probes(app: FastAPI, settings: Settings) -> None:
    @app.get("/livez", response_class=PlainTextResponse)
    def livez() -> str:
        return "ok\n"

    @app.get("/readyz", response_class=PlainTextResponse)
    def readyz(response: Response) -> str:
        try:
            open_readonly(settings.engine.database).close()
        except RecordError as problem:
            response.status_code = 503
            return f"{problem}\n"
        return "ok\n"


def _add_pages(app: FastAPI, pages: Pages) -> None:
    entries = parts.entries()

    @app.get("/")
    async def home(request: Request) -> Response:
        return RedirectResponse(first_for(entries, known_of(request)), 303)

    @app.get("/account", response_class=HTMLResponse)
    async def account(request: Request) -> Response:
        known_of(request)
        return pages.show(request, "account.html")


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsError: the port is taken.
    """
    at, app = settings.console, build(settings)
    try:
        serving = Serving(app, tcp_socket(at.http_host, at.http_port), sockets=True)
    except OSError as problem:
        raise SettingsError(
            f"cannot listen at {at.http_host}:{at.http_port}: {problem.strerror}", Location(key="console.http_port")
        ) from problem
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await serving.start()
    log.get().info("console started", at=f"http://{at.http_host}:{at.http_port}/")
    await stopping.wait()
    await serving.stop()
    await close(app)
