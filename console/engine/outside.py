"""HTTP to servers of others, with a guard: who is asked, for how long, and how much they may answer.

A host's name is looked up once for a request, every address that it has is judged (``calls/addresses.py``), and one
of these is connected to by its number: what the name leads to a moment later makes no difference. The certificate is
still that of the name. No redirect is followed, no proxy of the environment is asked, nothing is answered compressed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx
from pydantic import SecretStr

from calls.addresses import Allowed, refusal
from calls.errors import OutsideRefused, OutsideTooLate, OutsideUnanswered, OutsideUnreached
from calls.outside import Access, is_loopback, split_url

MAX_ANSWER_BYTES = 256 * 1024
"""More than anybody says about one order; a larger answer is refused unread."""

AT_ONCE = 20
"""Connections to one host; who wants one more waits within the deadline."""

USER_AGENT = "callwright"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host's name. Raises OSError: it has none."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver knows."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def certificates() -> ssl.SSLContext:
    """Whom we believe: the authorities that come with the HTTP library and those of this machine."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


@dataclass(frozen=True, slots=True)
class Sent:
    """One request. Its text and its body may be about a person: neither is ever shown."""

    method: str
    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back. ``retry_after_s``: how long the server asks to be left alone, None where it says nothing."""

    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after_s: float | None = None


class Host(Protocol):
    """A server of others."""

    async def ask(self, sent: Sent, deadline_s: float) -> Answered:
        """See :meth:`Outside.ask`."""


class Hosts(Protocol):
    """The servers of others that the settings name."""

    def host(self, at: Access) -> Host:
        """The server of one of the settings' parts."""

    async def close(self) -> None:
        """Close all connections."""


class GuardedHosts:
    """Each server with its guard. ``named``: the secrets by their names."""

    def __init__(self, named: Mapping[str, SecretStr]) -> None:
        self._named = named
        self._context: ssl.SSLContext | None = None
        self._made: list[Outside] = []

    def host(self, at: Access) -> Host:
        """See :class:`Hosts`."""
        if self._context is None:
            self._context = certificates()
        self._made.append(Outside(at, self._named, self._context))
        return self._made[-1]

    async def close(self) -> None:
        """See :class:`Hosts`."""
        for each in self._made:
            await each.close()


class Outside:
    """One host that is asked as ``at`` says."""

    def __init__(
        self,
        at: Access,
        named: Mapping[str, SecretStr],
        context: ssl.SSLContext,
        resolve: Resolve = resolve,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        """``named``: the secrets by their names."""
        self._at = at
        self._resolve = resolve
        self._max_bytes = max_bytes
        self._headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **at.headers}
        self._headers |= {name: named[secret].get_secret_value() for name, secret in at.secret_headers.items()}
        if at.bearer is not None:
            self._headers["Authorization"] = f"Bearer {named[at.bearer].get_secret_value()}"
        self._http = httpx.AsyncClient(
            verify=context,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=15.0),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, sent: Sent, deadline_s: float) -> Answered:
        """What the host answers to ``sent``, whatever its status.

        Raises:
            OutsideRefused: an address of the host may not be connected to.
            OutsideUnreached: no connection came about.
            OutsideTooLate, OutsideUnanswered: no whole answer came; what was asked may be done or not.
        """
        parts = split_url(sent.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            async with asyncio.timeout(deadline_s):
                addresses = await self._addresses(host, port)
                each_s = deadline_s / (len(addresses) + 1)
                for last, address in enumerate(addresses, start=1 - len(addresses)):
                    try:
                        return await self._ask(
                            sent, parts.netloc, host, address, httpx.Timeout(deadline_s, connect=each_s)
                        )
                    except (httpx.ConnectError, httpx.ConnectTimeout) as problem:
                        if last == 0:
                            raise OutsideUnreached(f"{host}: no connection: {_said(problem)}") from problem
        except TimeoutError as problem:
            raise OutsideTooLate(f"{host}: no answer within {deadline_s:g} s") from problem
        raise OutsideUnreached(f"{host} has no address")

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses of the host, all of which may be connected to."""
        try:
            found = [str(ipaddress.ip_address(host))]
        except ValueError:
            try:
                found = list(await self._resolve(host, port))
            except (OSError, UnicodeError) as problem:
                raise OutsideUnreached(f"{host}: its name is not known: {_said(problem)}") from problem
        allowed = Allowed(self._at.allow_private, is_loopback(host), self._at.networks)
        for address in found:
            if why := refusal(address, allowed):
                raise OutsideRefused(f"{host} must not be connected to: its address {address} {why}")
        return found

    async def _ask(self, sent: Sent, netloc: str, host: str, address: str, limit: httpx.Timeout) -> Answered:
        url = httpx.URL(sent.url).copy_with(host=address)
        headers = {**self._headers, **sent.headers, "Host": netloc}
        more = {"sni_hostname": host, "timeout": limit.as_dict()}
        request = httpx.Request(sent.method, url, headers=headers, content=sent.body, extensions=more)
        try:
            answer = await self._http.send(request, stream=True)
            try:
                body = await self._body(answer, host)
            finally:
                await answer.aclose()
        except httpx.PoolTimeout as problem:
            raise OutsideUnreached(f"{host}: {AT_ONCE} requests wait for their answers already") from problem
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise
        except httpx.TimeoutException as problem:
            raise OutsideTooLate(f"{host}: no answer in time") from problem
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as problem:
            raise OutsideUnanswered(f"{host}: no answer: {_said(problem)}") from problem
        return Answered(answer.status_code, body, _retry_after_s(answer))

    async def _body(self, answer: httpx.Response, host: str) -> bytes:
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise OutsideUnanswered(f"{host} answers compressed, which was not asked for")
        body = bytearray()
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) > self._max_bytes:
                raise OutsideUnanswered(f"{host} answers with more than {self._max_bytes} bytes")
        return bytes(body)


def _retry_after_s(answer: httpx.Response) -> float | None:
    """The seconds of ``Retry-After``; its other form, a date, is left aside. Source: RFC 9110, 10.2.3."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else None


def _said(problem: Exception) -> str:
    """What a library says, without what was asked."""
    return type(problem).__name__ if isinstance(problem, httpx.HTTPError) else str(problem) or type(problem).__name__
