"""The page of one call: its record in words, and what its flow said and heard."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse

from calls.records.times import as_time
from console.accounts.roles import Right
from console.accounts.store import Known
from console.reads import calls
from console.reads.calls import CallDetail
from console.reads.names import Names
from console.web.guard import require
from console.web.house_time import HouseTime
from console.web.person_facts import Fact
from console.web.reads import Reads
from console.web.recordings import Recordings
from console.web.site import Site
from console.web.words import Words

ENTRIES = ()
"""It is reached from what names calls."""

TIMES = ("ring_s", "menu_s", "wait_s", "talk_s", "wrap_up_s", "duration_s")

Looks = Annotated[Known, Depends(require(Right.REPORTS))]


def add(site: Site) -> None:
    """Add the page."""
    reads = Reads(site.settings, site.engine, site.now)
    heard = Recordings(reads)

    @site.app.get("/calls/{call_id}", response_class=HTMLResponse)
    async def one(request: Request, call_id: str, known: Looks) -> Response:
        may_read = Right.PEOPLE in known.rights
        words, local = site.pages.words_of(request), site.pages.local_of(request)

        def look(db: sqlite3.Connection) -> tuple[CallDetail, list[Fact]]:
            found = calls.detail(db, call_id, numbers=may_read)
            return found, list(_facts(found, Names(db, site.settings, words.told), words, local, known))

        found, facts = await reads.read(look)
        call = found.call
        who = found.lead or call.number
        return site.pages.show(
            request,
            "call.html",
            began_at=as_time(call.started_at),
            facts=facts,
            transcript=await heard.transcript(call_id) if may_read else (),
            may_read=may_read,
            names={each.id: each.name for each in site.settings.agents},
            person=f"/people/{quote(who, safe='')}" if may_read and who else "",
            hear=_hear(call_id, call.agent, call.recorded, known),
        )


def _hear(call_id: str, agent: str | None, recorded: bool, known: Known) -> str:
    if not (agent and recorded and Right.RECORDINGS in known.rights):
        return ""
    return f"/quality/{quote(call_id, safe='')}?agent={quote(agent, safe='')}"


def _facts(found: CallDetail, names: Names, words: Words, local: HouseTime, known: Known) -> Iterator[Fact]:
    """What the record says, without what it has nothing of."""
    call = found.call
    yield Fact("call.direction", words(f"quality.{call.direction}"))
    yield Fact("call.number", call.number)
    yield Fact("call.outcome", words.named("history.v_", call.outcome))
    if call.queue:
        yield Fact("call.queue", call.queue)
    if call.campaign:
        path = f"/campaigns/{quote(call.campaign, safe='')}" if Right.CAMPAIGNS in known.rights else ""
        yield Fact("call.campaign", names.campaign(call.campaign), path, call.campaign)
    if call.agent:
        yield Fact("call.agent", names.agent(call.agent), title=call.agent)
    if call.disposition:
        label = names.disposition(call.disposition, call.campaign, call.queue)
        yield Fact("call.disposition", label, title=call.disposition)
    if found.note:
        yield Fact("call.note", found.note)
    if call.flow:
        yield Fact(
            "call.flow", call.flow, f"/flows/{quote(call.flow, safe='')}" if Right.FLOWS in known.rights else ""
        )
    if found.last_node:
        yield Fact("call.last_node", found.last_node)
    for label, at in (("call.answered", call.answered_at), ("call.ended", call.ended_at)):
        if at is not None:
            yield Fact(label, local.seconds(as_time(at)))
    for name in TIMES:
        value: float | None = getattr(call, name)
        if value:
            yield Fact(f"call.{name}", words.formats.seconds(value, 1))
    if call.cause is not None:
        yield Fact("call.cause", str(call.cause))
    if call.ended_by:
        yield Fact("call.ended_by", words.named("call.by_", call.ended_by))
    yield Fact("call.id", call.call_id)
