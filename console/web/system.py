"""The administrators' pages: the audit, health with the doctor, the settings as they are, and about."""

from __future__ import annotations

import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from calls.records.migrations import applied
from console.accounts.roles import Right
from console.accounts.store import Known
from console.reads import system
from console.web.api_reads import health_of
from console.web.guard import known_of, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.site import Site

ENTRIES = (
    Entry("/audit", "nav.audit", Right.SYSTEM, Group.SYSTEM, "audit"),
    Entry("/health", "nav.health", Right.SYSTEM, Group.SYSTEM, "health"),
    Entry("/settings", "nav.settings", Right.SYSTEM, Group.SYSTEM, "settings"),
)

Administers = Annotated[Known, Depends(require(Right.SYSTEM))]


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)

    @site.app.get("/audit", response_class=HTMLResponse)
    async def audit(
        request: Request, known: Administers, who: str = "", what: str = "", since: str = "", before: str = ""
    ) -> Response:
        given = {"who": who[:100], "what": what[:100], "since": since[:10], "before": before[:20]}
        problem = ""
        try:
            wanted = system.AuditSearch(
                who=given["who"],
                what=given["what"],
                begin=datetime.fromisoformat(given["since"]).replace(tzinfo=UTC) if given["since"] else None,
                before=int(given["before"]) if given["before"] else None,
            )
        except (ValidationError, ValueError):
            wanted, problem = system.AuditSearch(), site.pages.words_of(request)("system.day_wanted")
        page = await reads.read(lambda db: system.changes(db, wanted))
        more = f"/audit?{urlencode({**given, 'before': page.next})}" if page.next else None
        return site.pages.show(request, "audit.html", page=page, given=given, more=more, problem=problem)

    @site.app.get("/health", response_class=HTMLResponse)
    async def health(request: Request, known: Administers) -> Response:
        status, _ = await reads.status()
        return site.pages.show(request, "health.html", health=await health_of(reads), status=status)

    @site.app.get("/settings", response_class=HTMLResponse)
    async def settings(request: Request, known: Administers) -> Response:
        return site.pages.show(request, "settings.html", tables=system.settings_shown(site.settings))

    @site.app.get("/about", response_class=HTMLResponse)
    async def about(request: Request) -> Response:
        known_of(request)
        schema = await reads.read_if_any(lambda db: "" if db is None else applied(db)[-1])
        t = site.pages.words_of(request)
        facts = {
            "Callwright": version("callwright"),
            t("system.fact_schema"): schema or t("system.fact_none"),
            "Python": platform.python_version(),
            "SQLite": sqlite3.sqlite_version,
            t("system.fact_system"): platform.platform(terse=True),
        }
        return site.pages.show(request, "about.html", facts=facts)
