"""``callwright report send``: a scheduled report at once, or only what it would be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from calls.reports import scheduled
from calls.reports.schedules import latest
from console import operations
from console.cli.report import read, save
from console.cli.shared import settings_of, with_engine_or_store
from console.client import who
from console.engine.schedules import shows_persons


def send(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The report's name in the settings, [[scheduled_reports]].")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing: show what would be sent.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="With --dry-run: the report itself, into this file.")
    ] = None,
) -> None:
    """Send a scheduled report of its latest period, also to who has it already."""
    settings, now = settings_of(context), datetime.now(UTC)
    report = operations.scheduled_report(settings, name)
    if not dry_run:
        if output is not None:
            raise UserError("--output goes with --dry-run")
        done = with_engine_or_store(
            settings,
            lambda engine: engine.order(f"/v1/reports/{name}/send"),
            lambda db: operations.send_report(db, settings, name, who(), now),
        )
        typer.echo(done.said)
        return
    period = latest(report, report.house(settings.reports), now)
    shows = shows_persons(report)
    made = read(context, lambda db: scheduled.make(db, report, period, settings.reports, now, shows_persons=shows))
    typer.echo(f"To: {', '.join(report.recipients)}\nFile: {made.file.name}, {len(made.file.content)} bytes\n")
    typer.echo(made.text, nl=False)
    if output is not None:
        save(made.file.content, output)
