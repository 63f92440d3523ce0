"""``callwright reassigned``: numbers that may have another owner now, by the FCC's Reassigned Numbers Database."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from calls.people import reassigned
from calls.records.database import open_readonly
from calls.records.writer import Writer
from console import reassigning
from console.cli import downloading
from console.cli.shared import print_json, print_table, settings_of, with_engine_or_writer
from console.client import who
from console.downloads import DownloadOrder, Held
from console.operations import e164
from console.reassigning import AnswerImport

app = typer.Typer(
    help="Numbers that may have another owner now (United States).", no_args_is_help=True, rich_markup_mode=None
)

HEADER = ("number", "since")
"""Of the file of what to ask; with a column more, ``answer``, it is what ``import`` reads."""


@app.command()
def export(
    context: typer.Context,
    to: Annotated[Path, typer.Argument(help="The CSV file to write: number (ten digits), since (the day).")],
    of: Annotated[str, typer.Option("--list", help="The list of leads.")],
    days: Annotated[int, typer.Option(min=0, max=3650, help="Not those that were asked about so recently.")] = 30,
) -> None:
    """Write what to ask of a list: its American numbers, each with the last day on which its person agreed to
    something or talked to an agent. Who has done neither has nothing to ask about."""
    connection = open_readonly(settings_of(context).engine.database)
    found = reassigned.to_ask(connection, of, datetime.now(UTC) - timedelta(days=days))
    downloading.write_down(context, DownloadOrder(held=Held.REASSIGNED, way="command", list=of))
    count = 0
    with to.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        for each in found:
            writer.writerow((each.number.removeprefix("+1"), each.since.isoformat()))
            count += 1
    connection.close()
    typer.echo(f"{to}: {count} numbers to ask about")


@app.command("import")
def import_answers(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.", exists=True, dir_okay=False)],
    asked: Annotated[datetime, typer.Option(help="When the database was asked, in UTC.")],
    number: Annotated[str, typer.Option(help="The column of the numbers.")] = "number",
    since: Annotated[str, typer.Option(help="The column of the days that were asked about.")] = "since",
    answer: Annotated[str, typer.Option(help="The column of the answers: yes, no, no data.")] = "answer",
) -> None:
    """Keep what the database answered: a number that says yes is dialled by no campaign until somebody agrees anew.
    The same file again changes nothing."""
    wanted = AnswerImport(
        file=file.name, asked_at=asked.replace(tzinfo=UTC), number=number, since=since, answer=answer
    )
    query = {key: str(value) for key, value in wanted.model_dump(mode="json").items()}
    with file.open("rb") as stream:

        async def here(writer: Writer) -> str:
            return (await reassigning.import_answers(writer, stream, wanted, who(), datetime.now(UTC))).said

        said = with_engine_or_writer(
            settings_of(context),
            lambda engine: str(engine.upload("/v1/reassigned/import", stream, query)["said"]),
            here,
        )
    typer.echo(said)


@app.command()
def show(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="A number in international form, e.g. +12025550123.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """All that was answered of a number."""
    wanted = e164(number)
    connection = open_readonly(settings_of(context).engine.database)
    rows = [
        (each.asked_at.isoformat(timespec="seconds"), each.since.isoformat(), each.answer.value, each.source)
        for each in reassigned.of_number(connection, wanted)
    ]
    connection.close()
    columns = ["asked at", "since", "answer", "source"]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(wanted, columns, rows)
