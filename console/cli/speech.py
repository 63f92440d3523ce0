"""``callwright speech``: the models that understand callers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from calls.errors import SpeechError
from calls.settings import Settings, SpeechModel
from calls.toml_file import dotted
from console import building
from console.cli.flows import known_by
from console.cli.shared import print_json, print_table, settings_of
from ivr.check import load as load_flow
from ivr.nodes.base import Place
from ivr.speaking import spoken_of
from ivr.speech.engines import model_for
from ivr.speech.expected import Expected
from ivr.speech.grammar import grammar_of, known_of, words_of
from ivr.speech.models import Trial, try_model

app = typer.Typer(help="The models that understand callers.", no_args_is_help=True, rich_markup_mode=None)

Asked = tuple[Place, Expected]


@app.command("list")
def list_models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What understands each language, and whether it loads. 1 where one does not."""
    rows = []
    loads = True
    for model in settings_of(context).speech.served:
        try:
            state = _figures(try_model(model))
        except SpeechError as problem:
            state, loads = str(problem), False
        rows.append((model.language, model.engine, str(model.folder or "its own"), state))
    if as_json:
        print_json([dict(zip(("language", "engine", "model", "state"), row, strict=True)) for row in rows])
    else:
        print_table("Models of speech recognition", ["language", "engine", "model", "state"], rows)
    raise typer.Exit(0 if loads else 1)


@app.command()
def add(
    context: typer.Context,
    language: Annotated[str, typer.Argument(help="What its callers speak, e.g. de or de-AT.")],
    folder: Annotated[
        Path, typer.Argument(help="The model's folder, unpacked, where it is to stay.", exists=True, file_okay=False)
    ],
    engine: Annotated[str, typer.Option(help="The engine that the model is for.")] = "vosk",
) -> None:
    """Try a model, and print what the settings need to use it."""
    settings = settings_of(context)
    try:
        model = SpeechModel(language=language, engine=engine, folder=folder.resolve())
    except ValidationError as error:
        what = error.errors()[0]
        raise SpeechError(
            f"{what['loc'][0]} {what['input']!r} is none: expected a language such as de, and an engine"
        ) from error
    typer.echo(f"{language}: {engine} can use {model.folder}, {_figures(try_model(model))}.")
    there = any(other.language == language for other in settings.speech.models)
    place = f"in the place of the [[speech.models]] of {language}" if there else "beside what is there"
    typer.echo(f"Put this into the settings, {place}, and start the engine again:\n")
    typer.echo("[[speech.models]]")
    for key, value in (("language", language), ("engine", engine), ("folder", str(model.folder))):
        typer.echo(f"{key} = {json.dumps(value, ensure_ascii=False)}")


@app.command()
def check(
    context: typer.Context,
    flows: Annotated[
        list[Path] | None,
        typer.Argument(help="Flow files. Default: those that the inbound routes name.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Load every model, and try it with all that callers may say in the flows. 1 where something cannot be heard."""
    settings = settings_of(context)
    asked = _asked(settings, flows or building.routed(settings).values())
    problems = 0
    for model in settings.speech.served:
        for problem in _tried(model, asked.pop(model.language, [])):
            typer.echo(problem)
            problems += 1
    for language, without in asked.items():
        typer.echo(f"{language}: no model understands it, and {len(without)} questions are answered by key alone")
        problems += 1
    typer.echo(f"{len(settings.speech.served)} models, {problems} problems")
    raise typer.Exit(1 if problems else 0)


def _asked(settings: Settings, files: Iterable[Path]) -> dict[str, list[Asked]]:
    """All that callers may say in the flows, by the language of the model that serves it, else by its own."""
    found: dict[str, list[Asked]] = defaultdict(list)
    known = known_by(settings)
    for file in files:
        for place, expected in spoken_of(load_flow(file, known)):
            model = model_for(settings.speech, expected.language)
            found[expected.language if model is None else model.language].append((place, expected))
    return found


def _tried(model: SpeechModel, asked: list[Asked]) -> Iterator[str]:
    """What is wrong with ``model``, and what it cannot hear of what is asked for."""
    grammars = [grammar_of(expected) for _, expected in asked]
    try:
        trial = try_model(model, (word for grammar in grammars for word in words_of(grammar)), grammars)
    except SpeechError as problem:
        yield f"{model.language}: {problem}"
        return
    typer.echo(f"{model.language}: {model.engine} with {model.folder or 'its own model'}, {_figures(trial)}")
    for number, ((place, _), grammar) in enumerate(zip(asked, grammars, strict=True)):
        try:
            known_of(grammar, trial.unknown.intersection)
        except SpeechError as problem:
            yield f"{dotted(place)}: {problem}"
        if number in trial.refused:
            yield f"{dotted(place)}: {trial.refused[number]}"


def _figures(trial: Trial) -> str:
    return f"loaded in {trial.load_s:.1f} s, {trial.memory_mb} MB"
