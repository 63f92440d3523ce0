"""``callwright block``: callers who are turned away where a flow says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from calls.people import blocked
from calls.people.blocked import Blocked
from calls.records.database import open_readonly
from console import operations
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who

app = typer.Typer(
    help="Callers who are turned away, and who calls too often.", no_args_is_help=True, rich_markup_mode=None
)

Number = Annotated[str, typer.Argument(help="The caller's number.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command()
def add(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    until: Annotated[datetime | None, typer.Option(help="In UTC; without it until it is removed.")] = None,
) -> None:
    """Block a number; guard nodes turn it away from its next call on."""
    settings = settings_of(context)
    wanted = blocked.spelled(number, settings.engine.region)
    ends = None if until is None else until.replace(tzinfo=UTC)
    order = operations.BlockOrder(number=wanted, reason=reason, until=ends)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("POST", "/v1/blocked", order.model_dump(mode="json")),
        lambda db: operations.block(db, order, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)


@app.command()
def remove(context: typer.Context, number: Number) -> None:
    """Let a number call again."""
    settings = settings_of(context)
    wanted = blocked.spelled(number, settings.engine.region)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("DELETE", f"/v1/blocked/{wanted}", {}),
        lambda db: operations.unblock(db, wanted, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)


@app.command("list")
def list_blocked(context: typer.Context, as_json: AsJson = False) -> None:
    """The numbers that are blocked."""
    connection = open_readonly(settings_of(context).engine.database)
    found = blocked.entries(connection)
    connection.close()
    columns = ["number", "reason", "until", "since", "by"]
    rows = [_row(each) for each in found]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Blocked", columns, rows)


def _row(each: Blocked) -> tuple[str, str, str | None, str, str]:
    until = each.until.isoformat(timespec="seconds") if each.until else None
    return (each.number, each.reason, until, each.added_at.isoformat(timespec="seconds"), each.added_by)


@app.command()
def flags(
    context: typer.Context,
    hours: Annotated[int, typer.Option(min=1, max=8760, help="Of the last hours.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Who called too often, for a supervisor to look at."""
    connection = open_readonly(settings_of(context).engine.database)
    found = blocked.flags(connection, datetime.now(UTC) - timedelta(hours=hours), 1000)
    connection.close()
    columns = ["at", "number", "what", "call"]
    rows = [(each.at.isoformat(timespec="seconds"), each.number, each.what, each.call_id) for each in found]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Flags", columns, rows)
