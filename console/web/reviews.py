"""The pages of quality: talks are picked, heard and judged by forms; agents answer what was said of theirs."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import UserError
from calls.records import reviews
from calls.records.reviews import Talk
from calls.scorecards import YES_NO
from console import reviewing
from console.accounts.roles import Right
from console.accounts.store import Known
from console.reads.names import Names
from console.reviewing import ReplyOrder, ReviewOrder
from console.web.guard import Refused, posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.recordings import Recordings, bars, marks, places
from console.web.site import Site
from console.web.spans import days_of

ENTRIES = (
    Entry("/quality", "nav.quality", Right.RECORDINGS, Group.LOOK, "quality"),
    Entry("/my-reviews", "nav.my_reviews", Right.DESK, Group.NOW, "quality", own_desk=True),
)

LONGEST_DAYS = 365
USUAL_DAYS = 7
SHOWN = 50

Judges = Annotated[Known, Depends(require(Right.RECORDINGS))]
Own = Annotated[Known, Depends(require(Right.DESK))]
Named = Annotated[str, Query(max_length=64)]
Sent = Annotated[FormData, Depends(posted)]


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)
    heard = Recordings(reads)
    _add_talks(site, reads)
    _add_recordings(site, heard)
    _add_judging(site, reads, heard)
    _add_own(site, reads)


def _add_talks(site: Site, reads: Reads) -> None:
    @site.app.get("/quality", response_class=HTMLResponse)
    async def talks(request: Request, known: Judges, agent: str = "", days: str = "", all: str = "") -> Response:
        count = days_of(days, USUAL_DAYS, LONGEST_DAYS)
        since = site.now() - timedelta(days=count)
        found = await reads.read(lambda db: reviews.talks(db, since, agent[:64], not all, SHOWN))
        newest = await reads.read(lambda db: reviewing.shown(reviews.latest(db, SHOWN)))
        words = site.pages.words_of(request)

        def named(db: sqlite3.Connection) -> tuple[dict[str, str], list[str]]:
            names = Names(db, site.settings, words.told)
            return names.campaigns, [_disposition(names, each) for each in found]

        campaigns, dispositions = await reads.read(named)
        return site.pages.show(
            request,
            "quality.html",
            talks=found,
            reviews=newest,
            agent=agent,
            agents=[("", words("quality.everybody")), *((each.id, each.name) for each in site.settings.agents)],
            days=count,
            judged=bool(all),
            scorecards=site.settings.scorecards,
            names=_names(site),
            campaigns=campaigns,
            dispositions=dispositions,
        )


def _add_recordings(site: Site, heard: Recordings) -> None:
    @site.app.get("/quality/{call_id}/recording")
    async def recording(call_id: str, known: Judges, of: Named = "", save: bool = False) -> Response:
        return await heard.file(call_id, of, known, "download" if save else "hear", "page")


def _add_judging(site: Site, reads: Reads, heard: Recordings) -> None:
    @site.app.get("/quality/{call_id}", response_class=HTMLResponse)
    async def one(request: Request, call_id: str, known: Judges, agent: str = "") -> Response:
        return await _shown(site, reads, heard, request, known, call_id, agent)

    @site.app.post("/quality/{call_id}")
    async def judge(request: Request, call_id: str, known: Judges, form: Sent, agent: str = "") -> Response:
        words = site.pages.words_of(request)
        given = {name: str(value) for name, value in form.items()}
        answers = {name.removeprefix("answer-"): each for name, each in given.items() if name.startswith("answer-")}
        try:
            order = ReviewOrder(
                scorecard=given.get("scorecard", ""),
                answers=answers,
                note=given.get("note", "").strip(),
                agent=agent or None,
                calibration=given.get("calibration") == "on",
            )
            path = f"/v1/calls/{quote(call_id, safe='')}/reviews"
            done = await site.engine.tell("POST", path, order, known.account.name)
        except (UserError, ValueError) as problem:
            told = words.told(str(problem)) if isinstance(problem, UserError) else words("quality.not_filled_in")
            return await _shown(site, reads, heard, request, known, call_id, agent, told, given)
        return site.pages.go(_path(call_id, agent), f"{words('quality.kept', what=words.told(done.said))}.")


async def _shown(
    site: Site,
    reads: Reads,
    heard: Recordings,
    request: Request,
    known: Known,
    call_id: str,
    agent: str,
    problem: str = "",
    given: dict[str, str] | None = None,
) -> Response:
    talk = await _talk(reads, call_id, agent or None)
    found = await reads.read(lambda db: reviewing.of_talk(db, call_id, talk.agent_id, known.account.name))
    drawn = await heard.of_call(call_id)
    may_read = Right.PEOPLE in known.rights
    said = await heard.transcript(call_id) if may_read else ()
    forms = [each for each in site.settings.scorecards if each.is_for(talk.queue, talk.campaign_id)]
    given = given or {}
    words = site.pages.words_of(request)

    def named(db: sqlite3.Connection) -> tuple[str, str]:
        names = Names(db, site.settings, words.told)
        return names.campaign(talk.campaign_id or ""), _disposition(names, talk)

    campaign, disposition = await reads.read(named)
    return site.pages.show(
        request,
        "review.html",
        409 if problem else 200,
        talk=talk,
        found=found,
        forms=forms,
        recordings=sorted(drawn, key=lambda each: each.shown.agent not in (None, talk.agent_id)),
        bars=bars,
        marks=lambda shown: marks(shown, words, _names(site)),
        campaign=campaign,
        disposition=disposition,
        forms_shown={each.name: each.shown for each in site.settings.scorecards},
        by_yes_no=_by_yes_no(site),
        asks={each.name: each.ask for form in forms for each in form.questions},
        transcript=said,
        places=places(said, drawn),
        may_read=may_read,
        problem=problem,
        given=given,
        action=_path(call_id, agent),
        names=_names(site),
    )


def _add_own(site: Site, reads: Reads) -> None:
    @site.app.get("/my-reviews", response_class=HTMLResponse)
    async def mine(request: Request, known: Own) -> Response:
        own = _agent(known)
        found = await reads.read(lambda db: reviewing.of_agent(db, own))
        return site.pages.show(request, "my_reviews.html", reviews=found, by_yes_no=_by_yes_no(site))

    @site.app.post("/my-reviews/{review_id}")
    async def reply(request: Request, review_id: int, known: Own, form: Sent) -> Response:
        path = f"/v1/agents/{quote(_agent(known), safe='')}/reviews/{review_id}/reply"
        words = site.pages.words_of(request)
        try:
            order = ReplyOrder(words=str(form.get("words", "")).strip())
            await site.engine.tell("POST", path, order, known.account.name)
        except (UserError, ValueError) as problem:
            told = words.told(str(problem)) if isinstance(problem, UserError) else words("reviews.too_long")
            return site.pages.go("/my-reviews", told, "bad")
        return site.pages.go("/my-reviews", words("reviews.answered"))


async def _talk(reads: Reads, call_id: str, agent: str | None) -> Talk:
    found = await reads.read(lambda db: reviews.talk(db, call_id, agent))
    if found is None:
        raise UserError("in no such call that is over has an agent talked")
    return found


def _by_yes_no(site: Site) -> set[tuple[str, str]]:
    """The questions, each with its form, whose answers are not the house's own words."""
    forms = site.settings.scorecards
    return {(form.name, each.name) for form in forms for each in form.questions if each.choices == YES_NO}


def _names(site: Site) -> dict[str, str]:
    """What agents are called, by their ids."""
    return {each.id: each.name for each in site.settings.agents}


def _disposition(names: Names, talk: Talk) -> str:
    return names.disposition(talk.disposition, talk.campaign_id, talk.queue) if talk.disposition else ""


def _agent(known: Known) -> str:
    if known.account.agent_id is None:
        raise Refused(403, "this account is no agent's desk")
    return known.account.agent_id


def _path(call_id: str, agent: str) -> str:
    return f"/quality/{quote(call_id, safe='')}{f'?agent={quote(agent)}' if agent else ''}"
