"""``callwright report staffing``: the agents that calls need by interval, from measured volumes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from calls.reports.sheets import Format, write
from console.cli.report import put, read, rounded
from console.cli.shared import print_table, settings_of
from console.reads import staffing as needed


def staffing(
    context: typer.Context,
    queue: Annotated[str, typer.Option(help="Of this queue only.")] = "",
    by: Annotated[str, typer.Option(help="Minutes of an interval: 60, 30 or 15.")] = "30",
    weekdays: Annotated[bool, typer.Option("--weekdays", help="Each day of the week by itself.")] = False,
    first: Annotated[
        str, typer.Option("--from", metavar="DAY", help="The first day. Default: four weeks before --to.")
    ] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day. Default: yesterday.")] = "",
    share: Annotated[float | None, typer.Option(help="To be answered in time. Default: that of [reports].")] = None,
    within_s: Annotated[float | None, typer.Option(help="The time, in seconds. Default: that of [reports].")] = None,
    abandoned: Annotated[
        float | None, typer.Option(help="Share that may give up. Default: that of [reports].")
    ] = None,
    patience_s: Annotated[float | None, typer.Option(help="Callers' mean patience. Default: as measured.")] = None,
    absent: Annotated[float, typer.Option(help="Share of the time in which agents are paid and not there.")] = 0.0,
    how: Annotated[Format | None, typer.Option("--format", help="As a file. Default: a table to read.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file. Default: to the output.")] = None,
) -> None:
    """The agents that inbound calls need by interval, from their volumes and handling times: Erlang C and A."""
    house, now = settings_of(context).reports, datetime.now(UTC)
    wanted = needed.Wanted(queue, first, last, by, weekdays, share, within_s, abandoned, patience_s, absent)
    found = read(context, lambda db: needed.staffing(db, wanted, house, now))
    sheet = found.sheet()
    if how is None:
        shown = [[rounded(cell) if isinstance(cell, float) else cell for cell in row] for row in sheet.rows]
        print_table(f"Staffing, from {found.calls:g} calls of {found.days} days", sheet.names, shown)
        typer.echo(found.said())
        return
    put(write(sheet, how), len(sheet.rows), output)
