"""``callwright report``: calls and figures from the records."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from calls.ids import CampaignId, QueueName
from calls.records.database import open_readonly
from calls.records.figures import Figure, Scope, Targets, all_figures
from calls.records.store import CallRecord, calls_between
from console.cli.shared import print_json, print_table, settings_of

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for the beginning of a formula. Source: OWASP, CSV injection."""


class What(StrEnum):
    """What a report shows."""

    CALLS = "calls"
    FIGURES = "figures"


def report(
    context: typer.Context,
    what: Annotated[What, typer.Argument(help="Single calls, or the figures over them.")] = What.FIGURES,
    begin: Annotated[datetime | None, typer.Option("--from", help="In UTC. Default: 24 hours ago.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="In UTC. Default: now.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Of this campaign only.")] = None,
    queue: Annotated[str | None, typer.Option(help="Of this queue only.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Calls or figures from the records: a table, or --csv, or --json."""
    now = datetime.now(UTC)
    scope = Scope(
        begin=now - timedelta(days=1) if begin is None else begin.replace(tzinfo=UTC),
        end=now if end is None else end.replace(tzinfo=UTC),
        campaign=None if campaign is None else CampaignId(campaign),
        queue=None if queue is None else QueueName(queue),
        now=now,
    )
    settings = settings_of(context)
    connection = open_readonly(settings.engine.database)
    try:
        if what is What.CALLS:
            columns, rows = call_rows(
                [each for each in calls_between(connection, scope.begin, scope.end) if _is_in(each, scope)]
            )
        else:
            columns, rows = figure_rows(all_figures(connection, scope, Targets()))
    finally:
        connection.close()
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif as_csv:
        typer.echo(as_csv_text(columns, rows), nl=False)
    else:
        print_table(what.value.capitalize(), columns, rows)


def _is_in(call: CallRecord, scope: Scope) -> bool:
    return scope.campaign in (None, call.campaign_id) and scope.queue in (None, call.queue)


Rows = tuple[list[str], list[list[object]]]


def call_rows(calls: Sequence[CallRecord]) -> Rows:
    """Columns and rows of single calls; seconds are rounded to milliseconds."""
    columns = [
        "call", "started", "direction", "caller", "called", "outcome", "cause", "ended by", "ring s", "menu s",
        "wait s", "talk s", "duration s", "queue", "agent", "campaign", "last node",
        "flow", "flow version",
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
            _rounded(call.ring_s),
            _rounded(call.menu_s),
            _rounded(call.wait_s),
            _rounded(call.talk_s),
            _rounded(call.duration_s),
            call.queue,
            call.agent_id,
            call.campaign_id,
            call.last_node,
            call.flow,
            call.flow_version,
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
            _rounded(figure.value),
            figure.unit,
            _rounded(figure.numerator),
            _rounded(figure.denominator),
            figure.definition,
        ]
        for figure in figures
    ]


def _rounded(number: float | None) -> float | int | None:
    return round(number, 3) if isinstance(number, float) else number


def as_csv_text(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """CSV (RFC 4180) that no spreadsheet takes for formulas."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[_cell(cell) for cell in row] for row in rows])
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
