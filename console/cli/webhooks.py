"""``callwright webhooks``: what calls told to servers of others, and what of it was not taken."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from calls.errors import UserError
from calls.records import outbox
from calls.records.database import open_readonly
from calls.records.outbox import State
from console import operations
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who

app = typer.Typer(help="Messages to servers of others.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_messages(
    context: typer.Context,
    state: Annotated[State | None, typer.Option(help="Only these; dead: refused, or given up.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The newest messages and what became of each; what is in them is not shown."""
    connection = open_readonly(settings_of(context).engine.database)
    kept = list(outbox.messages(connection, state, limit))
    connection.close()
    columns = ["message", "webhook", "state", "tries", "created at", "next try at", "call", "node", "last error"]
    rows = [
        (
            each.message_id,
            each.message.webhook,
            each.state.value,
            each.tries,
            each.created_at.isoformat(timespec="seconds"),
            each.next_try_at.isoformat(timespec="seconds") if each.state is State.WAITING else None,
            each.message.call_id,
            each.message.node,
            each.last_error,
        )
        for each in kept
    ]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Messages", columns, rows)


@app.command()
def retry(
    context: typer.Context,
    message: Annotated[int | None, typer.Argument(help="The message's number in the list.")] = None,
    all_dead: Annotated[bool, typer.Option("--all", help="All that were refused or given up.")] = False,
) -> None:
    """Send a message again at once, or with --all every one that was refused or given up."""
    if (message is None) is not all_dead:
        raise UserError("expected the number of a message, or --all: callwright webhooks list shows them")
    now = datetime.now(UTC)
    query = {} if message is None else {"message": str(message)}
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.order("/v1/webhooks/retry", query),
        lambda db: operations.retry_messages(db, message, who(), now),
    )
    typer.echo(done.said)
