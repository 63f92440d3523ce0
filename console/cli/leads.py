"""``callwright leads``: import lists and look at them."""

from __future__ import annotations

import csv
import io
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from calls.errors import RecordError, UserError
from calls.records.database import open_readonly
from calls.records.writer import Writer
from calls.settings import Settings
from console import imports
from console.cli import lead_lists, one_lead
from console.cli.report import cell_of
from console.cli.shared import err, for_us_alone, out, print_table, settings_of, with_engine_or_writer
from console.client import who
from console.imports import Import, Preview, Reading
from dialer.leads import store

app = typer.Typer(help="Import lists of leads and look at them.", no_args_is_help=True, rich_markup_mode=None)

LOOK_S = 0.3
"""How often the progress bar looks at how far an import is."""

BY_HAND = "added by hand.jsonl"
"""What the store has for the file of a lead that was added by itself."""

File = Annotated[
    Path, typer.Argument(help="A file of CSV, Excel (.xlsx) or JSON Lines.", exists=True, dir_okay=False)
]
Region = Annotated[str | None, typer.Option(help="Country of numbers without a country code, e.g. DE.")]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", help="Columns that are not guessed, as KIND=COLUMN, e.g. number=Phone,mobile=Cell."),
]


@app.callback()
def group() -> None:
    """Import lists of leads and look at them."""


