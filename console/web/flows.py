"""The pages of flows: a graph with what callers did, versions and what differs, a walk, and an editor that checks."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import FlowError, UserError
from calls.ids import FlowId, is_safe_id
from calls.reports.traffic import Traffic, traffic
from calls.settings import Settings
from console import building
from console.accounts.roles import Right
from console.accounts.store import Known
from console.engine.api import FlowGiven, FlowsGiven
from console.operations import Done
from console.reads import flow_check, flow_walk, flow_words, flows
from console.web.guard import posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site
from console.web.spans import days_of
from console.web.words import Words
from ivr.check import Known as Names
from ivr.check import load
from ivr.drawing.cards import Card, cards
from ivr.drawing.svg import LINES, Heading, svg
from prompts.library import PromptLibrary

ENTRIES = (Entry("/flows", "nav.flows", Right.FLOWS, Group.WORK, "flows"),)

EDIT = "/edit-flow"
LONGEST_TEXT = 2_000_000
"""Bytes of a form with a flow's text in it."""

DAYS = 7
"""Of how many days the calls are counted where nobody says."""

LONGEST_DAYS = 365

PICTURE = "default-src 'none'; style-src 'unsafe-inline'"
"""The policy of a drawing, which has its style in it and is shown as a picture: no script runs there."""

NEW = """\
language: en
start: welcome
nodes:
  welcome: {say: [main.welcome], next: bye}
  bye: {hangup: [system.goodbye]}
"""

Flows = Annotated[Known, Depends(require(Right.FLOWS))]
Sent = Annotated[FormData, Depends(posted)]


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)
    _add_shown(site, reads)
    _add_versions(site, reads)
    _add_walk(site)
    _add_editor(site, reads)


def _drawn(connection: sqlite3.Connection | None, settings: Settings, flow: str, now: datetime, days: int) -> _Drawn:
    """The cards of the flow's file, with what calls did.

    Raises:
        FlowError: there is no such flow, or its file has an error.
    """
    if not is_safe_id(flow):
        raise FlowError(f"there is no flow {flow!a}")
    flows.file_text(settings, flow)
    found = load(settings.flows / f"{flow}.yaml", Names())
    counted = None if connection is None else traffic(connection, FlowId(flow), now - timedelta(days=days), now)
    return cards(found, counted), counted, found.version


_Drawn = tuple[tuple[Card, ...], Traffic | None, str]


def _add_shown(site: Site, reads: Reads) -> None:
    settings = site.settings

    @site.app.get("/flows", response_class=HTMLResponse)
    async def all_flows(request: Request, known: Flows) -> Response:
        found = await reads.read_if_any(lambda db: flows.overview(db, settings))
        return site.pages.show(request, "flows.html", flows=found)

    @site.app.get("/flows/{flow}", response_class=HTMLResponse)
    async def one(request: Request, flow: str, known: Flows, days: str = "") -> Response:
        now, span, problem, drawn = site.now(), days_of(days, DAYS, LONGEST_DAYS), "", None
        try:
            drawn = await reads.read_if_any(lambda db: _drawn(db, settings, flow, now, span))
        except FlowError as fault:
            problem = str(fault)
        versions = await reads.read_if_any(lambda db: [] if db is None else flows.versions(db, flow))
        if problem and not versions and not (settings.flows / f"{flow}.yaml").is_file():
            words = site.pages.words_of(request).told(problem)
            return site.pages.show(request, "problem.html", 404, words=words)
        return site.pages.show(
            request,
            "flow.html",
            flow=flow,
            days=span,
            problem=problem,
            cards=drawn[0] if drawn else (),
            traffic=drawn[1] if drawn else None,
            version=drawn[2] if drawn else "",
            versions=versions,
        )

    @site.app.get("/flows/{flow}/graph.svg")
    async def graph(request: Request, flow: str, known: Flows, days: str = "") -> Response:
        now, span = site.now(), days_of(days, DAYS, LONGEST_DAYS)
        drawn, counted, version = await reads.read_if_any(lambda db: _drawn(db, settings, flow, now, span))
        t = site.pages.words_of(request)
        told = "" if counted is None else f" · {t('flows.picture_calls', count=counted.calls, days=span)}"
        about = f"{t('flows.picture_version', version=version)}{told}"
        legend = {look: t(f"flows.line_{look}") for look, _ in LINES.values()}
        picture = svg(drawn, Heading(flow, about, legend, t.texts["flows.came"]))
        return Response(picture, media_type="image/svg+xml", headers={"Content-Security-Policy": PICTURE})


