"""The wizard for a new campaign: four steps that work without scripts, and lose no answer on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import CampaignError, UserError
from console import campaign_creating, campaign_draft
from console.accounts.roles import Right
from console.accounts.store import Known
from console.campaign_creating import CreateOrder
from console.campaign_draft import Question
from console.web.guard import posted, require
from console.web.reads import Reads
from console.web.site import Site
from console.web.words import Words

ENTRIES = ()

STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("wizard.step_1", ("id", "name", "list")),
    ("wizard.step_2", ("queue", "trunk")),
    ("wizard.step_3", ("caller_id", "preset", "mode", "max_lines")),
)
"""What each step asks; the last one, behind them, shows the file."""

ID = Question("id", "Its id", ())
HINTS = ("id", "list", "caller_id", "preset", "max_lines")
"""Questions that have a hint."""

Manages = Annotated[Known, Depends(require(Right.CAMPAIGNS))]
Sent = Annotated[FormData, Depends(posted)]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the page shows it."""

    question: Question
    words: str
    value: str
    problem: str
    hint: str
    pairs: Sequence[tuple[str, str]]
    """What there is to choose, with nothing chosen where nobody can guess it."""


def add(site: Site) -> None:
    """Add the page."""
    reads = Reads(site.settings, site.engine, site.now)

    async def lists() -> tuple[str, ...]:
        return await reads.read_if_any(lambda db: () if db is None else campaign_draft.lists_of(db))

    @site.app.get("/new-campaign", response_class=HTMLResponse)
    async def begin(request: Request, known: Manages) -> Response:
        campaign_draft.require_laid_out(site.settings)
        return _page(site, request, 0, {}, {}, await lists())

    @site.app.post("/new-campaign", response_class=HTMLResponse)
    async def go_on(request: Request, known: Manages, form: Sent) -> Response:
        there = await lists()
        answers = {key: str(form[key]).strip() for _, keys in STEPS for key in keys if key in form}
        step = min(max(_whole(form.get("step")), 0), len(STEPS))
        if form.get("go") == "back":
            return _page(site, request, max(0, step - 1), answers, {}, there)
        found = campaign_creating.faults(answers, site.settings, there)
        first = next((at for at, (_, keys) in enumerate(STEPS) if found.keys() & set(keys)), len(STEPS))
        if first <= min(step, len(STEPS) - 1):
            return _page(site, request, first, answers, found, there)
        if step < len(STEPS):
            return _page(site, request, step + 1, answers, {}, there)
        try:
            done = await site.engine.tell("POST", "/v1/campaigns", CreateOrder(**answers), known.account.name)
        except (UserError, ValueError) as problem:
            return _page(site, request, len(STEPS), answers, {}, there, str(problem))
        said = "\n".join(site.pages.words_of(request).told(line) for line in done.said.splitlines())
        return site.pages.go(f"/campaigns/{quote(answers['id'], safe='')}", said)


def _asked(question: Question, answer: str, problem: str, words: Words) -> Asked:
    key = question.key
    first = [] if answer else [("", words("wizard.choose"))]
    named = [(each, words(f"campaigns.mode_{each}") if key == "mode" else each) for each in question.choices]
    hint = words(f"wizard.{key}_hint") if key in HINTS else ""
    return Asked(question, words(f"wizard.{key}"), answer, words.told(problem), hint, [*first, *named])


def _page(
    site: Site,
    request: Request,
    step: int,
    answers: Mapping[str, str],
    found: Mapping[str, str],
    lists: tuple[str, ...],
    problem: str = "",
) -> Response:
    questions = {each.key: each for each in campaign_draft.questions(answers, site.settings, lists)} | {"id": ID}
    keys = STEPS[step][1] if step < len(STEPS) else ()
    words = site.pages.words_of(request)
    asked = [
        _asked(questions[key], answers.get(key, questions[key].default), found.get(key, ""), words) for key in keys
    ]
    text = ""
    if step == len(STEPS):
        try:
            text = campaign_draft.text(answers, site.settings)
        except (KeyError, CampaignError) as lacks:
            problem = problem or words("wizard.missing", what=lacks)
    return site.pages.show(
        request,
        "new_campaign.html",
        409 if problem or found else 200,
        step=step,
        steps=[words(key) for key in (*(key for key, _ in STEPS), "wizard.step_4")],
        asked=asked,
        kept={key: value for key, value in answers.items() if key not in keys},
        text=text,
        problem=words.told(problem),
        known_lists=lists,
    )


def _whole(value: object) -> int:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 4 else 0
