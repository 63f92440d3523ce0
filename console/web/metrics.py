"""The console's own figures for Prometheus: requests by route and answer, how long they took, and who is logged in.

Prometheus shows a token with the scope ``view``. Source: the Prometheus text exposition format.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated

from fastapi import Depends, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from calls.errors import RecordError
from calls.records.times import as_text
from console.accounts import store
from console.accounts.roles import Right
from console.accounts.store import Known
from console.web.guard import require
from console.web.reads import Reads
from console.web.site import Site

ENTRIES = ()

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
"""Those that are told apart: who asks may make up any other, and each would be kept for good."""


class Requests:
    """Counts what the console answers; of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._answers = Counter(
            "callwright_console_requests",
            "requests that the console answered",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._took = Histogram(
            "callwright_console_request_seconds",
            "from a request's headers to its answer's",
            ("route",),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.sessions = Gauge(
            "callwright_console_sessions", "sessions in which somebody is logged in", registry=self.registry
        )

    def count(self, request: Request, status: int, took_s: float) -> None:
        """Keep one request, by the pattern of its route: addresses have persons' numbers in them."""
        route = getattr(request.scope.get("route"), "path", "none")
        method = request.method if request.method in METHODS else "other"
        self._answers.labels(route, method, str(status)).inc()
        self._took.labels(route).observe(took_s)


def add(site: Site) -> None:
    """Add the route."""
    reads = Reads(site.settings, site.engine, site.now)
    requests: Requests = site.app.state.requests

    @site.app.get("/metrics")
    async def metrics(request: Request, known: Annotated[Known, Depends(require(Right.VIEW))]) -> Response:
        now = site.now()

        def logged_in(connection: sqlite3.Connection) -> int:
            row = connection.execute(
                "SELECT count(*) FROM account_sessions WHERE ends_at > ? AND seen_at > ?",
                (as_text(now), as_text(now - store.IDLE)),
            ).fetchone()
            return int(row[0])

        try:
            requests.sessions.set(await reads.read(logged_in))
        except RecordError:
            requests.sessions.set(0)
        return Response(generate_latest(requests.registry), media_type=CONTENT_TYPE_LATEST)
