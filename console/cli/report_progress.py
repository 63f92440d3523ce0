"""``callwright report progress``: how far a campaign is, by attempts, by time and by stages."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from calls.reports.progress import STAGES, Progress, days, require_known
from calls.reports.progress import progress as counted
from calls.reports.sheets import Format, write
from console.cli.report import put, read
from console.cli.shared import print_table, settings_of


def progress(
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign.")],
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="The first day.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="The last day.")
    ] = None,
    of_list: Annotated[str, typer.Option("--list", help="Of leads of this list only.")] = "",
    how: Annotated[Format | None, typer.Option("--format", help="As a file. Default: tables to read.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file. Default: to the output.")] = None,
) -> None:
    """How far a campaign is: penetration by attempts and by time, and the funnel from its leads to its sales."""
    zone = settings_of(context).reports.place()
    begin, end = days(first and first.date(), last and last.date(), zone)

    def look(connection: sqlite3.Connection) -> Progress:
        require_known(connection, campaign)
        return counted(connection, campaign, zone, begin, end, of_list)

    found = read(context, look)
    if how is not None:
        sheet = found.sheet(campaign)
        put(write(sheet, how), len(sheet.rows), output)
        return

    def share(leads: int) -> str:
        part = found.share(leads)
        return "" if part is None else f"{part:.1%}"

    stages = zip(STAGES, found.funnel, strict=True)
    print_table(f"Funnel of {campaign}", ["stage", "leads", "share"], [[name, n, share(n)] for name, n in stages])
    for title, points in (("By attempts", found.by_attempt), ("By time", found.by_time)):
        rows = [[each.label, each.tried, share(each.tried), each.met, share(each.met)] for each in points]
        print_table(title, ["at", "dialled", "share", "met an agent", "share"], rows)
