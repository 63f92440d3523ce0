"""The pages of agents' shifts: what is planned, a form for more, one day of an agent, and the plan as a file."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.agents.shifts import ANY_BREAK, WEEKDAYS, Plan, Shift
from calls.errors import UserError
from calls.records import work_shifts
from console import shifting
from console.accounts.roles import Right
from console.accounts.store import Known
from console.shifting import DayOrder, PartOrder, ShiftsOrder
from console.web.guard import posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site

PATH = "/shifts"
ENTRIES = (Entry(PATH, "nav.shifts", Right.FLOOR, Group.PEOPLE, "clock"),)

MORE_SHIFTS, MORE_BREAKS = 1, 2
"""Empty lines of a day's form, behind those that are filled."""

Plans = Annotated[Known, Depends(require(Right.FLOOR))]
Sent = Annotated[FormData, Depends(posted)]


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)
    agents = [each.id for each in site.settings.agents]

    async def page(request: Request, problem: str = "", text: str = "", since: str = "") -> Response:
        found = await reads.read_if_any(lambda db: () if db is None else shifting.planned(db))
        return site.pages.show(
            request, "shifts.html", 409 if problem else 200, shifts=found, problem=problem, text=text, since=since,
            agents=agents, zone=site.settings.reports.zone, today=_today(site),
        )  # fmt: skip

    @site.app.get(PATH, response_class=HTMLResponse)
    async def show(request: Request, known: Plans) -> Response:
        return await page(request)

    @site.app.post(PATH, response_class=HTMLResponse)
    async def bring(request: Request, known: Plans, form: Sent) -> Response:
        text, since = str(form.get("text", "")), str(form.get("since", "")).strip()
        try:
            order = ShiftsOrder(text=text, since=date.fromisoformat(since) if since else None)
            done = await site.engine.tell("PUT", "/v1/shifts", order, known.account.name)
        except (UserError, ValueError) as problem:
            return await page(request, str(problem), text, since)
        return site.pages.go(PATH, site.pages.words_of(request).sentence(done.said))

    @site.app.get(f"{PATH}/file")
    async def file(request: Request, known: Plans, on: date | None = None) -> Response:
        day = on or _today(site)
        text = await reads.read(lambda db: shifting.as_file(db, day))
        headers = {"Content-Disposition": f'attachment; filename="shifts-{day}.csv"'}
        return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)

    _add_day(site, reads, agents)


def _add_day(site: Site, reads: Reads, agents: list[str]) -> None:
    async def page(
        request: Request, agent: str, day: str, since: str, given: list[Shift] | None = None, problem: str = ""
    ) -> Response:
        known = agent in agents and (day in WEEKDAYS or _is_day(day))
        if not known:
            words = site.pages.words_of(request)("shifts.no_day", day=repr(day), agent=repr(agent))
            return site.pages.show(request, "problem.html", 404, words=words)
        from_then = date.fromisoformat(since) if _is_day(since) else _today(site)
        shown = given if given is not None else await reads.read(lambda db: _planned(db, agent, day, from_then))
        return site.pages.show(
            request,
            "shift_day.html",
            409 if problem else 200,
            agent=agent,
            day=day,
            weekly=day in WEEKDAYS,
            since=str(from_then),
            shifts=_lines([each for each in shown if each.begins and not each.kind], MORE_SHIFTS),
            breaks=_lines([each for each in shown if each.kind], MORE_BREAKS),
            free=any(not each.begins for each in shown),
            kinds=[ANY_BREAK, *(each for each in shifting.paid_reasons(site.settings) if each != ANY_BREAK)],
            problem=problem,
        )

    @site.app.get(f"{PATH}/day", response_class=HTMLResponse)
    async def show(request: Request, known: Plans, agent: str = "", day: str = "", since: str = "") -> Response:
        return await page(request, agent or "".join(agents[:1]), day or str(_today(site)), since)

    @site.app.post(f"{PATH}/day", response_class=HTMLResponse)
    async def change(request: Request, known: Plans, form: Sent) -> Response:
        agent, day, since = (str(form.get(name, "")).strip() for name in ("agent", "day", "since"))
        wanted = [] if form.get("week") else _wanted(form)
        free = bool(form.get("free")) and not form.get("week")
        parts = tuple(PartOrder(begins=each.begins, ends=each.ends, kind=each.kind) for each in wanted)
        try:
            order = DayOrder(parts=parts, free=free, since=date.fromisoformat(since) if since else None)
            path = f"/v1/agents/{quote(agent, safe='')}/shifts/{quote(day, safe='')}"
            done = await site.engine.tell("PUT", path, order, known.account.name)
        except (UserError, ValueError) as problem:
            given = [*wanted, *([Shift(agent, day)] if free else [])]
            return await page(request, agent, day, since, given, str(problem))
        return site.pages.go(PATH, site.pages.words_of(request).sentence(done.said))


def _wanted(form: FormData) -> list[Shift]:
    """The lines of the form that say anything."""
    columns = [[str(each).strip()[:64] for each in form.getlist(name)] for name in ("begins", "ends", "kind")]
    rows = zip(*columns, strict=False)
    return [Shift("", "", begins, ends, kind) for begins, ends, kind in rows if begins or ends]


def _lines(filled: list[Shift], more: int) -> list[Shift]:
    return [*filled, *[Shift("", "")] * more]


def _planned(connection: sqlite3.Connection, agent: str, day: str, since: date) -> list[Shift]:
    plan = work_shifts.plans(connection).get(agent, Plan())
    if day in WEEKDAYS:
        week = plan.week(since)
        return [] if week is None else list(week.shifts.get(WEEKDAYS.index(day), ()))
    return list(plan.on(date.fromisoformat(day))[1])


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _today(site: Site) -> date:
    return site.now().astimezone(site.settings.reports.place()).date()
