"""``callwright report``: calls and figures from the records."""

from __future__ import annotations

import csv
import io
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from calls.errors import UserError
from calls.ids import CampaignId, QueueName
from calls.records.database import open_readonly
from calls.records.figure import Figure, Scope
from calls.records.store import CallRecord, calls_between
from calls.reports import calls_sheet
from calls.reports.of_scope import all_figures
from console.cli import downloading, figure_tables, fitting
from console.cli.shared import out, print_json, print_part, print_table, settings_of, shown_cell, width
from console.downloads import DownloadOrder, Held

T = TypeVar("T")
Rows = tuple[list[str], list[list[object]]]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for the beginning of a formula. Source: OWASP, CSV injection."""

BY_IMPORTANCE = (
    "started", "called", "outcome", "caller", "talk s", "agent", "call", "direction", "wait s", "last node", "queue",
    "campaign", "ended by", "menu s", "ring s",
)  # fmt: skip
"""Columns of calls, where a terminal has no room for all."""

SECOND = len("2026-05-31T12:00:00")

app = typer.Typer(
    help="Calls and figures from the records: tables, or --csv, or --json. Without a command: the figures.",
    rich_markup_mode=None,
)

Begin = Annotated[datetime | None, typer.Option("--from", "--since", help="In UTC. Default: 24 hours ago.")]
End = Annotated[datetime | None, typer.Option("--to", "--until", help="In UTC. Default: now.")]
Campaign = Annotated[str | None, typer.Option(help="Of this campaign only.")]
Queue = Annotated[str | None, typer.Option(help="Of this queue only.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="As CSV.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.callback(invoke_without_command=True)
def report(
    context: typer.Context,
    begin: Begin = None,
    end: End = None,
    campaign: Campaign = None,
    queue: Queue = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", help="The calls, with all columns, into this file for DuckDB.")
    ] = None,
) -> None:
    """Calls and figures from the records: a table, or --csv, or --json. Without a command: the figures."""
    if context.invoked_subcommand is None and parquet is not None:
        if campaign is not None or queue is not None or as_csv or as_json:
            raise typer.BadParameter("--parquet takes all calls of a time: expected --from and --to only")
        since, until = span(begin, end)
        content, many = read(context, lambda db: calls_sheet.parquet(db, since, until, masked=False))
        order = DownloadOrder(held=Held.CALLS, way="command", first=since.date(), last=until.date())
        downloading.write_down(context, order)
        put(content, many, parquet)
    elif context.invoked_subcommand is None:
        figures(context, begin, end, campaign, queue, as_csv, as_json)
    elif any((begin, end, campaign, queue, as_csv, as_json, parquet)):
        raise typer.BadParameter(
            f"options stand behind the command: callwright report {context.invoked_subcommand} ..."
        )


@app.command()
def calls(
    context: typer.Context,
    begin: Begin = None,
    end: End = None,
    campaign: Campaign = None,
    queue: Queue = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Single calls."""
    scope = _scope(begin, end, campaign, queue)
    rows = read(
        context,
        lambda db: call_rows([each for each in calls_between(db, scope.begin, scope.end) if _is_in(each, scope)]),
    )
    if as_csv or as_json:
        show("Calls", rows, as_csv, as_json)
    else:
        print_calls(rows)


@app.command()
def figures(
    context: typer.Context,
    begin: Begin = None,
    end: End = None,
    campaign: Campaign = None,
    queue: Queue = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """The figures of queues, menus, campaigns and agents."""
    scope = _scope(begin, end, campaign, queue)
    targets = settings_of(context).reports.targets()
    show_figures("Figures", read(context, lambda db: all_figures(db, scope, targets)), as_csv, as_json)


def span(begin: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """What a report is about: by default the last 24 hours."""
    now = datetime.now(UTC)
    return (
        now - timedelta(days=1) if begin is None else begin.replace(tzinfo=UTC),
        now if end is None else end.replace(tzinfo=UTC),
    )


def _scope(begin: datetime | None, end: datetime | None, campaign: str | None, queue: str | None) -> Scope:
    since, until = span(begin, end)
    return Scope(
        begin=since,
        end=until,
        campaign=None if campaign is None else CampaignId(campaign),
        queue=None if queue is None else QueueName(queue),
        now=datetime.now(UTC),
    )


def read(context: typer.Context, work: Callable[[sqlite3.Connection], T]) -> T:
    """What ``work`` finds in the database of the settings."""
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        return work(connection)


def show(title: str, rows: Rows, as_csv: bool, as_json: bool) -> None:
    """Print rows as they are asked for."""
    columns, cells = rows
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in cells])
    elif as_csv:
        typer.echo(as_csv_text(columns, cells), nl=False)
    else:
        print_table(title, columns, cells)


