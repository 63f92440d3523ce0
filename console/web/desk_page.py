"""The agent's desk: the state, the call with its card, what came of it, callbacks, and the agent's own figures."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from calls.errors import RecordError
from calls.ids import AgentId
from calls.records.agent_queues import ordered_queues
from calls.records.database import open_readonly
from calls.records.figure import Figure, Scope
from calls.reports.definitions import BY_NAME
from calls.reports.of_scope import agents_figures, figures_of
from calls.reports.targets import Target
from calls.settings import Settings
from console.accounts.roles import Right
from console.accounts.store import Known
from console.reads import targets
from console.reads.targets import TargetShown
from console.web.guard import Refused, require
from console.web.navigation import Entry, Group
from console.web.shared import Shared
from console.web.site import Site
from console.web.words import Words
from console.web.words.tongue import PageTongue

ENTRIES = (Entry("/desk", "nav.desk", Right.DESK, Group.NOW, "desk", own_desk=True),)

SHIFT = timedelta(hours=12)
"""What the agent's own figures are of: a session's longest, so a shift is in it."""

FIGURES_S = 20.0

WORK = ("handled", "handling_time", "occupancy", "adherence")
SALES = ("conversion", "sales_per_handling_hour")
"""The figures that agents see of themselves; those of sales where agents say dispositions, adherence where
the agent has shifts."""

AIMS = {"handling_time": "aht"}
"""Of those that have no target of their own: the figure whose target is the agents' too."""

Own = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Counted:
    """``own``: the figures of each agent, by agent and name; ``targets``: all of the settings, as they stand."""

    own: Mapping[str, Own]
    targets: Sequence[TargetShown]


def add(site: Site) -> None:
    """Add the page and its figures."""
    shared = Shared(lambda: _counted(site.settings, site.now()), FIGURES_S, site.monotonic_s)

    @site.app.get("/desk", response_class=HTMLResponse)
    async def desk(request: Request, known: Annotated[Known, Depends(require(Right.DESK))]) -> Response:
        site.pages.assets.require()
        words = site.pages.words_of(request).of("desk", "state", "line", "history")
        may = await asyncio.to_thread(offered, site.settings, _agent(known))
        return site.pages.show(request, "desk.html", words=words, desk=may)

    @site.app.get("/desk/figures")
    async def figures(request: Request, known: Annotated[Known, Depends(require(Right.DESK))]) -> Response:
        agent = _agent(known)
        counted = await asyncio.to_thread(shared.get)
        mine = await asyncio.to_thread(_given, site.settings, agent)
        words, house = site.pages.words_of(request), site.settings.reports.targets()
        tongue = PageTongue(words)
        shown = {
            name: {**each, "definition": tongue.said(BY_NAME[name], house)}
            for name, each in counted.own.get(agent, {}).items()
        }
        return JSONResponse({"own": shown, "targets": of_queues(counted.targets, mine, words)})


def offered(settings: Settings, agent: str) -> dict[str, object]:
    """What the desk offers: why to pause, where to hand a caller on to, and which queues to choose of."""
    return {
        "agent": agent,
        "reasons": [{"id": each.id, "label": each.label} for each in settings.pause_reasons],
        "agents": [{"id": each.id, "label": each.name} for each in settings.agents if each.id != agent],
        "queues": [each.name for each in settings.queues],
        "mine": _given(settings, agent),
        "destinations": [each.name for each in settings.destinations],
        "supervisors": [{"id": each.id, "label": each.name} for each in settings.supervisors],
    }


def _given(settings: Settings, agent: str) -> list[str]:
    """The queues that a supervisor, or else the settings, gave the agent, in their order there."""
    own = [name for each in settings.agents if each.id == agent for name in each.queues]
    try:
        with closing(open_readonly(settings.engine.database)) as connection:
            ordered = ordered_queues(connection).get(AgentId(agent))
    except RecordError:
        return own
    return own if ordered is None else [each.name for each in settings.queues if each.name in ordered]


def of_queues(targets: Iterable[TargetShown], queues: Collection[str], words: Words) -> list[dict[str, object]]:
    """How the targets of an agent's queues stand, in the agent's language."""
    found: list[dict[str, object]] = []
    for each in targets:
        if (queue := each.subject.get("queue")) in queues:
            said = {"value": each.value_said, "aim": each.aim_said, "window": each.window_said}
            shown = {name: words.told(text) for name, text in said.items()}
            title = words(f"figure.t_{each.figure}")
            stands = {"look": each.look, "verdict": each.verdict}
            found.append({"name": each.name, "title": f"{title}, {queue}", **shown, **stands})
    return found


def of_agents(connection: sqlite3.Connection, scope: Scope) -> list[Figure]:
    """The figures of each agent, who is their subject."""
    (given,) = figures_of(connection, scope, ("dispositions_given",))
    found = agents_figures(connection, scope, (*WORK, *SALES) if given.numerator else WORK)
    return [each for each in found if each.name != "adherence" or each.denominator]


def own(figures: Iterable[Figure], targets: Iterable[Target]) -> dict[str, dict[str, dict[str, object]]]:
    """The figures of each agent, by agent and name; with what is aimed at and how it stands, where ``targets`` have
    one of all calls."""
    aims = {each.figure: each for each in targets if not each.subject}
    found: dict[str, dict[str, dict[str, object]]] = {}
    for each in figures:
        shown: dict[str, object] = {"value": each.value, "unit": each.unit, "definition": each.definition}
        if each.value is not None and (aim := aims.get(each.name) or aims.get(AIMS.get(each.name, ""))) is not None:
            shown |= {"aim": aim.aim, "look": aim.verdict_of(each.value).value}
        found.setdefault(each.subject, {})[each.name] = shown
    return found


def _counted(settings: Settings, now: datetime) -> Counted:
    try:
        with closing(open_readonly(settings.engine.database)) as connection:
            figures = of_agents(connection, Scope(now - SHIFT, now, now=now))
            return Counted(own(figures, settings.targets), targets.standings(connection, settings, now))
    except RecordError:
        return Counted({}, ())


def _agent(known: Known) -> str:
    """
    Raises:
        Refused: the account is nobody's desk.
    """
    if known.account.agent_id is None:
        raise Refused(403, "this account is no agent's: callwright accounts change NAME --agent ID")
    return known.account.agent_id
