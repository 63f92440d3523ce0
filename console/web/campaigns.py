"""The pages of campaigns: all of them, one with its pace and why it dials or waits, and what may be told to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import CallwrightError, UserError
from calls.reports import asked
from calls.reports import progress as how_far
from calls.reports.definitions import Section
from calls.reports.pictures import Picture, pictures
from calls.reports.question import Dimension
from calls.reports.tongue import ENGLISH, Tongue
from calls.settings import Settings
from console.accounts.roles import Right
from console.accounts.store import Known
from console.campaign_draft import MODE_NAMES
from console.campaign_show import CampaignDetail, detail
from console.campaign_why import decided_since
from console.client import NoEngine
from console.engine.api import CampaignOrder
from console.proving import RefusalsShown
from console.reads.campaigns import is_known, overview
from console.web import progress
from console.web.campaign_parts import clocks_of, texts
from console.web.guard import posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site
from console.web.words import Words
from console.web.words.tongue import PageTongue
from dialer import archive, control

ENTRIES = (Entry("/campaigns", "nav.campaigns", Right.CAMPAIGNS, Group.WORK, "campaigns"),)

STATES = {"running": "good", "paused": "warn", "draining": "info", "stopped": "", "finished": "", "new": "info"}
"""The colour of each state; its word stands with it."""

WHY_LOOKS_BACK, WHY_ROWS = timedelta(days=1), 30
"""The page shows no more of why a campaign dialled, or did not; `callwright campaign why` goes further back."""

DRAWN_AT_ONCE = 20_000
"""How far a campaign is stands on its page up to so many attempts; of more it is on a page of its own, which takes
longer."""

Manages = Annotated[Known, Depends(require(Right.CAMPAIGNS))]
Sent = Annotated[FormData, Depends(posted)]


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)
    _add_shown(site, reads)
    _add_orders(site, reads)


def _add_shown(site: Site, reads: Reads) -> None:
    @site.app.get("/campaigns", response_class=HTMLResponse)
    async def all_campaigns(request: Request, known: Manages, archived: bool = False) -> Response:
        status, trouble = await reads.status()
        live = {} if status is None else {each.id: each for each in status.campaigns}
        folder = site.settings.campaigns
        rows = await reads.read_if_any(lambda db: overview(db, folder, live, archived=archived))
        away = await reads.read_if_any(lambda db: 0 if db is None else len(archive.archived(db)))
        return site.pages.show(
            request, "campaigns.html", rows=rows, trouble=trouble, states=STATES, archived=archived, away=away
        )

    @site.app.get("/campaigns/{campaign_id}", response_class=HTMLResponse)
    async def one(request: Request, campaign_id: str, known: Manages) -> Response:
        return await _shown(site, reads, request, campaign_id, known)


async def _shown(
    site: Site,
    reads: Reads,
    request: Request,
    campaign_id: str,
    known: Known,
    given: dict[str, str] | None = None,
    problem: str = "",
) -> Response:
    """The page of a campaign; ``given``: what was sent and could not be done, and why."""
    try:
        answer = await site.engine.ask("GET", f"/v1/campaigns/{quote(campaign_id, safe='')}")
        found, trouble = CampaignDetail.model_validate_json(answer.content), ""
    except NoEngine as away:
        now = reads.now()
        found, trouble = await reads.read(lambda db: detail(db, campaign_id, None, now)), str(away)
    except UserError:
        return await _new(site, reads, request, campaign_id)
    refused: list[RefusalsShown] = []
    if Right.RULES in known.rights and not trouble:
        told = await site.engine.ask("GET", f"/v1/campaigns/{quote(campaign_id, safe='')}/refusals?sample=0")
        refused = [RefusalsShown.model_validate(each) for each in json.loads(told.content)]
    now, words = reads.now(), site.pages.words_of(request)
    cap = found.abandonment.cap
    drawn = await reads.read(lambda db: today(db, site.settings, campaign_id, cap, now, PageTongue(words)))
    so_far: list[Picture] = []
    if sum(found.outcomes.values()) <= DRAWN_AT_ONCE:
        zone = site.settings.reports.place()
        so_far = progress.drawn(await reads.read(lambda db: how_far.progress(db, campaign_id, zone)), words)
    clocks = await clocks_of(reads, found, now)
    since = now - WHY_LOOKS_BACK
    decided = await reads.read(lambda db: decided_since(db, campaign_id, since, WHY_ROWS))
    return site.pages.show(
        request,
        "campaign.html",
        409 if problem else 200,
        campaign=found,
        decided=decided,
        trouble=trouble,
        states=STATES,
        refused=refused,
        texts=texts(found, clocks, words, site.pages.local_of(request)),
        total=sum(found.leads.values()),
        changes=_changes(found.changes, words),
        given=given or {},
        problem=problem,
        pictures=drawn,
        so_far=so_far,
        modes=[(each, words(f"campaigns.mode_{each}")) for each in _modes(str(found.pacing["mode"]))],
    )


def today(
    connection: sqlite3.Connection,
    settings: Settings,
    campaign_id: str,
    cap: float,
    now: datetime,
    tongue: Tongue = ENGLISH,
) -> list[Picture]:
    """What the campaign has done since the midnight of the house, by the hour, beside its own ``cap``; none where it
    has dialled nobody."""
    house = settings.reports
    day = f"{now.astimezone(house.place()):%Y-%m-%d}"
    words = {"section": Section.OUTBOUND.value, "from": day, "to": day, Dimension.CAMPAIGN.value: campaign_id}
    wanted = asked.read(words, (Dimension.HOUR.value,), house, now)
    return pictures(
        asked.answer(connection, wanted, house, now), wanted.section, house.lines() | {"abandonment_us": cap}, tongue
    )


async def _new(site: Site, reads: Reads, request: Request, campaign_id: str) -> Response:
    """Of a campaign that has a file and was never started; or there is none."""
    if not await reads.read_if_any(lambda db: is_known(db, site.settings.campaigns, campaign_id)):
        return site.pages.show(
            request, "problem.html", 404, words=site.pages.words_of(request)("campaigns.no_such", id=campaign_id)
        )
    text = (site.settings.campaigns / f"{campaign_id}.toml").read_text(encoding="utf-8", errors="replace")
    return site.pages.show(request, "campaign_new.html", id=campaign_id, text=text)


def _add_orders(site: Site, reads: Reads) -> None:
    @site.app.post("/campaigns/{campaign_id}/pace", response_class=HTMLResponse)
    async def pace(request: Request, campaign_id: str, known: Manages, form: Sent) -> Response:
        given = {key: str(form[key]).strip() for key in control.KEYS if key in form}
        wanted = {key: value for key, value in given.items() if value != str(form.get(f"was.{key}", "")).strip()}
        words = site.pages.words_of(request)
        if not wanted:
            return site.pages.go(_path(campaign_id), words("campaigns.nothing_changed"), "note")
        try:
            changes = control.read(f"{key}={_number(key, value)}" for key, value in wanted.items())
            path, content = f"/v1{_path(campaign_id)}", json.dumps(changes).encode()
            await site.engine.ask("PATCH", path, content, known.account.name)
        except UserError as problem:
            return await _shown(site, reads, request, campaign_id, known, given, words.told(str(problem)))
        return site.pages.go(_path(campaign_id), words("campaigns.pace_changed", changes=_changes(changes, words)))

    @site.app.post("/campaigns/{campaign_id}/reset")
    async def reset(request: Request, campaign_id: str, known: Manages, form: Sent) -> Response:
        return await _told(site, request, "DELETE", f"{_path(campaign_id)}/changes", campaign_id, known)

    @site.app.post("/campaigns/{campaign_id}/start")
    async def start(request: Request, campaign_id: str, known: Manages, form: Sent) -> Response:
        return await _told(site, request, "POST", f"{_path(campaign_id)}/start", campaign_id, known)

    @site.app.post("/campaigns/{campaign_id}/archive")
    async def put_away(request: Request, campaign_id: str, known: Manages, form: Sent) -> Response:
        return await _told(site, request, "POST", f"{_path(campaign_id)}/archive", campaign_id, known)

    @site.app.post("/campaigns/{campaign_id}/unarchive")
    async def take_out(request: Request, campaign_id: str, known: Manages, form: Sent) -> Response:
        return await _told(site, request, "POST", f"{_path(campaign_id)}/unarchive", campaign_id, known)

    @site.app.post("/campaigns/{campaign_id}/{order}")
    async def change(
        request: Request, campaign_id: str, order: CampaignOrder, known: Manages, form: Sent
    ) -> Response:
        return await _told(site, request, "POST", f"{_path(campaign_id)}/{order.value}", campaign_id, known)


async def _told(site: Site, request: Request, method: str, path: str, campaign_id: str, known: Known) -> Response:
    words = site.pages.words_of(request)
    try:
        done = await site.engine.tell(method, f"/v1{path}", who=known.account.name)
    except CallwrightError as problem:
        return site.pages.go(_path(campaign_id), words.told(str(problem)), "bad")
    said, *more = (words.told(line) for line in done.said.splitlines())
    return site.pages.go(_path(campaign_id), "\n".join([f"{said[:1].upper()}{said[1:]}.", *more]))


def _modes(now: str) -> tuple[str, ...]:
    """What may be chosen: a broadcast has no agents, and the others no flow."""
    return ("broadcast",) if now == "broadcast" else MODE_NAMES


def _number(key: str, value: str) -> str:
    """A number of the page as the file has it: with a point, and a cap as a share where the page has percent.

    Raises:
        UserError: it is no number.
    """
    if key == "pacing.mode":
        return value
    if key != "pacing.cap":
        return value.replace(",", ".")
    try:
        return f"{float(value.replace(',', '.').rstrip(' %')) / 100:g}"
    except ValueError as problem:
        raise UserError(f"the cap: expected percent such as 2.5; found {value!a}") from problem


def _path(campaign_id: str) -> str:
    return f"/campaigns/{quote(campaign_id, safe='')}"


NAMED = {"pacing.mode": "mode", "pacing.ratio": "ratio", "pacing.calls_per_minute": "per_minute", "pacing.cap": "cap"}
"""The word for a key that may be changed, where it is not the key itself."""


def _changes(changes: Mapping[str, object], words: Words) -> str:
    """What was changed, by the words of the sliders."""
    said = []
    for key, value in changes.items():
        text = str(value)
        if key == "pacing.mode":
            text = words(f"campaigns.mode_{text}")
        elif isinstance(value, int | float):
            text = words.formats.plain(round(100 * value, 6) if key == "pacing.cap" else value)
        said.append(f"{words(f'campaigns.{NAMED.get(key, key)}')} = {text}")
    return ", ".join(said)
