"""``callwright console``."""

from __future__ import annotations

import asyncio
import sys

import typer

from calls import log
from console.cli.shared import settings_of
from console.web import app as web


def console(context: typer.Context) -> None:
    """Run the web console and the public API."""
    settings = settings_of(context)
    log.configure(sys.stderr, settings.engine.log_level)
    asyncio.run(web.run(settings))
