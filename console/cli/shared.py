"""What the commands share: the settings, the way to the store or the engine, and how things are printed."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import typer
from rich.console import Console

from calls.clock import SystemClock
from calls.errors import CallwrightError, SettingsError, UserError
from calls.records.progress import to_stderr
from calls.records.writer import Writer, write_once
from calls.settings import Settings, load
from calls.text import printable
from console.cli import fitting
from console.client import EngineClient, NoEngine

T = TypeVar("T")

SETTINGS_VARIABLE = "CALLWRIGHT_SETTINGS"
"""Names the settings file where ``--settings`` does not."""

DEFAULT_SETTINGS = Path("callwright.toml")

EX_CONFIG = 78
"""sysexits.h: the settings are wrong; a supervisor need not try again."""

ANY_WIDTH = 100_000

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(problem: CallwrightError, status: int) -> NoReturn:
    """End with one message and an exit status."""
    err.print(f"callwright: {problem}", markup=False, soft_wrap=True)
    sys.exit(status)


def settings_path(context: typer.Context) -> Path | None:
    """The settings file: ``--settings``, else the variable, else ``callwright.toml`` here; None: the defaults.

    Raises:
        SettingsError: the named file is not there.
    """
    given: Path | None = context.find_root().params.get("settings")
    if given is None and (named := os.environ.get(SETTINGS_VARIABLE)):
        given = Path(named)
    if given is not None and not given.is_file():
        raise SettingsError(f"no settings file {given}: name one with --settings or {SETTINGS_VARIABLE}")
    return given or (DEFAULT_SETTINGS if DEFAULT_SETTINGS.is_file() else None)


def for_us_alone(path: str, flags: int) -> int:
    """Opens a new file that its owner alone may read: it holds what is known of people."""
    return os.open(path, flags, 0o600)


def settings_of(context: typer.Context) -> Settings:
    """The settings of this command.

    Raises:
        SettingsError: they cannot be used.
    """
    return load(settings_path(context), os.environ)


def with_engine_or_store(
    settings: Settings, live: Callable[[EngineClient], T], offline: Callable[[sqlite3.Connection], T]
) -> T:
    """Ask the engine; with none running, take the writer's lock and do it here.

    Raises:
        WriterBusy: another process writes, and it is no engine that answers.
    """
    with EngineClient(settings.engine.socket) as engine:
        try:
            return live(engine)
        except NoEngine:
            return write_once(settings.engine.database, offline)


def ask_engine(settings: Settings, live: Callable[[EngineClient], T]) -> T:
    """Ask the engine for what only a running one can do.

    Raises:
        UserError: none runs.
    """
    with EngineClient(settings.engine.socket) as engine:
        try:
            return live(engine)
        except NoEngine as problem:
            raise UserError(f"{problem}: start it with callwright up") from problem


def with_writer(settings: Settings, work: Callable[[Writer], Coroutine[object, object, T]]) -> T:
    """Run ``work`` with a writer of our own, for long work without an engine."""

    async def run() -> T:
        writer = Writer(settings.engine.database, clock=SystemClock().monotonic_s)
        writer.start(to_stderr)
        try:
            return await work(writer)
        finally:
            await writer.close()

    return asyncio.run(run())


def with_engine_or_writer(
    settings: Settings, live: Callable[[EngineClient], T], offline: Callable[[Writer], Coroutine[object, object, T]]
) -> T:
    """Ask the engine; with none running, do long work here with a writer of our own.

    Raises:
        WriterBusy: another process writes, and it is no engine that answers.
    """
    with EngineClient(settings.engine.socket) as engine:
        try:
            return live(engine)
        except NoEngine:
            return with_writer(settings, offline)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], keys: int = 1) -> None:
    """A table for people; text is shown as it is, never as markup.

    Where it is wider than the terminal it comes in parts, or turned; the first ``keys`` columns name a row. A file or
    a pipe takes it as wide as it is.
    """
    cells = [[shown_cell(cell) for cell in row] for row in rows]
    for place, each in enumerate(fitting.fitting(columns, cells, width(), keys)):
        print_part(title if place == 0 else f"{title}, continued", each)


def width() -> int:
    """Letters of a line of the terminal, or as COLUMNS has it; of a file or a pipe more than any table needs."""
    return out.width if out.is_terminal or "COLUMNS" in os.environ else ANY_WIDTH


def print_part(title: str, part: fitting.Part) -> None:
    """One table as it is; see :mod:`console.cli.fitting`."""
    page = out if width() == out.width else Console(file=out.file, highlight=False, width=ANY_WIDTH)
    page.print(fitting.drawn(title, part, width()))


def print_json(value: object) -> None:
    """JSON for programs, one document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def shown_cell(cell: object) -> str:
    """A cell of a table for people."""
    return "-" if cell is None else f"{cell:.2f}" if isinstance(cell, float) else printable(str(cell))
