"""A new campaign's file from answers that somebody gave: the same for the command line and the engine."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls.errors import CampaignError, Location, UserError
from calls.settings import Settings
from console import campaign_draft, operations
from console.campaign_warnings import warnings
from dialer import campaign as campaigns

Answer = Annotated[str, Field(min_length=1, max_length=100)]


class CreateOrder(BaseModel):
    """What a campaign is to be; :func:`console.campaign_draft.questions` says what each answer may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: Answer
    name: Answer
    list: Answer
    queue: Answer
    trunk: Answer
    caller_id: Answer
    preset: Answer
    mode: Answer = "progressive"
    max_lines: Answer = "10"


def faults(answers: campaign_draft.Answers, settings: Settings, lists: tuple[str, ...]) -> dict[str, str]:
    """What is wrong with which of the answers that are given, by their keys; empty where nothing is."""
    found: dict[str, str] = {}
    if "id" in answers:
        try:
            campaign_draft.target(answers["id"], settings)
        except CampaignError as problem:
            found["id"] = problem.problem
    for question in campaign_draft.questions(answers, settings, lists):
        if question.key in answers and (words := campaign_draft.problem(question, answers[question.key])):
            found[question.key] = words
    return found


def create(settings: Settings, order: CreateOrder, lists: tuple[str, ...]) -> Path:
    """Write the campaign's file; gives where.

    Raises:
        CampaignError: an answer will not do, or there is such a file already.
    """
    campaign_draft.require_laid_out(settings)
    answers = order.model_dump()
    path = campaign_draft.target(order.id, settings)
    for key, words in faults(answers, settings, lists).items():
        raise CampaignError(f"{key}: {words}")
    text = campaign_draft.text(answers, settings)
    require_sound(text, path, settings)
    write(path, text)
    return path


def require_sound(text: str, path: Path, settings: Settings) -> None:
    """Refuse a file that could not be started, before it is written.

    Raises:
        CampaignError: names the key, and what was expected.
    """
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        draft.write_text(text, encoding="utf-8")
        try:
            campaigns.load(draft, settings)
        except CampaignError as problem:
            raise CampaignError(str(problem).replace(str(draft), path.name)) from problem


def write(path: Path, text: str) -> None:
    """Put the file there, which was not.

    Raises:
        CampaignError: it cannot be written, or somebody else has written one meanwhile.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as fault:
        raise CampaignError(f"cannot be written: {fault.strerror}", Location(path)) from fault


def still_to_do(path: Path, settings: Settings) -> list[str]:
    """What keeps the campaign from being started, or should be looked at first; in words."""
    try:
        campaign = operations.check_campaign(path, settings)
        return [f"warning: {each}" for each in warnings(path, campaign, settings)]
    except UserError as problem:
        return [f"before it can be started: {problem}"]
