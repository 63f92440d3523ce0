"""``callwright prompts``: render, check and hear what callers hear."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import PromptError, UserError
from console import building, players
from console.cli.shared import print_json, print_table, settings_of
from console.prompt_uses import Uses, uses
from prompts.aloud import left_unread
from prompts.heard import heard, write_wav
from prompts.library import PromptLibrary
from prompts.overview import Made, Standing, State, overview
from prompts.pronunciations import pronunciation_faults
from prompts.texts import own_languages, text_faults

app = typer.Typer(
    help="Render, check, hear and record what callers hear.", no_args_is_help=True, rich_markup_mode=None
)


class Only(StrEnum):
    """Which prompts are listed."""

    MISSING = "missing"
    STALE = "stale"
    UNUSED = "unused"
    RECORDED = "recorded"
    SPOKEN = "spoken"


@app.command()
def render(context: typer.Context) -> None:
    """Render the prompts that are missing or stale."""
    settings = settings_of(context).prompts
    report = building.render(settings, PromptLibrary(settings))
    for problem in report.failed:
        typer.echo(str(problem), err=True)
    typer.echo(f"{len(report.rendered)} rendered, {len(report.kept)} kept, {len(report.failed)} failed")
    raise typer.Exit(1 if report.failed else 0)


@app.command()
def check(context: typer.Context) -> None:
    """What is wrong with the texts, and what is missing, stale, untranslated or unused: 0 if all is well, else 1."""
    settings = settings_of(context).prompts
    faults: tuple[PromptError, ...] = (
        *text_faults(settings.texts, own_languages(settings.texts, settings.languages, settings.system_texts)),
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
    for prompt, wanted in library.wanted.items():
        left = left_unread(wanted.utterance.text, prompt.language) if wanted.utterance else ()
        if left:
            typer.echo(f"left to the voice: {prompt.key} ({prompt.language}): {', '.join(left)}")
    typer.echo(f"{len(missing)} missing, {len(stale)} stale, {len(untranslated)} untranslated")
    raise typer.Exit(1 if missing or stale or untranslated else 0)


@app.command()
def clean(context: typer.Context) -> None:
    """Delete rendered files that speak no prompt any more. Not while calls are up that may still play one."""
    typer.echo(f"{PromptLibrary(settings_of(context).prompts).remove_unused()} deleted")


@app.command()
def voices() -> None:
    """The voices that espeak-ng has on this machine, for the settings' voices by language."""
    for voice in building.espeak().voices():
        typer.echo(voice)


@app.command("list")
def list_prompts(
    context: typer.Context,
    only: Annotated[Only | None, typer.Option("--only", help="Only those that are so.")] = None,
    side_by_side: Annotated[bool, typer.Option("--side-by-side", help="A column for each language.")] = False,
    pieces: Annotated[bool, typer.Option("--pieces", help="Also the pieces that values are composed of.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The prompts: key, language, state, how it is made, length, what plays it, text. Parts follow their whole."""
    settings = settings_of(context)
    library = PromptLibrary(settings.prompts)
    played = uses(settings)
    for fault in played.unread:
        typer.echo(f"not read, so what it plays may be listed as unused: {fault}", err=True)
    listed = [each for each in overview(library, pieces=pieces) if _is_listed(each, only, played, library)]
    if as_json:
        print_json([_as_json(each, played) for each in listed])
    elif side_by_side:
        print_table("Prompts", ["key", *library.languages], _side_by_side(listed, library.languages))
    else:
        columns = ["key", "language", "state", "made", "s", "played by", "text"]
        print_table(
            "Prompts", columns, ([*_row(each), ", ".join(played.of(each.prompt.key)), each.text] for each in listed)
        )


@app.command()
def play(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The key of a prompt.")],
    language: Annotated[str | None, typer.Option("--language", help="Its language; the first one otherwise.")] = None,
    values: Annotated[
        list[str] | None, typer.Option("--value", help="A value of a placeholder: name=value. Once for each.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Write it into this WAV file.")] = None,
) -> None:
    """Play a rendered prompt as callers hear it, values and all, by the machine's own player; else say the file."""
    settings = settings_of(context).prompts
    library = PromptLibrary(settings)
    given = dict(_pair(each) for each in values or ())
    audio = heard(library, key, language or library.languages[0], given)
    target = output or Path(tempfile.mkdtemp(prefix="callwright-"), f"{key}.wav")
    write_wav(audio, target)
    player = None if output else players.play(target, os.environ.get("PATH"))
    typer.echo(f"{key}: {audio.duration_s:.1f} s, {'played by ' + player if player else f'in {target}'}")
    if player:
        shutil.rmtree(target.parent)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UserError(f"--value {text}: expected name=value")
    return name, value


def _is_listed(each: Standing, only: Only | None, played: Uses, library: PromptLibrary) -> bool:
    match only:
        case None:
            return True
        case Only.MISSING:
            return each.state is State.MISSING
        case Only.STALE:
            return each.state is State.STALE
        case Only.UNUSED:
            return not played.of(each.prompt.key) and each.prompt not in library.pieces
        case Only.RECORDED:
            return each.made is Made.RECORDED
        case Only.SPOKEN:
            return each.made is Made.SPOKEN


def _row(each: Standing) -> list[object]:
    length = None if each.duration_s is None else f"{each.duration_s:.1f}"
    return [each.prompt.key, each.prompt.language, each.state.value, each.made.value, length]


def _as_json(each: Standing, played: Uses) -> dict[str, object]:
    fields = asdict(each)
    prompt = fields.pop("prompt")
    return {"key": prompt["key"], "language": prompt["language"], **fields, "played_by": played.of(each.prompt.key)}


def _side_by_side(listed: Sequence[Standing], languages: Iterable[str]) -> list[list[object]]:
    """A row for each key: how it is made, its length and its text in each language; "-" where there is none."""
    by_prompt = {(each.prompt.key, each.prompt.language): each for each in listed}
    keys = dict.fromkeys(each.prompt.key for each in listed)
    return [[key, *(_cell(by_prompt.get((key, language))) for language in languages)] for key in keys]


def _cell(each: Standing | None) -> str | None:
    if each is None:
        return None
    length = "" if each.duration_s is None else f" {each.duration_s:.1f} s"
    state = "" if each.state is State.READY else f"{each.state.value}, "
    return f"({state}{each.made.value}{length}) {each.text or ''}".rstrip()
