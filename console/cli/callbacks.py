"""``callwright callbacks``: people who asked to be called back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from calls.people import callbacks
from calls.records.database import open_readonly
from console import operations
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who

app = typer.Typer(help="People who asked to be called back.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_callbacks(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those too that are over, the newest first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The people who wait to be called, and until when they are."""
    connection = open_readonly(settings_of(context).engine.database)
    found = callbacks.callbacks(connection, open_only=not every, limit=limit)
    connection.close()
    columns = ["id", "number", "queue", "state", "reason", "tries", "asked at", "due at", "until", "asked in call"]
    rows = [
        (
            each.callback_id,
            each.booking.number,
            each.booking.queue,
            each.state.value,
            each.reason,
            each.tries,
            each.booking.asked_at.isoformat(timespec="seconds"),
            each.due_at.isoformat(timespec="seconds"),
            each.booking.window_end.isoformat(timespec="seconds"),
            each.booking.call_id,
        )
        for each in found
    ]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Callbacks", columns, rows)


@app.command()
def cancel(
    context: typer.Context, callback: Annotated[int, typer.Argument(help="The number of it in the list.")]
) -> None:
    """Do not call a person back; one who is being dialled is dialled to the end."""
    now = datetime.now(UTC)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("DELETE", f"/v1/callbacks/{callback}", {}),
        lambda db: operations.cancel_callback(db, callback, who(), now),
    )
    typer.echo(done.said)