@app.command("import")
def import_leads(
    context: typer.Context,
    file: File,
    to: Annotated[str, typer.Option("--list", help="The list; it is made where there is none.")],
    region: Region = None,
    columns: Map = None,
    skip_known: Annotated[
        bool, typer.Option("--skip-known", help="Leave out people who stand in any list already.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the columns are guessed right.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where the refused rows are written; else beside the file.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Import leads from a file. On a terminal it shows which columns it takes and asks first. An import that was cut
    off goes on where it was when it is given again; the same file again changes nothing."""
    given = Import(
        list=to, file=str(file), region=region, map=",".join(columns) if columns else None, skip_known=skip_known
    )
    settings = settings_of(context)
    with file.open("rb") as stream:
        leads = imports.open_leads(stream, given)
        if not yes and sys.stdin.isatty() and out.is_terminal:
            _show_columns(leads.named, leads.table.kind, imports.sample(leads))
            typer.confirm("Import it so?", abort=True)
    with file.open("rb") as stream, _progress(settings, file.name):
        found = _import(settings, stream, given)
    said = str(found.pop("said"))
    if found["refused_rows"] or found["left_out"]:
        place = report or file.with_name(f"{file.name}.refused.csv")
        _write_refused(settings, str(found["import"]), place)
        found["refused_file"] = str(place)
        said += f"\nevery refused row with its reason: {place}"
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else said)


lead_lists.add(app)
app.command()(one_lead.edit)


@app.command("add")
def add_one(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="Its number, in international form or with --region.")],
    to: Annotated[str, typer.Option("--list", help="The list; it is made where there is none.")],
    region: Region = None,
    name: Annotated[str, typer.Option(help="Who it is.")] = "",
    time_zone: Annotated[str, typer.Option(help="Such as Europe/Berlin; else by the number.")] = "",
    priority: Annotated[int, typer.Option(min=-1000, max=1000, help="The highest first.")] = 0,
    field: Annotated[
        list[str] | None, typer.Option(metavar="NAME=TEXT", help="What else is known; may be given again.")
    ] = None,
) -> None:
    """Add one lead to a list. A campaign that runs on the list dials it in its turn."""
    own = {"number": number, "name": name, "time_zone": time_zone, "priority": str(priority) if priority else ""}
    known = {key: text for key, text in own.items() if text}
    for each in field or ():
        key, is_there, text = each.partition("=")
        if not is_there or not key.strip() or key.strip() in own:
            raise UserError(
                f"--field {each}: expected NAME=TEXT, such as Town=London; the rest has options of its own"
            )
        known[key.strip()] = text
    settings = settings_of(context)
    named = ",".join(f"{key}={key if key in known else ''}" for key in own)
    given = Import(list=to, file=BY_HAND, region=region, map=named)
    found = _import(settings, io.BytesIO(json.dumps(known).encode()), given)
    if found["refused_rows"]:
        with closing(open_readonly(settings.engine.database)) as connection:
            (refused,) = store.refusals(connection, str(found["import"]))
        raise UserError(f"{number}: {refused.reason}")
    typer.echo(f"{number} is in list {to}" + ("" if found["imported"] else " already"))


@app.command()
def preview(
    file: File,
    region: Region = None,
    columns: Map = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what an import would take from a file and what it would refuse, without writing anything."""
    given = Reading(file=str(file), region=region, map=",".join(columns) if columns else None)
    with file.open("rb") as stream:
        found = imports.preview(stream, given)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        return
    _show_columns(found.columns, found.kind, found.samples)
    _show_counts(found)


def _import(settings: Settings, stream: BinaryIO, given: Import) -> dict[str, object]:
    """By the engine where one runs, else here."""
    query = {key: str(value) for key, value in given if value is not None}
    now = datetime.now(UTC)

    async def here(writer: Writer) -> dict[str, object]:
        found = await imports.import_leads(writer, stream, given, who(), now)
        answer: dict[str, object] = json.loads(imports.report_as_json(found))
        return answer

    return with_engine_or_writer(settings, lambda engine: engine.upload("/v1/leads", stream, query), here)


def _show_columns(columns: Mapping[str, str], kind: str, samples: tuple[Mapping[str, str], ...]) -> None:
    rows = [
        (ours, names, *(" / ".join(sample.get(name, "") for name in names.split(", ")) for sample in samples))
        for ours, names in columns.items()
    ]
    print_table(kind, ["taken as", "column", *(f"row {number}" for number in range(2, 2 + len(samples)))], rows)


def _show_counts(found: Preview) -> None:
    if found.other_columns:
        out.print(f"kept as they are: {', '.join(found.other_columns)}", markup=False)
    out.print(f"{found.rows} rows: {found.good} can be imported, {found.without_zone} of them without a time zone")
    if found.refused:
        print_table("Refused", ["rows", "why"], [(count, reason) for reason, count in found.refused.items()])


@contextmanager
def _progress(settings: Settings, name: str) -> Iterator[None]:
    """A bar on the terminal, by what the store says of the import."""
    if not err.is_terminal:
        yield
        return
    over = threading.Event()
    shown = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*shown, console=err, transient=True) as bar:
        task = bar.add_task("reading", total=1.0)

        def look() -> None:
            while not over.wait(LOOK_S):
                if (at := _how_far(settings, name)) is not None:
                    bar.update(task, completed=at[0], description=f"{at[1]:,} rows")

        looking = threading.Thread(target=look, name="progress", daemon=True)
        looking.start()
        try:
            yield
        finally:
            over.set()
            looking.join()


def _how_far(settings: Settings, name: str) -> tuple[float, int] | None:
    """The share of the file that is done and its rows; None: nothing is known yet."""
    try:
        connection = open_readonly(settings.engine.database)
    except RecordError:
        return None
    try:
        row = connection.execute(
            "SELECT share, rows FROM imports WHERE file = ? AND ended_at IS NULL ORDER BY began_at DESC LIMIT 1",
            (name,),
        ).fetchone()
    finally:
        connection.close()
    return None if row is None else (row[0], row[1])


def _write_refused(settings: Settings, import_id: str, path: Path) -> None:
    """The refused rows as CSV, as many as they are.

    Raises:
        UserError: they cannot be written there.
    """
    connection = open_readonly(settings.engine.database)
    try:
        with open(path, "w", encoding="utf-8", newline="", opener=for_us_alone) as target:
            lines = csv.writer(target)
            lines.writerow(("row", "reason"))
            lines.writerows((each.row, cell_of(each.reason)) for each in store.refusals(connection, import_id))
    except OSError as problem:
        raise UserError(
            f"{path}: cannot be written ({problem.strerror}): name another place with --report"
        ) from problem
    finally:
        connection.close()
