"""Who asks, and whether a page of ours made the request.

A browser shows a session's token in a cookie that no script can read; a program shows its token as
``Authorization: Bearer``. What changes something and comes with a cookie must come from our own pages: the browser
says so (``Sec-Fetch-Site``, else ``Origin``), and the form or the header ``X-CSRF-Token`` has the session's own word.
Sources: OWASP Cross-Site Request Forgery Prevention Cheat Sheet; Fetch Metadata Request Headers (W3C).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import HTTPConnection, Request

from calls import log
from calls.errors import CallwrightError, RecordError
from calls.records.database import open_readonly
from calls.settings import Settings
from console.accounts import store
from console.accounts.roles import Right
from console.accounts.store import Known
from console.web.engine import EngineWay

COOKIE = "callwright"
BEARER = "bearer "
LONGEST_FORM = 65_536
"""Bytes: the longest of ours has a few names and passwords."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self';"
        " font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Of every answer."""


class Refused(Exception):
    """The request is not carried out. ``status``: 401 where nobody is known, 403 where somebody may not, 413
    what is too long."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Guard:
    """Knows who asks."""

    def __init__(self, settings: Settings, engine: EngineWay, now: Callable[[], datetime]) -> None:
        self._database = settings.engine.database
        self._engine = engine
        self._now = now
        self._touching: set[asyncio.Task[None]] = set()
        self.on_change: list[Callable[[], None]] = []
        """Who is told that an account or a session may have changed."""

    async def known(self, request: HTTPConnection) -> Known | None:
        """Who asks; None: nobody whom we know.

        Raises:
            RecordError: the database cannot be read.
        """
        if (token := _bearer(request)) is not None:
            return await asyncio.to_thread(self._read, store.token_of, store.digest(token))
        token = request.cookies.get(COOKIE)
        if not token:
            return None
        known = await asyncio.to_thread(self._read, store.session_of, store.digest(token))
        if known is not None and known.is_stale:
            self._touch(known.token)
        return known

    async def still_known(self, seen: Mapping[str, Known]) -> dict[str, Known]:
        """Those of ``seen`` who are known now, as they are now; both by the digest of what each showed.

        Raises:
            RecordError: the database cannot be read.
        """
        found = await asyncio.to_thread(self._read_all, seen)
        for known in found.values():
            if known.is_stale:
                self._touch(known.token)
        return found

    def changed(self) -> None:
        """An account or a session has changed: who looks at something live is asked for again."""
        for told in self.on_change:
            told()

    def _read_all(self, seen: Mapping[str, Known]) -> dict[str, Known]:
        now = self._now()
        with closing(open_readonly(self._database)) as connection:
            each = {
                token: store.session_of(connection, token, now) or store.token_of(connection, token, now)
                for token in seen
            }
        return {token: known for token, known in each.items() if known is not None}

    async def any_account(self) -> bool:
        """Whether there is any account yet; without a database there is none."""
        try:
            return await asyncio.to_thread(self._any)
        except RecordError:
            return False

    def _any(self) -> bool:
        with closing(open_readonly(self._database)) as connection:
            return store.any_there(connection)

    def _read(self, find: Callable[..., Known | None], kept: str) -> Known | None:
        with closing(open_readonly(self._database)) as connection:
            return find(connection, kept, self._now())

    def _touch(self, token: str) -> None:
        task = asyncio.get_running_loop().create_task(self._seen(token))
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)

    async def _seen(self, token: str) -> None:
        try:
            await self._engine.tell("POST", f"/v1/sessions/{token}/seen")
        except CallwrightError as problem:
            log.get().warning("a session's last use was not kept", problem=str(problem))


def known_of(request: HTTPConnection) -> Known:
    """Who asks, as the middleware found out.

    Raises:
        Refused: nobody whom we know, or somebody who has to choose a password first.
    """
    known: Known | None = request.state.known
    if known is None:
        raise Refused(401, "log in first")
    return known


def require(right: Right) -> Callable[[Request], Known]:
    """A dependency: who asks has the right.

    Raises:
        Refused: otherwise.
    """

    def check(request: Request) -> Known:
        known = known_of(request)
        check_right(known, right)
        return known

    return check


def check_right(known: Known, right: Right) -> None:
    """
    Raises:
        Refused: the account has not this right, or must choose a password first.
    """
    if known.account.must_change:
        raise Refused(403, "choose a password of your own first")
    if right not in known.rights:
        raise Refused(403, f"the account {known.account.name} may not do this: it takes the right {right.value}")


def check_origin(request: HTTPConnection) -> None:
    """What changes something, and a WebSocket's handshake, comes from a page of ours.

    Raises:
        Refused: it does not, or the browser does not say so.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise Refused(403, "this request was made by another site")
        return
    origin = urlsplit(request.headers.get("origin", ""))
    if not origin.netloc or origin.netloc != request.headers.get("host"):
        raise Refused(403, "this request does not say that a page of the console made it")


def check_length(request: HTTPConnection, longest: int = LONGEST_FORM) -> None:
    """A body says how long it is, and has ``longest`` bytes at most: a form is read before anybody is known, and an
    order into the engine's memory.

    Raises:
        Refused: otherwise.
    """
    length = request.headers.get("content-length", "" if "transfer-encoding" in request.headers else "0")
    if not (length.isascii() and length.isdecimal() and len(length) < 10 and int(length) <= longest):
        raise Refused(413, f"this takes up to {longest} bytes, and how many must be said")


def csrf_of(request: HTTPConnection) -> str:
    """The word that forms of this session carry."""
    token = request.cookies.get(COOKIE, "")
    return hashlib.sha256(b"csrf " + token.encode("utf-8", "surrogatepass")).hexdigest()


def check_csrf(request: HTTPConnection, given: object) -> None:
    """
    Raises:
        Refused: ``given`` is not the session's word.
    """
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), csrf_of(request).encode()):
        raise Refused(403, "the page is too old: load it again")


async def posted(request: Request) -> FormData:
    """A dependency: the form, where a page of this session made it. A program's token fills no forms: without a
    session's cookie everybody knows the word that they carry, and a password is nothing that a token has a right to.

    Raises:
        Refused: otherwise.
    """
    if not is_by_cookie(request):
        raise Refused(403, "a token is for the API: log in")
    form = await request.form(max_files=0, max_fields=100)
    check_csrf(request, form.get("csrf"))
    return form


def is_by_cookie(request: HTTPConnection) -> bool:
    """Whether the browser vouches for who asks, who may not know of it."""
    return _bearer(request) is None


def _bearer(request: HTTPConnection) -> str | None:
    given = request.headers.get("authorization", "")
    return given[len(BEARER) :].strip() if given.lower().startswith(BEARER) else None
