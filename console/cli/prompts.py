"""``callwright prompts``: render and check what callers hear."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, assert_never

import typer

from calls.errors import PromptError
from console import building
from console.cli.shared import print_json, print_table, settings_of
from prompts.library import PromptLibrary, Source
from prompts.pieces import Silence
from prompts.pronunciations import pronunciation_faults
from prompts.recordings import Recording
from prompts.texts import PromptText, text_faults

app = typer.Typer(help="Render and check what callers hear.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def render(context: typer.Context) -> None:
    """Render the prompts that are missing or stale."""
    library = PromptLibrary(settings_of(context).prompts)
    report = building.render(library)
    for problem in report.failed:
        typer.echo(str(problem), err=True)
    typer.echo(f"{len(report.rendered)} rendered, {len(report.kept)} kept, {len(report.failed)} failed")
    raise typer.Exit(1 if report.failed else 0)


@app.command()
def check(context: typer.Context) -> None:
    """What is wrong with the texts, and what is missing, stale, untranslated or unused."""
    settings = settings_of(context).prompts
    faults: tuple[PromptError, ...] = (
        *text_faults(settings.texts, settings.languages),
        *pronunciation_faults(settings.pronunciation, settings.languages),
    )
    for fault in faults:
        typer.echo(str(fault))
    if faults:
        raise typer.Exit(1)
    library = PromptLibrary(settings)
    missing, stale, untranslated = library.missing(), library.stale(), library.untranslated()
    for word, found in (("missing", missing), ("stale", stale), ("untranslated", untranslated)):
        for prompt in found:
            if prompt not in library.pieces:
                typer.echo(f"{word}: {prompt.key} ({prompt.language})")
        for language, count in Counter(prompt.language for prompt in found if prompt in library.pieces).items():
            typer.echo(f"{word}: {count} pieces of values ({language})")
    for path in library.unused():
        typer.echo(f"unused: {path}")
    typer.echo(f"{len(missing)} missing, {len(stale)} stale, {len(untranslated)} untranslated")
    raise typer.Exit(1 if missing or stale or untranslated else 0)


@app.command()
def clean(context: typer.Context) -> None:
    """Delete rendered files that speak no prompt any more. Not while calls are up that may still play one."""
    typer.echo(f"{PromptLibrary(settings_of(context).prompts).remove_unused()} deleted")


@app.command()
def voices() -> None:
    """The voices that there are on this machine, for the settings' voices by language."""
    for voice in building.espeak().voices():
        typer.echo(voice)


@app.command("list")
def list_prompts(
    context: typer.Context,
    pieces: Annotated[bool, typer.Option("--pieces", help="Also the pieces that values are composed of.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The prompts: key, language, text or recording. A text with placeholders is followed by its parts."""
    library = PromptLibrary(settings_of(context).prompts)
    listed = [prompt for prompt in library.sources if pieces or prompt not in library.pieces]
    listed.sort(key=lambda prompt: (library.languages.index(prompt.language), prompt in library.pieces))
    rows = [(prompt.key, prompt.language, _shown(library.sources[prompt])) for prompt in listed]
    if as_json:
        spoken = [
            wanted.utterance.text if (wanted := library.wanted.get(each)) and wanted.utterance else None
            for each in listed
        ]
        named = (dict(zip(("key", "language", "text"), row, strict=True)) for row in rows)
        print_json([{**each, "spoken": words} for each, words in zip(named, spoken, strict=True)])
    else:
        print_table("Prompts", ["key", "language", "text"], rows)


def _shown(source: Source) -> str:
    match source:
        case PromptText(text=text):
            return text
        case Recording():
            return "(recorded)"
        case Silence(duration_s=duration_s):
            return f"(silence of {duration_s:g} s)"
        case _:
            assert_never(source)
