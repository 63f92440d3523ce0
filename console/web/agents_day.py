"""The page of agents' day: their states in the course of a day, as a picture, as tables and as a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from calls.errors import UserError
from calls.reports.agents_day import STATES, AgentsDay, agents_day
from calls.reports.day_picture import picture
from calls.reports.sheets import MEDIA, Format, csv_rows, write
from console.accounts.roles import Right
from console.accounts.store import Known
from console.web.guard import require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site

PATH = "/agents-day"
ENTRIES = (Entry(PATH, "nav.agents_day", Right.FLOOR, Group.PEOPLE, "clock"),)

NAMES = ("day", "agent", "queue")

A_PAGE = 25
"""Agents that one picture shows: of busy ones it has a megabyte or more."""

STATES_TOLD = 4_000
"""Of more states than these a page has no tables, but a way to those of each agent: it would take the console
seconds, and its reader's browser longer."""

MOST_STATES = 100_000
"""Of a file that is made in memory: what 230 agents have in a day, one every 200 seconds. As CSV any number is
written as it is read."""

LAST = date(2999, 12, 30)

Floor = Annotated[Known, Depends(require(Right.FLOOR))]


def add(site: Site) -> None:
    """Add the page and its downloads."""
    reads = Reads(site.settings, site.engine, site.now)
    names = {each.id: each.name for each in site.settings.agents}
    queues = [each.name for each in site.settings.queues]

    async def found_for(words: dict[str, str], after: str = "", most: int | None = None) -> AgentsDay:
        zone = site.settings.reports.place()
        day = _day(words["day"]) or site.now().astimezone(zone).date()
        of = _agents(site, words["agent"], words["queue"])
        return await reads.read(lambda db: agents_day(db, day, zone, site.now(), of, after, most))

    @site.app.get(PATH, response_class=HTMLResponse)
    async def page(request: Request, known: Floor, after: str = "") -> Response:
        words = {name: request.query_params.get(name, "") for name in NAMES}
        t = site.pages.words_of(request)
        problem, found, more = "", None, ""
        try:
            whole = await found_for(words, after, A_PAGE + 1)
        except UserError as trouble:
            problem = t.told(str(trouble))
        else:
            more = whole.agents[A_PAGE - 1].agent_id if len(whole.agents) > A_PAGE else ""
            found = replace(whole, agents=whole.agents[:A_PAGE])
        title = t("day.picture", day=found.day if found else "")
        asked = {name: value for name, value in words.items() if value}
        return site.pages.show(
            request,
            "agents_day.html",
            400 if problem else 200,
            words=words | ({"day": found.day.isoformat()} if found else {}),
            found=found,
            problem=problem,
            picture=picture(found, names, lambda state: t(f"state.{state}"), title, t("day.planned"))
            if found
            else None,
            names=names,
            queues=queues,
            states=STATES,
            each_told=found is not None
            and (len(found.agents) == 1 or sum(len(each.stretches) for each in found.agents) <= STATES_TOLD),
            of_agent={each.agent_id: urlencode(asked | {"agent": each.agent_id}) for each in found.agents}
            if found
            else {},
            before=urlencode(asked | {"day": str(found.day - timedelta(days=1))}) if found else "",
            later=urlencode(asked | {"day": str(found.day + timedelta(days=1))}) if found else "",
            more=urlencode(asked | {"after": more}) if more else "",
            query=urlencode(asked),
            formats=[each.value for each in Format],
        )

    async def parts_for(words: dict[str, str]) -> AsyncIterator[AgentsDay]:
        """The day, some agents at a time: the last part has fewer."""
        after = ""
        while True:
            part = await found_for(words, after, A_PAGE)
            yield part
            if len(part.agents) < A_PAGE:
                return
            after = part.agents[-1].agent_id

    @site.app.get(f"{PATH}/file")
    async def file(request: Request, known: Floor) -> Response:
        how = request.query_params.get("format", "csv")
        if how not in list(Format):
            raise UserError(f"format {how[:20]!r}: expected one of {', '.join(Format)}")
        parts = parts_for({name: request.query_params.get(name, "") for name in NAMES})
        first = await anext(parts)
        headers = {"Content-Disposition": f'attachment; filename="agents-{first.day}.{how}"'}
        media = MEDIA[Format(how)]
        if how == Format.CSV:
            return StreamingResponse(_csv(first, parts), media_type=media, headers=headers)
        content = await asyncio.to_thread(write, (await _whole(first, parts)).sheet(), Format(how))
        return Response(content, media_type=media, headers=headers)


async def _csv(first: AgentsDay, others: AsyncIterator[AgentsDay]) -> AsyncIterator[str]:
    """The file as it is read, however many agents there are."""
    sheet = first.sheet()
    yield await asyncio.to_thread(csv_rows, [sheet.names, *sheet.rows])
    async for part in others:
        yield await asyncio.to_thread(csv_rows, part.sheet().rows)


async def _whole(first: AgentsDay, others: AsyncIterator[AgentsDay]) -> AgentsDay:
    """All of it, for a file that is made in memory.

    Raises:
        UserError: it is too much for that.
    """
    agents, states = [*first.agents], sum(len(each.stretches) for each in first.agents)
    async for part in others:
        agents += part.agents
        states += sum(len(each.stretches) for each in part.agents)
        if states > MOST_STATES:
            raise UserError(f"that would be more than {MOST_STATES} states: ask for CSV, or for one queue or agent")
    return replace(first, agents=tuple(agents))


def _day(word: str) -> date | None:
    if not word:
        return None
    try:
        found = date.fromisoformat(word)
    except ValueError:
        raise UserError(f"day {word[:20]!r}: expected a day such as 2026-05-31") from None
    if not date(1971, 1, 1) <= found <= LAST:
        raise UserError(f"day {word[:20]!r}: expected a day from 1971-01-01 to {LAST}")
    return found


def _agents(site: Site, agent: str, queue: str) -> Collection[str] | None:
    """Whose day is asked for; None: everybody's.

    Raises:
        UserError: there is no such queue.
    """
    if queue and queue not in {each.name for each in site.settings.queues}:
        raise UserError(f"no queue is named {queue[:64]!r}")
    serving = {each.id for each in site.settings.agents if queue in each.queues}
    match agent, queue:
        case "", "":
            return None
        case "", _:
            return serving
        case _, "":
            return {agent}
        case _:
            return {agent} & serving
