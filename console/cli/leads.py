"""``callwright leads``: import lists."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from console import operations
from console.cli.shared import settings_of, with_writer
from console.client import EngineClient, NoEngine, who
from console.operations import Import

app = typer.Typer(help="Import lists of leads.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Import lists of leads."""


@app.command("import")
def import_leads(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.", exists=True, dir_okay=False)],
    to: Annotated[str, typer.Option("--list", help="The list; it is made where there is none.")],
    region: Annotated[str | None, typer.Option(help="Country of numbers without a country code, e.g. DE.")] = None,
    number: Annotated[str | None, typer.Option(help="The column of the numbers, where it is not guessed.")] = None,
    name: Annotated[str | None, typer.Option(help="The column of the names.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="The column of the time zones.")] = None,
    priority: Annotated[str | None, typer.Option(help="The column of the priorities.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Import leads from a CSV file; reports every refused row. The same file again changes nothing."""
    given = Import(
        list=to, file=str(file), region=region, number=number, name=name, time_zone=time_zone, priority=priority
    )
    settings, data = settings_of(context), file.read_bytes()
    with EngineClient(settings.engine.socket) as engine:
        try:
            report = engine.send("/v1/leads", data, {key: str(value) for key, value in given if value is not None})
        except NoEngine:
            now = datetime.now(UTC)
            found = with_writer(settings, lambda writer: operations.import_leads(writer, data, given, who(), now))
            report = json.loads(operations.report_as_json(found))
    said = report.pop("said")
    typer.echo(json.dumps(report, ensure_ascii=False, indent=2) if as_json else said)