def show_figures(title: str, figures: Sequence[Figure], as_csv: bool, as_json: bool) -> None:
    """Print figures as they are asked for."""
    if as_csv or as_json:
        show(title, figure_rows(figures), as_csv, as_json)
        return
    for name, columns, rows in figure_tables.tables(title, figures):
        print_table(name, columns, rows)


def print_calls(rows: Rows) -> None:
    """Single calls, with as much of each as the terminal has room for."""
    columns, cells = rows
    shown = [[shown_cell(cell) for cell in row] for row in cells]
    started = columns.index("started")
    for row in shown:
        row[started] = row[started][:SECOND].replace("T", " ")
    fits, others = fitting.most_important(columns, shown, width(), BY_IMPORTANCE)
    print_part("Calls, in UTC", fits)
    if others:
        out.print(f"No room for: {', '.join(others)} (--csv and --json have all)", markup=False)


def _is_in(call: CallRecord, scope: Scope) -> bool:
    return scope.campaign in (None, call.campaign_id) and scope.queue in (None, call.queue)


def call_rows(calls: Sequence[CallRecord]) -> Rows:
    """Columns and rows of single calls; seconds are rounded to milliseconds."""
    columns = [
        "call", "started", "direction", "caller", "called", "outcome", "cause", "ended by", "ring s", "menu s",
        "wait s", "talk s", "duration s", "queue", "agent", "campaign", "last node",
        "flow", "flow version", "switch",
    ]  # fmt: skip
    return columns, [
        [
            call.call_id,
            call.started_at.isoformat(timespec="milliseconds"),
            call.direction.value,
            call.caller,
            call.called,
            call.outcome.value,
            call.cause,
            call.ended_by.value if call.ended_by else None,
            rounded(call.ring_s),
            rounded(call.menu_s),
            rounded(call.wait_s),
            rounded(call.talk_s),
            rounded(call.duration_s),
            call.queue,
            call.agent_id,
            call.campaign_id,
            call.last_node,
            call.flow,
            call.flow_version,
            call.switch,
        ]
        for call in calls
    ]


def figure_rows(figures: Sequence[Figure]) -> Rows:
    """Columns and rows of figures: each with its numerator, denominator and definition."""
    columns = ["figure", "of", "value", "unit", "numerator", "denominator", "definition"]
    return columns, [
        [
            figure.name,
            figure.subject,
            rounded(figure.value),
            figure.unit,
            rounded(figure.numerator),
            rounded(figure.denominator),
            figure.definition,
        ]
        for figure in figures
    ]


def rounded(number: float | None) -> float | int | None:
    """Seconds to the millisecond, shares to a thousandth."""
    return round(number, 3) if isinstance(number, float) else number


def save(content: bytes, output: Path) -> None:
    """Write a file.

    Raises:
        UserError: it cannot be written.
    """
    try:
        output.write_bytes(content)
    except OSError as problem:
        raise UserError(f"{output}: {problem.strerror}") from problem


def put(content: bytes, rows: int, output: Path | None) -> None:
    """Write a report to ``output``, None: to the standard output, and say how many rows it has.

    Raises as :func:`save`.
    """
    if output is None:
        sys.stdout.buffer.write(content)
        return
    save(content, output)
    typer.echo(f"{output}: {rows} rows")


def as_csv_text(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """CSV (RFC 4180) that no spreadsheet takes for formulas."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[cell_of(cell) for cell in row] for row in rows])
    return text.getvalue()


def cell_of(value: object) -> object:
    """A value as a cell of CSV that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
