"""The public API's own routes: what is read from the database beside the engine, whether one runs or not.

They stand before those that are handed on to the engine, and take their rights by the same dependency as pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathPart
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict

from calls.ids import SAFE_ID
from console.accounts.roles import Right
from console.cli.doctor import examine
from console.operations import e164
from console.reads import callbacks as callbacks_shown
from console.reads import calls, campaigns, flow_check, flows, people, recordings, rules, system, targets, transcript
from console.web.guard import SAFE, check_csrf, is_by_cookie, known_of, require
from console.web.reads import Reads
from console.web.recordings import Recordings

DAYS = timedelta(days=7)
"""Of which calls are shown where nobody says."""

ORDERS: Mapping[str, int] = {"/api/v1/flows/check": 1_000_000}
"""What is posted to the console itself: the path, and how many bytes its body may have, which is read before anybody
asks for a right."""

Text = Annotated[str, Query(max_length=100)]
NAME = rf"^{SAFE_ID.pattern[:-2]}$"
"""Of a recording: an id of ours."""


class Problem(BaseModel):
    """Why a request was not carried out."""

    problem: str


class FindingShown(BaseModel):
    """What one look at the installation found; ``problem`` is empty where all is well."""

    model_config = ConfigDict(frozen=True)
    what: str
    found: str
    problem: str


class Health(BaseModel):
    """Whether all is well. ``engine``: why none answers, or ""; ``not_ready``: why nothing new is dialled."""

    model_config = ConfigDict(frozen=True)
    engine: str
    not_ready: tuple[str, ...]
    loop_lag_s: float | None
    writer_behind_s: float | None
    findings: tuple[FindingShown, ...]


def takes(right: Right) -> dict[str, Any]:
    """What makes a route one for those who have ``right``."""
    return {
        "dependencies": [Depends(require(right)), Depends(check_own)],
        "description": f"Takes the right `{right.value}`.",
        "openapi_extra": {"security": [{"token": [right.value]}]},
        "responses": {
            401: {"model": Problem, "description": "Nobody is known"},
            403: {"model": Problem, "description": "The right lacks"},
            409: {"model": Problem, "description": "Refused, and why"},
            503: {"model": Problem, "description": "The database cannot be read"},
        },
    }


def router(reads: Reads) -> APIRouter:
    """The routes."""
    found = APIRouter(prefix="/api/v1")
    _add_work(found, reads)
    _add_rules(found, reads)
    _add_flows(found, reads)
    _add_system(found, reads)
    return found


def _add_work(app: APIRouter, reads: Reads) -> None:
    region, heard = reads.settings.engine.region, Recordings(reads)

    @app.get("/campaigns", **takes(Right.VIEW))
    async def all_campaigns(archived: bool = False) -> list[campaigns.CampaignRow]:
        """Those in use; `archived`: those in the archive."""
        live = await reads.live_campaigns()
        folder = reads.settings.campaigns
        return await reads.read_if_any(lambda db: campaigns.overview(db, folder, live, archived=archived))

    @app.get("/calls", **takes(Right.REPORTS))
    async def search_calls(request: Request, wanted: Annotated[calls.CallSearch, Query()]) -> calls.CallPage:
        """Without `from`, the calls of the last seven days. Numbers are masked for who has not the right `people`."""
        since = wanted.begin or reads.now() - DAYS
        asked, numbers = wanted.model_copy(update={"begin": since}), Right.PEOPLE in known_of(request).rights
        return await reads.read(lambda db: calls.search(db, asked, region, numbers=numbers))

    @app.get("/calls/{call_id}", **takes(Right.REPORTS))
    async def one_call(request: Request, call_id: str) -> calls.CallDetail:
        numbers = Right.PEOPLE in known_of(request).rights
        return await reads.read(lambda db: calls.detail(db, call_id, numbers=numbers))

    @app.get("/calls/{call_id}/transcript", **takes(Right.PEOPLE))
    async def transcript_of(call_id: str) -> tuple[transcript.Line, ...]:
        """What the flow said and understood, by seconds; nothing of what caller and agent say to each other."""
        return await heard.transcript(call_id)

    @app.get("/calls/{call_id}/recordings", **takes(Right.RECORDINGS))
    async def recordings_of(call_id: str) -> list[recordings.RecordingShown]:
        """Each with its length, where nothing was recorded, and what happened in it."""
        return [each.shown for each in await heard.of_call(call_id)]

    @app.get("/calls/{call_id}/recordings/{name}", response_class=FileResponse, **takes(Right.RECORDINGS))
    async def recording(request: Request, call_id: str, name: Annotated[str, PathPart(pattern=NAME)]) -> FileResponse:
        """The file. That it was given out, and to whom, stands in the audit before it is."""
        return await heard.file(call_id, name, known_of(request), "download", "api")

    @app.get("/people", **takes(Right.PEOPLE))
    async def search_people(q: Text) -> list[people.PersonFound]:
        return await reads.read(lambda db: people.search(db, q, region))

    @app.get("/targets", **takes(Right.VIEW))
    async def all_targets() -> list[targets.TargetShown]:
        """Every figure that has a target, as it stands now."""
        return await reads.read(lambda db: targets.standings(db, reads.settings, reads.now()))

    @app.get("/alerts", **takes(Right.VIEW))
    async def all_alerts(wanted: Annotated[targets.AlertSearch, Query()]) -> targets.AlertPage:
        return await reads.read(lambda db: targets.page(db, wanted))

    @app.get("/callbacks", **takes(Right.FLOOR))
    async def open_callbacks() -> list[callbacks_shown.CallbackRow]:
        return await reads.read(callbacks_shown.open_ones)

    @app.get("/voicemail", **takes(Right.RECORDINGS))
    async def messages(mailbox: Text = "") -> list[callbacks_shown.MessageRow]:
        return await reads.read(lambda db: callbacks_shown.messages(db, mailbox or None))


def _add_rules(app: APIRouter, reads: Reads) -> None:
    @app.get("/do-not-call", **takes(Right.RULES))
    async def forbidden(q: Text = "", after: Text = "") -> rules.ForbiddenPage:
        return await reads.read(lambda db: rules.forbidden(db, q, after))

    @app.get("/do-not-call-lists", **takes(Right.RULES))
    async def imported_lists() -> list[rules.ListShown]:
        return await reads.read(rules.lists)

    @app.get("/consents/{number}", **takes(Right.RULES))
    async def consents_of(number: str) -> list[rules.ConsentShown]:
        wanted = e164(number)
        return await reads.read(lambda db: rules.consents_of(db, wanted))

    @app.get("/blocked", **takes(Right.RULES))
    async def turned_away() -> list[rules.BlockedShown]:
        return await reads.read(rules.turned_away)


def _add_flows(app: APIRouter, reads: Reads) -> None:
    settings = reads.settings

    @app.get("/flows", **takes(Right.FLOWS))
    async def all_flows() -> list[flows.FlowRow]:
        return await reads.read_if_any(lambda db: flows.overview(db, settings))

    @app.get("/flows/{flow}/versions", **takes(Right.FLOWS))
    async def versions(flow: str) -> list[flows.VersionShown]:
        return await reads.read(lambda db: flows.versions(db, flow))

    @app.get("/flows/{flow}/text", **takes(Right.FLOWS))
    async def text(flow: str, version: Annotated[str | None, Query(max_length=64)] = None) -> flows.VersionText:
        """Of a version, by its first digits; without one of the file as it is now."""
        return await reads.read_if_any(lambda db: flows.text(db, settings, flow, version))

    @app.get("/flows/{flow}/difference", **takes(Right.FLOWS))
    async def difference(
        flow: str,
        old: Annotated[str | None, Query(max_length=64)] = None,
        new: Annotated[str | None, Query(max_length=64)] = None,
    ) -> flows.Difference:
        """Without `old` from the newest that is kept; without `new` to the file."""
        return await reads.read(lambda db: flows.difference(db, settings, flow, old, new))

    @app.get("/flows/{flow}/figures", **takes(Right.REPORTS))
    async def figures(
        flow: str, days: Annotated[float, Query(gt=0, le=3650)] = 7.0, version: Text = ""
    ) -> list[flows.FigureRow]:
        now = reads.now()
        return await reads.read(lambda db: flows.figures(db, flow, now - timedelta(days=days), now, version))

    @app.post("/flows/check", **takes(Right.FLOWS))
    async def check(given: flow_check.FlowText) -> list[flow_check.FaultShown]:
        """What a publishing of the text would find, by line; nothing is changed."""
        return await asyncio.to_thread(flow_check.faults_of, settings, given)


def _add_system(app: APIRouter, reads: Reads) -> None:
    @app.get("/audit", **takes(Right.SYSTEM))
    async def changes(wanted: Annotated[system.AuditSearch, Query()]) -> system.AuditPage:
        return await reads.read(lambda db: system.changes(db, wanted))

    @app.get("/health", **takes(Right.SYSTEM))
    async def health() -> Health:
        return await health_of(reads)

    @app.get("/settings", **takes(Right.SYSTEM))
    async def settings() -> dict[str, object]:
        """Without secrets, and without what tokens may stand in."""
        return system.settings_shown(reads.settings)

    @app.get("/accounts", **takes(Right.SYSTEM))
    async def accounts() -> list[system.AccountShown]:
        now = reads.now()
        return await reads.read(lambda db: system.accounts(db, now))

    @app.get("/tokens", **takes(Right.SYSTEM))
    async def tokens() -> list[system.TokenShown]:
        return await reads.read(system.tokens)


def check_own(request: Request) -> None:
    """An order to the console itself, as :mod:`console.web.api` checks those to the engine.

    Raises:
        Refused: another site made it.
    """
    if request.method not in SAFE and is_by_cookie(request):
        check_csrf(request, request.headers.get("x-csrf-token"))


async def health_of(reads: Reads) -> Health:
    """Every look at the installation, and the engine's own word."""
    status, trouble = await reads.status()
    found = await asyncio.to_thread(lambda: list(examine(reads.settings)))
    return Health(
        engine=trouble,
        not_ready=() if status is None else status.not_ready,
        loop_lag_s=None if status is None else status.loop_lag_s,
        writer_behind_s=None if status is None else status.writer_behind_s,
        findings=tuple(FindingShown(what=each.what, found=each.found, problem=each.problem) for each in found),
    )
