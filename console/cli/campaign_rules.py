"""``callwright campaign presets``: the rules of each place, with where they were read."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import Annotated

import typer

from calls.errors import UserError
from console.cli.shared import print_json, print_table
from dialer import preset_words
from dialer.presets import NOT_HELD, PRESETS

AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def presets(
    name: Annotated[str | None, typer.Argument(help="Only this preset. Default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """The presets with their rules, and where each rule was read. None of it is legal advice."""
    if name is not None and name not in PRESETS:
        raise UserError(f"no preset {name}: there are {', '.join(PRESETS)}")
    chosen = [PRESETS[name]] if name is not None else list(PRESETS.values())
    if as_json:
        print_json(
            [
                asdict(preset_words.row(each)) | {"sources": [preset_words.source(source) for source in each.sources]}
                for each in chosen
            ]
        )
        return
    for each in chosen:
        rules = zip(preset_words.COLUMNS[1:], astuple(preset_words.row(each))[1:], strict=True)
        print_table(each.name, ["rule", "is"], [(what, words) for what, words in rules if words])
        for source in each.sources:
            typer.echo(f"- {preset_words.source(source)}")
        typer.echo()
    typer.echo("What no preset holds:")
    for source in NOT_HELD:
        typer.echo(f"- {preset_words.source(source)}")
