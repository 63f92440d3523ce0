"""``callwright db``: the database's migrations, backup and check."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from calls.records import backup as backups
from calls.records import contract, rollups, writer
from calls.records.database import open_readonly
from calls.records.writer import write_once
from console import forgetting
from console.cli.shared import print_table, settings_of

LOOK_S = 600.0
"""A look at a year's calls reads all of them."""

app = typer.Typer(
    help="Migrate, back up, check and explain the database.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def migrate(context: typer.Context) -> None:
    """Bring the database to this release's schema; the engine does so itself when it starts."""
    path = settings_of(context).engine.database
    write_once(path, lambda connection: None)
    found = backups.check(path)
    typer.echo(f"{path}: has {', '.join(found.migrations)}")


@app.command()
def compact(context: typer.Context) -> None:
    """Write the database anew, with no engine running: nothing that was removed is left in its pages."""
    path = settings_of(context).engine.database
    writer.compact(path)
    typer.echo(f"{path}: {path.stat().st_size} bytes")


@app.command()
def rollup(context: typer.Context) -> None:
    """Count the roll-up tables of the reports anew from the records, with no engine running."""
    path = settings_of(context).engine.database
    write_once(path, rollups.recount)
    typer.echo(f"{path}: the roll-up tables are counted anew")


@app.command()
def forget(
    context: typer.Context,
    dry: Annotated[bool, typer.Option("--dry-run", help="Take nothing out: show how much would be.")] = False,
) -> None:
    """Take out what is older than the settings keep it; a running engine does so itself, every hour."""
    settings, now = settings_of(context), datetime.now(UTC)
    path = settings.engine.database
    with closing(open_readonly(path, cap_s=LOOK_S)) as connection:
        found = forgetting.too_old(connection, settings, now)
    if dry:
        rows = [
            (
                each.name,
                str(each.days) if each.days else "for good",
                each.before.isoformat(timespec="minutes") if each.before else "",
                str(each.rows),
            )
            for each in found
        ]
        print_table(f"{path}: nothing was taken out", ["kind", "days", "from before", "would go"], rows)
        return
    forgetting.prepare(path, settings.retention)
    removed = write_once(path, lambda connection: forgetting.take_out(connection, settings.retention, now))
    for name, count in removed.items():
        typer.echo(f"{name}: {count} taken out")


@app.command()
def datasette(context: typer.Context) -> None:
    """Write what Datasette is told of the database by its option --metadata: words for each column, and questions."""
    told = contract.datasette(settings_of(context).engine.database)
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False))


@app.command()
def backup(
    context: typer.Context, target: Annotated[Path, typer.Argument(help="The new file for the copy.")]
) -> None:
    """Copy the database, beside a running engine too, and check the copy."""
    found = backups.backup(settings_of(context).engine.database, target)
    typer.echo(f"{target}: {found.calls} calls, whole")


@app.command()
def check(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A copy; default: the database of the settings.")] = None,
) -> None:
    """Read the whole database and say whether it may be used: 0, or 1 with what is wrong."""
    path = file or settings_of(context).engine.database
    found = backups.check(path)
    for fault in found.faults:
        typer.echo(f"{path}: {fault}")
    if found.missing:
        typer.echo(f"{path}: older than this release, to be migrated: {', '.join(found.missing)}")
    if found.is_whole:
        typer.echo(f"{path}: whole: {found.calls} calls, {found.live_calls} under way")
    raise typer.Exit(0 if found.is_whole else 1)
