"""``callwright engine``."""

from __future__ import annotations

import asyncio
import sys

import typer

from calls import log
from calls.errors import UserError
from console.cli.shared import EX_CONFIG, fail, settings_of
from console.engine import process


def engine(context: typer.Context) -> None:
    """Run the engine: calls, agents, campaigns, records. SIGTERM drains it."""
    settings = settings_of(context)
    log.configure(sys.stderr, settings.engine.log_level)
    try:
        asyncio.run(process.run(settings))
    except UserError as problem:  # flows and prompts too: the next start would find them as they are
        fail(problem, EX_CONFIG)
