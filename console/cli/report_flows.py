"""``callwright report flow`` and ``report paths``: what callers did in a flow."""

from __future__ import annotations

from typing import Annotated

import typer

from calls.ids import FlowId
from calls.records import flow_figures
from calls.records.flow_figures import GOALS, ArmShare, FlowScope, Link, Path
from calls.reports import of_flow
from console.cli.report import AsCsv, AsJson, Begin, End, Rows, read, rounded, show, show_figures, span

Flow = Annotated[str, typer.Argument(metavar="FLOW", help="The flow: its file's name without .yaml.")]
Version = Annotated[str, typer.Option(help="Calls of this version only; the first digits will do.")]


def flow(
    context: typer.Context,
    name: Flow,
    begin: Begin = None,
    end: End = None,
    version: Version = "",
    goal: Annotated[
        list[str] | None,
        typer.Option(help="An outcome that callers come for; may be given again. Default: completed."),
    ] = None,
    split: Annotated[str | None, typer.Option(metavar="NODE", help="Compare the ways of this split node.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Containment, drop-off and nodes of a flow, all versions together and each; or the ways of a split."""
    since, until = span(begin, end)
    scope = FlowScope(FlowId(name), since, until, version, tuple(goal or GOALS))
    if split is None:
        show_figures(f"Flow {name}", read(context, lambda db: of_flow.flow_figures(db, scope)), as_csv, as_json)
    else:
        rows = read(context, lambda db: arm_rows(flow_figures.arms(db, scope, split)))
        show(f"Flow {name}, split {split}", rows, as_csv, as_json)


def paths(
    context: typer.Context,
    name: Flow,
    begin: Begin = None,
    end: End = None,
    version: Version = "",
    by_step: Annotated[
        bool, typer.Option("--steps", help="The steps between two nodes instead: the data of a Sankey diagram.")
    ] = False,
    most: Annotated[int, typer.Option(min=1, help="How many paths; the most frequent first.")] = 100,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """The ways that calls went through a flow: their nodes, calls, drop-offs and mean time."""
    since, until = span(begin, end)
    scope = FlowScope(FlowId(name), since, until, version)
    if by_step:
        rows = read(context, lambda db: link_rows(flow_figures.links(db, scope)))
    else:
        rows = read(context, lambda db: path_rows(flow_figures.paths(db, scope)[:most]))
    show(f"Paths of {name}", rows, as_csv, as_json)


def arm_rows(shares: list[ArmShare]) -> Rows:
    """Columns and rows of the shares of a split's arms."""
    columns = ["arm", "figure", "value", "low 95%", "high 95%", "numerator", "denominator", "definition"]
    rows: list[list[object]] = []
    for share in shares:
        low, high = share.interval or (None, None)
        counts = [share.numerator, share.denominator, share.definition]
        rows.append([share.arm, share.name, rounded(share.value), rounded(low), rounded(high), *counts])
    return columns, rows


def path_rows(found: list[Path]) -> Rows:
    """Columns and rows of paths."""
    return ["path", "calls", "drops", "mean s"], [
        [path.nodes, path.calls, path.drops, rounded(path.mean_s)] for path in found
    ]


def link_rows(found: list[Link]) -> Rows:
    """Columns and rows of the steps between nodes."""
    return ["step", "source", "target", "calls", "mean s"], [
        [link.step, link.source, link.target, link.calls, rounded(link.mean_s)] for link in found
    ]
