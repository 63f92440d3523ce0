"""``callwright campaign create``: a new campaign's file from a few answers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import CampaignError
from calls.records.database import open_readonly
from calls.settings import Settings
from console import campaign_creating, campaign_draft
from console.campaign_draft import Question
from console.cli.shared import settings_of
from dialer import campaign as campaigns

Answer = Annotated[str | None, typer.Option(help="Else it is asked.")]


def create(
    context: typer.Context,
    campaign_id: Annotated[str, typer.Argument(help="Its id: the file's name without .toml.")],
    name: Answer = None,
    list_: Annotated[str | None, typer.Option("--list", help="Else it is asked.")] = None,
    queue: Answer = None,
    trunk: Answer = None,
    caller_id: Answer = None,
    preset: Answer = None,
    mode: Answer = None,
    max_lines: Answer = None,
    like: Annotated[
        str | None, typer.Option(help="Another campaign, whose file is copied with what is given; nothing is asked.")
    ] = None,
    ask: Annotated[bool, typer.Option(help="--no-ask: take the default of what is not given, or refuse.")] = True,
) -> None:
    """Write a new campaign's file: asks for what is not given, refuses what cannot be, and checks it."""
    settings = settings_of(context)
    campaign_draft.require_laid_out(settings)
    path = campaign_draft.target(campaign_id, settings)
    given = {
        "name": name, "list": list_, "queue": queue, "trunk": trunk, "caller_id": caller_id, "preset": preset,
        "mode": mode, "max_lines": max_lines,
    }  # fmt: skip
    lists = _lists(settings)
    answers = {"id": campaign_id}
    if like is None:
        for key in given:
            question = next(each for each in campaign_draft.questions(answers, settings, lists) if each.key == key)
            answers[key] = _answer(question, given[key], ask)
        text = campaign_draft.text(answers, settings)
    else:
        answers |= {key: answer for key, answer in given.items() if answer is not None}
        answers.setdefault("name", campaign_draft.title(campaign_id))
        text = campaign_draft.copied(campaign_draft.file_of(like, settings), answers, settings)
    campaign_creating.require_sound(text, path, settings)
    campaign_creating.write(path, text)
    typer.echo(f"{path}: written")
    _say_what_is_next(path, campaign_id, lists, settings)


def _lists(settings: Settings) -> tuple[str, ...]:
    if not settings.engine.database.exists():
        return ()
    with closing(open_readonly(settings.engine.database)) as connection:
        return campaign_draft.lists_of(connection)


def _answer(question: Question, given: str | None, ask: bool) -> str:
    """The answer to a question.

    Raises:
        CampaignError: what was given will not do, or nothing was and nobody is to be asked.
    """
    option = f"--{question.key.replace('_', '-')}"
    if given is None and not ask:
        given = question.default or None
        if given is None:
            raise CampaignError(f"{option} is missing: {question.words.lower()}{_of(question)}")
    if given is not None:
        if words := campaign_draft.problem(question, given):
            raise CampaignError(f"{option} {given}: {words}")
        return given
    while True:
        words, default = f"{question.words}{_of(question)}", question.default
        answer: str = typer.prompt(words, default=default, show_default=bool(default)).strip()
        words = campaign_draft.problem(question, answer)
        if not words:
            return answer
        typer.echo(words)


def _of(question: Question) -> str:
    return f" ({', '.join(question.choices)})" if question.choices else ""


def _say_what_is_next(path: Path, campaign_id: str, lists: tuple[str, ...], settings: Settings) -> None:
    """What is left to do, the next command last."""
    for words in campaign_creating.still_to_do(path, settings):
        typer.echo(words)
    missing = [share.name for share in campaigns.load(path, settings).file.shares if share.name not in lists]
    for name in missing:
        typer.echo(f"next: callwright leads import FILE.csv --list {name}")
    if not missing:
        typer.echo(f"next: callwright campaign start {campaign_id}")
