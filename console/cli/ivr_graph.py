"""``callwright ivr graph``: a flow as a picture, with figures of real calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from calls.records.database import open_readonly
from calls.reports.traffic import Traffic, traffic
from console.cli.flows import File
from console.cli.shared import settings_of
from ivr.check import Known, load
from ivr.drawing.cards import cards
from ivr.drawing.mermaid import mermaid
from ivr.drawing.svg import Heading, svg
from ivr.flow import Flow


class Picture(StrEnum):
    """How a flow is drawn."""

    MERMAID = "mermaid"
    SVG = "svg"


def graph(
    context: typer.Context,
    file: File,
    as_format: Annotated[
        Picture | None, typer.Option("--format", help="Default: svg where the output's name ends so, else mermaid.")
    ] = None,
    with_calls: Annotated[
        bool, typer.Option("--calls", help="With the figures of real calls: entries, hang-ups, shares of the ways.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Of how many days the calls are counted.")] = 7,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file to write. Default: to the terminal.", dir_okay=False),
    ] = None,
) -> None:
    """Draw a flow: as Mermaid text, or as one SVG file that needs nothing else."""
    flow = load(file, Known())
    counted = _traffic(context, flow, days) if with_calls else None
    drawn = cards(flow, counted)
    chosen = as_format or (Picture.SVG if output is not None and output.suffix == ".svg" else Picture.MERMAID)
    match chosen:
        case Picture.MERMAID:
            text = mermaid(drawn)
        case Picture.SVG:
            text = svg(drawn, Heading(flow.id, _about(flow, counted)))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UserError(f"cannot write {output}: {problem.strerror}") from problem


def _traffic(context: typer.Context, flow: Flow, days: int) -> Traffic:
    now = datetime.now(UTC)
    connection = open_readonly(settings_of(context).engine.database)
    try:
        return traffic(connection, flow.id, now - timedelta(days=days), now)
    finally:
        connection.close()


def _about(flow: Flow, counted: Traffic | None) -> str:
    """The line under the title."""
    about = f"version {flow.version}, {len(flow.nodes)} nodes, {flow.language}"
    if counted is None:
        return about
    others = counted.calls - counted.versions.get(flow.version, 0)
    told = f", {others} of them in other versions" if others else ""
    return f"{about} · {counted.calls} calls from {counted.begin:%Y-%m-%d} to {counted.end:%Y-%m-%d}{told}"
