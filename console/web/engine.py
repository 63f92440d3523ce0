"""The way from the console's process to the engine: its API on the Unix socket, asked in the name of an account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
from pydantic import BaseModel

from calls.errors import CallwrightError, UserError
from console.accounts.store import as_who
from console.client import NoEngine
from console.operations import Done

ASK_S = 10.0
"""How long a page waits for an answer."""

API_AT_ONCE = 100
FILES_AT_ONCE = 8
"""Requests of the public API that the engine is asked at a time, and files that are handed to it: each kind has its
own connections, so that whoever sends slowly keeps nobody from a page or a log-in."""

LINE_S = 15.0
"""A line of the feed comes at least every 5 s: who says nothing for so long is not there."""

BASE = httpx.URL("http://engine")


class EngineWay:
    """Asks the engine on the Unix socket at ``path``; for one event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._http, self._api, self._files = (
            httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(
                    uds=str(path), verify=False, limits=httpx.Limits(max_connections=most)
                ),
                base_url=BASE,
                timeout=ASK_S,
            )
            for most in (API_AT_ONCE, API_AT_ONCE, FILES_AT_ONCE)
        )

    async def close(self) -> None:
        """Let go of its connections."""
        for each in (self._http, self._api, self._files):
            await each.aclose()

    async def tell(self, method: str, path: str, order: BaseModel | None = None, who: str = "console") -> Done:
        """What was done.

        Raises:
            NoEngine: none listens.
            UserError: the engine refused; its words.
        """
        content = b"" if order is None else order.model_dump_json().encode()
        answer = await self.ask(method, path, content, who)
        return Done.model_validate_json(answer.content)

    async def ask(self, method: str, path: str, content: bytes = b"", who: str = "console") -> httpx.Response:
        """The engine's answer, where it did not refuse. Raises as :meth:`tell`."""
        try:
            answer = await self._http.request(
                method, path, content=content, headers=_headers(who) | {"Content-Type": "application/json"}
            )
        except httpx.TransportError as problem:
            raise NoEngine(f"no engine answers at {self._path} ({problem or type(problem).__name__})") from problem
        if answer.is_error:
            raise _refusal(answer)
        return answer

    async def lines(self, path: str) -> AsyncIterator[str]:
        """The lines of a long answer, as they come, until the engine ends it.

        Raises:
            NoEngine: none listens, or the line broke; nothing came for :data:`LINE_S`.
        """
        timeout = httpx.Timeout(ASK_S, read=LINE_S)
        try:
            async with self._http.stream("GET", path, headers=_headers("console"), timeout=timeout) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _refusal(answer)
                async for line in answer.aiter_lines():
                    yield line
        except httpx.TransportError as problem:
            raise NoEngine(f"no engine answers at {self._path} ({problem or type(problem).__name__})") from problem

    async def pass_on(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes],
        who: str,
    ) -> httpx.Response:
        """Hand a request on as it is, and give the answer, whose body is still to be read. ``body``: all of it, or a
        file as it comes.

        Raises:
            NoEngine: none listens.
            httpx.InvalidURL: the path is none.
        """
        url = url_of(path, query)
        way = self._api if isinstance(body, bytes) else self._files
        request = way.build_request(
            method, url, content=body, headers=_headers(who) | dict(headers), timeout=httpx.Timeout(ASK_S, read=None)
        )
        try:
            return await way.send(request, stream=True)
        except httpx.TransportError as problem:
            raise NoEngine(f"no engine answers at {self._path} ({problem or type(problem).__name__})") from problem


def url_of(path: str, query: bytes = b"") -> httpx.URL:
    """Where a request is handed on to, by its quoted path: httpx takes the parts ``.`` and ``..`` out of it, so that
    nobody may have asked for such a path.

    Raises:
        httpx.InvalidURL: it is none.
    """
    return BASE.copy_with(raw_path=path.encode("ascii") + (b"?" + query if query else b""))


def _headers(who: str) -> dict[str, str]:
    return {"X-Callwright-Who": as_who(who)}


def _refusal(answer: httpx.Response) -> CallwrightError:
    try:
        words = str(answer.json()["problem"])
    except (ValueError, KeyError, TypeError):
        words = f"the engine answered {answer.status_code}"
    return UserError(words)
