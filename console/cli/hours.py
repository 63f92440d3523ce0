"""``callwright hours``: override opening hours by hand, for every flow at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from calls.overrides import Override, OverrideState
from calls.records.database import open_readonly
from calls.records.overrides import overrides
from console import operations
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who

app = typer.Typer(
    help="Override opening hours: open, close, or call an emergency.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(help="The override of the hours nodes; main where a node names none.")]


@app.command("set")
def set_hours(
    context: typer.Context,
    state: Annotated[OverrideState, typer.Argument(help="What the hours are, whatever the clock says.")],
    name: Name = "main",
    until: Annotated[
        datetime | None, typer.Option(help="In UTC; without it the override holds until it is cleared.")
    ] = None,
) -> None:
    """Override the hours, from this moment; calls under way go by it at their next look at the clock."""
    wanted = operations.override_name(name)
    override = Override(state, None if until is None else until.replace(tzinfo=UTC))
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell(
            "PUT", f"/v1/hours/{wanted}", operations.OverrideOrder.of(override).model_dump(mode="json")
        ),
        lambda db: operations.set_override(db, wanted, override, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)


@app.command()
def clear(context: typer.Context, name: Name = "main") -> None:
    """Let the clock decide again."""
    wanted = operations.override_name(name)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("DELETE", f"/v1/hours/{wanted}", {}),
        lambda db: operations.clear_override(db, wanted, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)


@app.command("list")
def list_hours(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The overrides that are set, those too that are over."""
    connection = open_readonly(settings_of(context).engine.database)
    found = overrides(connection)
    connection.close()
    now = datetime.now(UTC)
    rows = [
        (name, each.state.value, each.until.isoformat() if each.until else None, each.holds(now))
        for name, each in found.items()
    ]
    columns = ["name", "state", "until", "in force"]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Overrides of opening hours", columns, rows)
