"""The console's process: status and figures as pages, and its own probes.

There are no accounts yet, so the pages show no person's number and nothing can be changed here.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from calls import log
from calls.errors import CallwrightError, Location, RecordError, SettingsError
from calls.records.database import open_readonly
from calls.records.figure import Figure, Scope
from calls.records.figures import Targets, all_figures
from calls.settings import Settings
from console.client import EngineClient
from console.engine.status import Status
from console.serving import Serving, tcp_socket
from console.web.shared import Shared

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
WINDOW = timedelta(hours=24)

ENGINE_S = 2.0
"""How long a page waits for the engine: it is asked for again every two seconds."""

FIGURES_S = 2.0
"""How often the figures are counted, however many look at the page: as often as it asks for itself again."""

STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def build(settings: Settings, monotonic_s: Callable[[], float] = time.monotonic) -> FastAPI:
    """The application. ``monotonic_s``: the clock by which the figures grow old."""
    app = FastAPI(title="Callwright console", openapi_url=None)
    pages = Environment(
        loader=PackageLoader("console.web"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    pages.filters["figure"] = shown
    figures = Shared(lambda: _figures(settings), FIGURES_S, monotonic_s)

    @app.middleware("http")
    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await answer(request)
        response.headers.update(HEADERS)
        return response

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

    @app.get("/style.css")
    def style() -> Response:
        return Response(STYLE, media_type="text/css")

    @app.get("/", response_class=HTMLResponse)
    def page() -> str:
        status, trouble = _status(settings)
        return pages.get_template("status.html").render(status=status, trouble=trouble, figures=figures.get())

    return app


def shown(value: float | None, unit: str) -> str:
    """A figure for people: counts whole, seconds to the tenth, ratios to the thousandth."""
    match value, unit:
        case None, _:
            return "\N{EN DASH}"
        case number, "ratio":
            return f"{number:.3f}"
        case number, "s":
            return f"{number:.1f} s"
        case number, _:
            return f"{number:.0f}"


def _status(settings: Settings) -> tuple[Status | None, str]:
    with EngineClient(settings.engine.socket, ENGINE_S) as engine:
        try:
            return engine.status(), ""
        except CallwrightError as problem:
            return None, str(problem)


def _figures(settings: Settings) -> list[Figure]:
    now = datetime.now(UTC)
    try:
        connection = open_readonly(settings.engine.database)
    except RecordError:
        return []
    try:
        return all_figures(connection, Scope(now - WINDOW, now, now=now), Targets())
    finally:
        connection.close()


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsError: the port is taken.
    """
    at = settings.console
    try:
        serving = Serving(build(settings), tcp_socket(at.http_host, at.http_port))
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


async def run_with_engine(settings: Settings, path: Path | None) -> None:
    """Engine and console as two processes; where one ends, so does the other. SIGTERM drains the engine first.

    Raises:
        CallwrightError: the engine ended by itself.
    """
    stopping = asyncio.Queue[None]()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.put_nowait, None)
    render = await _child(path, "prompts", "render")
    if await _ends_first(stopping, render):
        if render.returncode:
            raise CallwrightError("the prompts could not be rendered")
    else:
        await _end(stopping, render)
        return
    engine, console = await _child(path, "engine"), await _child(path, "console")
    by_itself = await _ends_first(stopping, engine, console)
    for child in (engine, console):
        await _end(stopping, child)
    if by_itself or engine.returncode:
        raise CallwrightError(f"the engine ended with {engine.returncode}, the console with {console.returncode}")


async def _ends_first(stopping: asyncio.Queue[None], *children: asyncio.subprocess.Process) -> bool:
    """True where a child has ended before we were asked to stop."""
    asked = asyncio.ensure_future(stopping.get())
    ends = {asyncio.ensure_future(child.wait()) for child in children}
    try:
        done, _ = await asyncio.wait({asked, *ends}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (asked, *ends):
            task.cancel()
        await asyncio.gather(asked, *ends, return_exceptions=True)
    return asked not in done


async def _end(stopping: asyncio.Queue[None], child: asyncio.subprocess.Process) -> None:
    """Ask ``child`` to end, once more for each time that we are asked, and wait until it has."""
    while child.returncode is None:
        child.send_signal(signal.SIGTERM)
        await _ends_first(stopping, child)


async def _child(path: Path | None, *command: str) -> asyncio.subprocess.Process:
    """A command of ours as a process of its own group, so that a Ctrl-C reaches it through us only."""
    settings = () if path is None else ("--settings", str(path))
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.main", *settings, *command, start_new_session=True
    )
