"""``callwright report by`` and ``report export``: figures by their dimensions, and the calls themselves, as files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from calls.reports import asked, calls_sheet
from calls.reports.definitions import Section
from calls.reports.files import write_answer
from calls.reports.left_out import left_out
from calls.reports.personal import without_persons
from calls.reports.sheets import Format, write
from console.cli import figure_tables
from console.cli.report import put, read
from console.cli.shared import out, print_table, settings_of

First = Annotated[
    str, typer.Option("--from", metavar="DAY", help="The first day, such as 2026-05-01, in the house's time zone.")
]
Last = Annotated[str, typer.Option("--to", metavar="DAY", help="The last day, within. Default: today.")]
How = Annotated[Format | None, typer.Option("--format", help="As a file. Default: a table to read.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The file. Default: to the output.")]


def by(
    context: typer.Context,
    section: Annotated[Section, typer.Argument(help="Which figures.")],
    dimensions: Annotated[
        list[str] | None,
        typer.Option("--by", help="By what: day, 60, 30, 15 (minutes), hour, weekday, queue ... May be given again."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="DIMENSION=VALUE", help="Of this only; may be given again.")
    ] = None,
    first: First = "",
    last: Last = "",
    how: How = None,
    output: Output = None,
) -> None:
    """The figures of a section by day, interval, queue, campaign, list, agent, flow or node."""
    settings, now = settings_of(context).reports, datetime.now(UTC)
    words = {"section": section.value, "from": first, "to": last, **_filters(only or [])}
    wanted = asked.read(words, tuple(dimensions or ()), settings, now)
    answer = read(context, lambda db: asked.answer(db, wanted, settings, now))
    title = f"{section.value.capitalize()}, {wanted.begin:%Y-%m-%d} to {wanted.end - timedelta(days=1):%Y-%m-%d}"
    if how is None:
        columns, rows = figure_tables.broad(answer)
        print_table(title, columns, rows, keys=len(answer.question.by))
        for each in left_out(answer):
            out.print(f"Not counted this way: {each.said()}", markup=False)
    else:
        put(write_answer(answer, section, title, how, settings), len(answer.rows), output)


def export(
    context: typer.Context,
    first: First = "",
    last: Last = "",
    how: Annotated[Format, typer.Option("--format", help="Which kind of file.")] = Format.CSV,
    output: Output = None,
    masked: Annotated[
        bool, typer.Option("--masked", help="Persons' numbers without their last digits, and no notes.")
    ] = False,
) -> None:
    """The calls of some days with all columns of the contract, for a spreadsheet or for DuckDB."""
    settings, now = settings_of(context).reports, datetime.now(UTC)
    wanted = asked.read({"from": first, "to": last}, (), settings, now)
    if how is Format.PARQUET:
        content, many = read(context, lambda db: calls_sheet.parquet(db, wanted.begin, wanted.end, masked=masked))
        put(content, many, output)
        return
    sheet = read(context, lambda db: calls_sheet.calls(db, wanted.begin, wanted.end))
    put(write(without_persons(sheet) if masked else sheet, how), len(sheet.rows), output)


def _filters(only: list[str]) -> dict[str, str]:
    filters: dict[str, str] = {}
    for each in only:
        name, sign, value = each.partition("=")
        if not sign or name in ("section", "from", "to"):
            raise UserError(f"--only {each}: expected a dimension and its value, such as queue=sales")
        filters[name] = value
    return filters
