"""The pages of quality: talks are picked, heard and judged by forms; agents answer what was said of theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import UserError
from calls.records import reviews
from calls.records.reviews import Talk
from console import reviewing
from console.accounts.roles import Right
from console.accounts.store import Known
from console.reviewing import ReplyOrder, ReviewOrder
from console.web.guard import Refused, posted, require
from console.web.house_time import HouseTime
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.recordings import Recordings, bars, places, told
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
        return site.pages.show(
            request,
            "quality.html",
            talks=found,
            reviews=newest,
            agent=agent,
            agents=[("", "Everybody"), *((each.id, each.name) for each in site.settings.agents)],
            days=count,
            judged=bool(all),
            scorecards=site.settings.scorecards,
            local=HouseTime(site.settings),
            names=_names(site),
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
        given = {name: str(value) for name, value in form.items()}
        marks = {name.removeprefix("answer-"): each for name, each in given.items() if name.startswith("answer-")}
        try:
            order = ReviewOrder(
                scorecard=given.get("scorecard", ""),
                answers=marks,
                note=given.get("note", "").strip(),
                agent=agent or None,
                calibration=given.get("calibration") == "on",
            )
            path = f"/v1/calls/{quote(call_id, safe='')}/reviews"
            done = await site.engine.tell("POST", path, order, known.account.name)
        except (UserError, ValueError) as problem:
            words = str(problem) if isinstance(problem, UserError) else "The form is not filled in as it asks."
            return await _shown(site, reads, heard, request, known, call_id, agent, words, given)
        return site.pages.go(_path(call_id, agent), f"Kept: {done.said}.")


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
    return site.pages.show(
        request,
        "review.html",
        409 if problem else 200,
        talk=talk,
        found=found,
        forms=forms,
        recordings=sorted(drawn, key=lambda each: each.shown.agent not in (None, talk.agent_id)),
        bars=bars,
        told=told,
        transcript=said,
        places=places(said, drawn),
        may_read=may_read,
        problem=problem,
        given=given,
        action=_path(call_id, agent),
        names=_names(site),
        local=HouseTime(site.settings),
    )


def _add_own(site: Site, reads: Reads) -> None:
    @site.app.get("/my-reviews", response_class=HTMLResponse)
    async def mine(request: Request, known: Own) -> Response:
        own = _agent(known)
        found = await reads.read(lambda db: reviewing.of_agent(db, own))
        return site.pages.show(request, "my_reviews.html", reviews=found, local=HouseTime(site.settings))

    @site.app.post("/my-reviews/{review_id}")
    async def reply(request: Request, review_id: int, known: Own, form: Sent) -> Response:
        path = f"/v1/agents/{quote(_agent(known), safe='')}/reviews/{review_id}/reply"
        try:
            order = ReplyOrder(words=str(form.get("words", "")).strip())
            done = await site.engine.tell("POST", path, order, known.account.name)
        except (UserError, ValueError) as problem:
            words = str(problem) if isinstance(problem, UserError) else "An answer has 1 to 2000 characters."
            return site.pages.go("/my-reviews", words, "bad")
        return site.pages.go("/my-reviews", f"{done.said[:1].upper()}{done.said[1:]}.")


async def _talk(reads: Reads, call_id: str, agent: str | None) -> Talk:
    found = await reads.read(lambda db: reviews.talk(db, call_id, agent))
    if found is None:
        raise UserError("in no such call that is over has an agent talked")
    return found


def _names(site: Site) -> dict[str, str]:
    """What agents are called, by their ids."""
    return {each.id: each.name for each in site.settings.agents}


def _agent(known: Known) -> str:
    if known.account.agent_id is None:
        raise Refused(403, "this account is no agent's desk")
    return known.account.agent_id


def _path(call_id: str, agent: str) -> str:
    return f"/quality/{quote(call_id, safe='')}{f'?agent={quote(agent)}' if agent else ''}"
