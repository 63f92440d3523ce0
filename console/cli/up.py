"""``callwright up``."""

from __future__ import annotations

import asyncio
import os
import sys

import typer

from calls import log
from calls.settings import load
from console import together
from console.cli.shared import settings_path


def up(context: typer.Context) -> None:
    """Render missing prompts, then run engine and console together."""
    path = settings_path(context)
    log.configure(sys.stderr, load(path, os.environ).engine.log_level)
    asyncio.run(together.run(path))