def _add_versions(site: Site, reads: Reads) -> None:
    @site.app.get("/flows/{flow}/difference", response_class=HTMLResponse)
    async def difference(request: Request, flow: str, known: Flows, old: str = "", new: str = "") -> Response:
        found = await reads.read(lambda db: flows.difference(db, site.settings, flow, old or None, new or None))
        return site.pages.show(request, "flow_difference.html", flow=flow, found=found)

    @site.app.post("/flows/{flow}/rollback")
    async def roll_back(request: Request, flow: str, known: Flows, form: Sent) -> Response:
        query = {"version": str(form.get("version", ""))[:64], "note": str(form.get("note", ""))[:1000]}
        path = f"/v1/flows/{quote(flow, safe='')}/rollback?{urlencode(query)}"
        try:
            done = await site.engine.tell("POST", path, who=known.account.name)
        except UserError as problem:
            return site.pages.go(_path(flow), site.pages.words_of(request).told(str(problem)), "bad")
        return site.pages.go(_path(flow), _said(site.pages.words_of(request), done.said))


def _add_walk(site: Site) -> None:
    async def walked(request: Request, flow: str, lines: list[str], at: str) -> Response:
        try:
            found = await asyncio.to_thread(flow_walk.walk, site.settings, flow, lines, at)
        except UserError as problem:
            words = site.pages.words_of(request).told(str(problem))
            return site.pages.show(request, "problem.html", 409, words=words)
        status = 409 if found.problem else 200
        line = lines[len(found.lines)] if found.problem and len(lines) > len(found.lines) else ""
        return site.pages.show(request, "flow_walk.html", status, flow=flow, walk=found, at=at, line=line)

    @site.app.get("/flows/{flow}/walk", response_class=HTMLResponse)
    async def begin(request: Request, flow: str, known: Flows, at: str = "") -> Response:
        return await walked(request, flow, [], at[:25])

    @site.app.post("/flows/{flow}/walk", response_class=HTMLResponse)
    async def go_on(request: Request, flow: str, known: Flows, form: Sent) -> Response:
        before = str(form.get("lines", ""))
        lines = before.split("\n")[:-1] if before else []
        if form.get("go") == "back":
            lines = lines[:-1]
        else:
            lines.append(str(form.get("line", "")).strip().replace("\n", " "))
        return await walked(request, flow, lines, str(form.get("at", ""))[:25])


def _add_editor(site: Site, reads: Reads) -> None:
    settings = site.settings

    def page(
        request: Request, flow: str, text: str, faults: list[flow_check.FaultShown], note: str = "", problem: str = ""
    ) -> Response:
        code = 409 if problem or any(each.severity == "error" for each in faults) else 200
        return site.pages.show(
            request, "flow_edit.html", code, flow=flow, text=text, faults=faults, note=note, problem=problem
        )

    @site.app.get(EDIT, response_class=HTMLResponse)
    async def edit(request: Request, known: Flows, flow: str = "", version: str = "") -> Response:
        try:
            found = await reads.read_if_any(lambda db: flows.text(db, settings, flow, version or None))
        except FlowError:
            return page(request, flow[:64], NEW, [])
        return page(request, flow, found.text, [])

    @site.app.get(f"{EDIT}/words")
    async def offers(known: Flows) -> flow_words.FlowWords:
        """What the editor completes with."""
        return await asyncio.to_thread(
            lambda: flow_words.words(building.known(settings, PromptLibrary(settings.prompts)))
        )

    @site.app.post(EDIT, response_class=HTMLResponse)
    async def take(request: Request, known: Flows, form: Sent) -> Response:
        flow, note = str(form.get("flow", "")).strip(), str(form.get("note", ""))
        text = str(form.get("text", "")).replace("\r\n", "\n")
        try:
            given = flow_check.FlowText(flow=flow, text=text)
            faults = await asyncio.to_thread(flow_check.faults_of, settings, given)
            if form.get("do") != "publish" or any(each.severity == "error" for each in faults):
                return page(request, flow, text, faults, note)
            order = FlowsGiven(flows=(FlowGiven(file=f"{flow}.yaml", text=text),), note=note[:1000])
            answer = await site.engine.ask(
                "POST", "/v1/flows/publish", order.model_dump_json().encode(), known.account.name
            )
        except (UserError, ValueError) as problem:
            return page(request, flow, text, [], note, str(problem))
        done = Done.model_validate_json(answer.content)
        return site.pages.go(_path(flow), _said(site.pages.words_of(request), done.said))


def _said(words: Words, said: str) -> str:
    """What was done with each flow, a sentence each."""
    return " ".join(words.sentence(line) for line in said.splitlines())


def _path(flow: str) -> str:
    return f"/flows/{quote(flow, safe='')}"
