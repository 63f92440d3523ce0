"""``callwright audit``: who changed what."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer

from calls.records import audit
from console.cli.report import read, span
from console.cli.shared import print_json, print_table

app = typer.Typer(help="Who changed what.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Who changed what."""


@app.command("list")
def list_changes(
    context: typer.Context,
    since: Annotated[datetime | None, typer.Option(help="In UTC. Default: 24 hours ago.")] = None,
    until: Annotated[datetime | None, typer.Option(help="In UTC. Default: now.")] = None,
    who: Annotated[str, typer.Option(help="Only changes by this person.")] = "",
    what: Annotated[str, typer.Option(help="Only these changes: campaign.change, or all of campaign.")] = "",
    most: Annotated[int, typer.Option(min=1, max=100_000, help="So many at most, the latest.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The changes of campaigns, do-not-call entries and lists, consents, flows and all else, the oldest first."""
    begin, end = span(since, until)
    found = read(context, lambda db: audit.entries(db, begin, end, who, what, most))
    if as_json:
        print_json(
            [
                {"at": each.at.isoformat(), "who": each.who, "what": each.what, "detail": dict(each.detail)}
                for each in found
            ]
        )
        return
    rows = [
        (each.at.isoformat(timespec="seconds"), each.who, each.what, json.dumps(each.detail, ensure_ascii=False))
        for each in found
    ]
    print_table("Changes", ["at", "who", "what", "detail"], rows)
