"""``callwright shifts``: when agents are to work."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from calls.records.database import open_readonly
from console import shifting
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_store
from console.client import who
from console.shifting import ShiftsOrder

app = typer.Typer(
    help="When agents are to work, for the figure adherence.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("import")
def bring(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns agent, day (mon to sun, or a date), from, to, and break for planned breaks."
        ),
    ],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="The first day of its weeks. Default: today."),
    ] = None,
) -> None:
    """Plan shifts: those by weekday stand for the agents' weeks, those of a date for what was planned for it."""
    settings = settings_of(context)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(f"{file}: cannot be read as UTF-8: {problem}") from problem
    if len(text) > shifting.LONGEST:
        raise UserError(f"{file}: expected {shifting.LONGEST} signs at most")
    order = ShiftsOrder(text=text, name=file.name[:200], since=None if since is None else since.date())
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("PUT", "/v1/shifts", order.model_dump(mode="json")),
        lambda db: shifting.bring(db, settings, order, who(), datetime.now(UTC)),
    )
    typer.echo(done.said)


@app.command("list")
def planned(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The shifts that are planned, by agent: the weeks, and the dates that stand for a day of them."""
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        found = shifting.planned(connection)
    columns = ["agent", "since", "day", "from", "to", "break"]
    rows = [[each.agent, each.since, each.day, each.begins, each.ends, each.kind] for each in found]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table("Shifts", columns, rows)


@app.command()
def export(
    context: typer.Context,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="What holds from this day on. Default: today."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file. Default: to the output.")] = None,
) -> None:
    """What is planned from a day on, as a file that can be imported again: weeks, and dates from then on."""
    settings = settings_of(context)
    day = datetime.now(settings.reports.place()).date() if on is None else on.date()
    with closing(open_readonly(settings.engine.database)) as connection:
        text = shifting.as_file(connection, day)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
