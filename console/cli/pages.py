"""``callwright console``, and ``up``, which runs the engine beside it."""

from __future__ import annotations

import asyncio
import os
import sys

import typer

from calls import log
from calls.settings import load
from console.cli.shared import settings_of, settings_path
from console.web import app as web


def console(context: typer.Context) -> None:
    """Run the web console and the public API."""
    settings = settings_of(context)
    log.configure(sys.stderr, settings.engine.log_level)
    asyncio.run(web.run(settings))


def up(context: typer.Context) -> None:
    """Render missing prompts, then run engine and console together."""
    path = settings_path(context)
    settings = load(path, os.environ)
    log.configure(sys.stderr, settings.engine.log_level)
    asyncio.run(web.run_with_engine(settings, path))
