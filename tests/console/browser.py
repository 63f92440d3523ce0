"""A browser without a window: asks the console in this process, keeps cookies, goes to the next page, fills forms."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import unescape

import httpx
from argon2 import PasswordHasher

from calls.settings import Settings
from console.web import app as web

SITE = "http://console"
PASSWORD = "correct horse battery"
_ADDRESSES = itertools.count(1)
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""A hash says itself how much it takes to judge a password by it: of this one a thousandth of what ours take."""
CSRF = re.compile(r'<meta name="csrf" content="([0-9a-f]{64})">')


class Browser:
    """One person's browser. A context manager. ``now``: the console's clock."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._runner = asyncio.Runner()
        self._app = web.build(settings, monotonic_s, now)
        transport = httpx.ASGITransport(self._app, client=(f"192.0.2.{next(_ADDRESSES) % 250}", 1))
        self._http = httpx.AsyncClient(transport=transport, base_url=SITE, follow_redirects=True)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._http.aclose())
        self._runner.run(web.close(self._app))
        self._runner.close()

    @property
    def cookies(self) -> httpx.Cookies:
        """What it keeps."""
        return self._http.cookies

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: object) -> httpx.Response:
        """Any request, with no more than is given."""
        asked = self._http.request(method, path, headers=dict(headers or {}), **more)  # type: ignore[arg-type]
        return self._runner.run(asked)

    def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return self.ask("GET", path)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of our own pages."""
        return self.ask("POST", path, {"Sec-Fetch-Site": "same-origin"}, data={"csrf": self.csrf(), **fields})

    def call(self, method: str, path: str, **more: object) -> httpx.Response:
        """What a script of our own pages asks of the API."""
        headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.csrf()}
        return self.ask(method, f"/api{path}", headers, **more)

    def csrf(self) -> str:
        """The word of the session's pages."""
        found = CSRF.search(self.get("/account").text)
        assert found is not None
        return found[1]

    def log_in(self, name: str, password: str, code: str = "") -> httpx.Response:
        """Come in."""
        return self.post("/log-in", name=name, password=password, code=code)


def trouble(answer: httpx.Response) -> str:
    """What the page says did not work."""
    found = re.search(r'<p class="trouble"[^>]*>([^<]*)</p>', answer.text)
    assert found is not None, answer.text
    return unescape(found[1])
