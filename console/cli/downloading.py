"""What a command takes out of the house of people is in the audit before it is written."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from console import downloads
from console.cli.shared import settings_of, with_engine_or_store
from console.client import who
from console.downloads import DownloadOrder


def write_down(context: typer.Context, order: DownloadOrder) -> None:
    """Keep who takes it; nothing is to be given out where that cannot be kept.

    Raises:
        WriterBusy: another process writes, and it is no engine that answers.
    """
    now = datetime.now(UTC)
    with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("POST", "/v1/downloads", order.model_dump(mode="json")),
        lambda db: downloads.write_down(db, order, who(), now),
    )
