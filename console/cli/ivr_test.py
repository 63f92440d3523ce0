"""``callwright ivr test``: the tests of flows, offline."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from calls.settings import Settings
from console.cli.flows import Alone, known_by, texts_of
from console.cli.shared import settings_of
from ivr.check import load
from ivr.flow import Flow
from ivr.testing.coverage import Coverage, coverage
from ivr.testing.junit import junit
from ivr.testing.running import Ran, run
from ivr.testing.script import load_tests

Played = list[tuple[Path, list[Ran]]]


class Report(StrEnum):
    """How the tests are told."""

    TEXT = "text"
    JUNIT = "junit"


def test(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Files of tests. Default: tests/*.yaml beside the flows.", exists=True, dir_okay=False),
    ] = None,
    alone: Alone = False,
    with_coverage: Annotated[
        bool, typer.Option("--coverage", help="Tell which nodes and ways the tests go through.")
    ] = False,
    min_coverage: Annotated[
        float | None, typer.Option(min=0, max=100, help="Fail below this share of nodes or of ways, in percent.")
    ] = None,
    as_format: Annotated[Report, typer.Option("--format", help="For people, or JUnit's XML.")] = Report.TEXT,
) -> None:
    """Test flows, offline and without waiting: 0 where all pass, 1 with file and line of what fails."""
    settings = None if alone else settings_of(context)
    flows, played = _play(settings, files or _all(settings))
    failed = any(ran.failure is not None for _, each in played for ran in each)
    covered = coverage(flows, (ran.trail for _, each in played for ran in each))
    scarce = [each for each in covered if min_coverage is not None and _lower(each) < min_coverage]
    match as_format:
        case Report.TEXT:
            _tell(played)
            if with_coverage:
                _tell_coverage(covered)
        case Report.JUNIT:
            typer.echo(junit(played), nl=False)
    for each in scarce:
        typer.echo(f"{each.flow}: {_lower(each):.0f}% covered, expected {min_coverage:g}%", err=True)
    raise typer.Exit(1 if failed or scarce else 0)


def _all(settings: Settings | None) -> list[Path]:
    """The files of tests beside the flows of the settings."""
    if settings is None:
        raise UserError("name the files of tests: with --alone there are no settings that say where flows are")
    found = sorted((settings.flows / "tests").glob("*.yaml"))
    if not found:
        raise UserError(f"there are no tests in {settings.flows / 'tests'}; name files, or write one")
    return found


def _play(settings: Settings | None, files: Sequence[Path]) -> tuple[list[Flow], Played]:
    known, texts = known_by(settings), texts_of(settings)
    flows: dict[Path, Flow] = {}
    played: Played = []
    for file in files:
        script = load_tests(file)
        path = script.flow.resolve()
        if path not in flows:
            flows[path] = load(script.flow, known)
        played.append((file, [run(each, flows[path], texts) for each in script.tests]))
    return list(flows.values()), played


def _tell(played: Played) -> None:
    count = passed = 0
    for file, each in played:
        for ran in each:
            count += 1
            passed += ran.failure is None
            typer.echo(f"{'passed' if ran.failure is None else 'FAILED'}  {file.name}: {ran.test.name}")
            if ran.failure is not None:
                typer.echo(f"        {ran.failure}")
    typer.echo(f"{passed} of {count} tests passed")


def _tell_coverage(covered: Sequence[Coverage]) -> None:
    for each in covered:
        nodes, ways = each.nodes - len(each.missed_nodes), each.ways - len(each.missed_ways)
        typer.echo(
            f"{each.flow}: {nodes} of {each.nodes} nodes ({each.node_percent:.0f}%),"
            f" {ways} of {each.ways} ways ({each.way_percent:.0f}%)"
        )
        for node in each.missed_nodes:
            typer.echo(f"        never at {node}")
        for node, way, to in each.missed_ways:
            typer.echo(f"        never from {node} by {way} to {to}")


def _lower(each: Coverage) -> float:
    return min(each.node_percent, each.way_percent)
