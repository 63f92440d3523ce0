"""``callwright dnc``: the do-not-call list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from calls.people import do_not_call
from calls.records.database import open_readonly
from console import operations
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who

app = typer.Typer(help="The do-not-call list.", no_args_is_help=True, rich_markup_mode=None)

Number = Annotated[str, typer.Argument(help="A number in international form, e.g. +12025550123.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit.")]


@app.command()
def add(context: typer.Context, number: Number, reason: Reason = "") -> None:
    """Never call this number again; takes effect at once, in every campaign."""
    wanted, now = operations.e164(number), datetime.now(UTC)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("POST", "/v1/do-not-call", {"number": wanted, "reason": reason}),
        lambda db: operations.forbid(db, wanted, reason, who(), now),
    )
    typer.echo(done.said)


@app.command()
def remove(context: typer.Context, number: Number, reason: Reason = "") -> None:
    """Let this number be called again."""
    wanted, now = operations.e164(number), datetime.now(UTC)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.allow(wanted, reason),
        lambda db: operations.allow(db, wanted, reason, who(), now),
    )
    typer.echo(done.said)


@app.command("list")
def list_numbers(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The numbers that are never called."""
    connection = open_readonly(settings_of(context).engine.database)
    rows = [
        (entry.number, entry.reason, entry.source, entry.added_by, entry.added_at.isoformat())
        for entry in do_not_call.entries(connection)
    ]
    connection.close()
    columns = ["number", "reason", "source", "added by", "added at"]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Do not call", columns, rows)
