"""``callwright ivr``: check, walk and describe flows."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console.cli import ivr_graph, ivr_replay, ivr_test, ivr_walk
from console.cli.flows import Alone, known_by, recognizers
from console.cli.shared import print_json, settings_of
from ivr.check import check
from ivr.faults import Fault, Severity
from ivr.flow import json_schema
from ivr.sarif import as_json, sarif

app = typer.Typer(help="Check, walk and describe flows.", no_args_is_help=True, rich_markup_mode=None)
app.command("walk")(ivr_walk.walk)
app.command("graph")(ivr_graph.graph)
app.command("test")(ivr_test.test)
app.command("replay")(ivr_replay.replay_call)

Files = Annotated[list[Path], typer.Argument(help="Flow files, e.g. flows/main.yaml.", exists=True, dir_okay=False)]


class Format(StrEnum):
    """How faults are told."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


@app.command("check")
def check_flows(
    context: typer.Context,
    files: Files,
    alone: Alone = False,
    speech: Annotated[
        bool, typer.Option("--speech", help="Load the recognisers, and find the words that they do not know.")
    ] = False,
    as_format: Annotated[
        Format, typer.Option("--format", help="For people, for programs, or SARIF 2.1.0 for code hosts.")
    ] = Format.TEXT,
) -> None:
    """Check flows: 0 where all can be used, 1 with file, line and key of each fault where one can't."""
    settings = None if alone else settings_of(context)
    known = known_by(settings)
    if speech:
        recognizer = recognizers(settings)
        known = replace(known, dictionary=lambda language, words: recognizer(language).unknown(words))
    found = {file: check(file, known) for file in files}
    faults = [fault for each in found.values() for fault in each]
    match as_format:
        case Format.TEXT:
            for file, each in found.items():
                _tell(file, each)
        case Format.JSON:
            print_json([as_json(fault) for fault in faults])
        case Format.SARIF:
            print_json(sarif(faults, importlib.metadata.version("callwright")))
    raise typer.Exit(1 if any(fault.severity is Severity.ERROR for fault in faults) else 0)


def _tell(file: Path, faults: Sequence[Fault]) -> None:
    for fault in faults:
        typer.echo(str(fault))
    errors = sum(fault.severity is Severity.ERROR for fault in faults)
    typer.echo(f"{file}: {errors} errors, {len(faults) - errors} warnings")


@app.command()
def schema() -> None:
    """Print the JSON Schema of flow files, for editors."""
    typer.echo(json.dumps(json_schema(), indent=2))
