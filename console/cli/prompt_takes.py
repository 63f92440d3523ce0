"""``callwright prompts script`` and ``import``: recorded takes, from the studio's paper to the callers."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import Location, PromptError, UserError
from console.cli.shared import settings_of
from prompts.importing import Came, import_takes
from prompts.index import write_whole
from prompts.library import PromptLibrary
from prompts.script import as_csv, as_markdown
from prompts.script import script as lines_of


class Paper(StrEnum):
    """What a script is written as."""

    CSV = "csv"
    MARKDOWN = "markdown"


def script(
    context: typer.Context,
    languages: Annotated[
        list[str] | None, typer.Option("--language", help="Only this language. Once for each.")
    ] = None,
    paper: Annotated[Paper, typer.Option("--format", help="A table, or pages to read from.")] = Paper.CSV,
    unrecorded: Annotated[bool, typer.Option("--unrecorded", help="Only what there is no recording of.")] = False,
    pieces: Annotated[bool, typer.Option("--pieces", help="Also the pieces that values are composed of.")] = False,
    output: Annotated[Path | None, typer.Option("--output", help="Write it into this file.")] = None,
) -> None:
    """The script for a voice actor: what is to be spoken, in which language, and the file of each take."""
    library = PromptLibrary(settings_of(context).prompts)
    if unknown := set(languages or ()) - set(library.languages):
        raise UserError(f"no prompts are in {', '.join(sorted(unknown))}; expected {', '.join(library.languages)}")
    lines = lines_of(library, languages or library.languages, pieces=pieces, recorded=not unrecorded)
    text = as_csv(lines) if paper is Paper.CSV else as_markdown(lines)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        write_whole(output, text.encode())
    except OSError as error:
        raise PromptError(f"cannot be written: {error.strerror}", Location(output)) from error
    typer.echo(f"{len(lines)} takes in {output}")


def import_recordings(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder of the takes: LANGUAGE/KEY.wav or KEY.LANGUAGE.wav.")],
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Take recorded takes in, judge them by their texts, and say what is not recorded. Status 1: one is refused."""
    settings = settings_of(context).prompts
    if settings.recorded is None:
        raise UserError("recordings have no folder: set recorded in [prompts]")
    report = import_takes(PromptLibrary(settings), folder, settings.recorded, dry=dry)
    for fault in report.refused:
        typer.echo(f"refused: {fault}", err=True)
    for each in report.taken:
        for complaint in each.complaints:
            typer.echo(f"listen to: {each.path}: {complaint}")
    for prompt in report.lacking:
        typer.echo(f"not recorded: {prompt.key} ({prompt.language})")
    came = Counter(each.came for each in report.taken)
    counts = ", ".join(f"{came[each]} {each.value}" for each in Came)
    then = ": run callwright prompts render" if came[Came.NEW] + came[Came.REPLACED] and not dry else ""
    typer.echo(f"{counts}, {len(report.refused)} refused, {len(report.lacking)} not recorded{then}")
    raise typer.Exit(1 if report.refused else 0)
