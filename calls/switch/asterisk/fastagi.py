"""The FastAGI server: who may connect, for how long, and to what.

panoramisk's ``Application`` keeps the routes, dispatches a request to its route, supervises the endpoint (a
traceback is logged, the server goes on) and closes the connection behind it. What it reads is never what the network
sent, but a request of one header that we wrote after the whole environment had been read and judged here: by size,
by number of lines and by time, by the peer's address, by the caps and by the token. No task exists and nothing is
looked up for a connection that did not get that far.

Source: panoramisk 1.4, panoramisk/fast_agi.py; what it gets wrong is listed in tests/.../test_fastagi_hazards.py.
"""

from __future__ import annotations

import asyncio
import hmac
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import parse_qs

from panoramisk.fast_agi import Application
from pydantic import SecretStr

from calls import log
from calls.errors import RemoteProtocolError
from calls.histogram import Histogram
from calls.switch.asterisk.fastagi_connection import READ_BYTES, AgiConnection

Endpoint = Callable[[AgiConnection], Awaitable[None]]

LOG_EVERY_S = 60.0
"""A refusal of one kind is logged at most this often, with how many there were: a flood must not fill a disk."""

ALIVE = "alive"
"""The dialplan's first request of a call is answered by closing it: an engine that hangs would not do even that."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections there may be.

    ``waiting``: connected, environment not complete yet. Real ones are that for some milliseconds only. When there
    are too many, the one that has waited longest is closed, so that idle sockets never keep a call out.
    """

    calls: int = 1_000
    calls_per_address: int = 1_000
    waiting: int = 512
    waiting_per_address: int = 128
    header_s: float = 5.0


class _Vetted:
    """The stream that panoramisk's handler reads: one header, written by us."""

    def __init__(self, script: str) -> None:
        self._data = f"agi_network_script: {script}\n\n".encode()

    async def read(self, _size: int) -> bytes:
        data, self._data = self._data, b""
        return data


class FastAgiServer:
    """Serves the requests of the switches that may connect. Made and used on a running event loop."""

    def __init__(
        self, token: SecretStr, allow: Sequence[IPv4Network | IPv6Network], limits: Limits | None = None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._token = token.get_secret_value().encode()
        if not self._token:
            raise ValueError("the AGI token is empty: anyone could pose as the switch")
        self._allow = tuple(allow)
        self._limits = limits or Limits()
        self._application = Application(loop=self._loop)
        self._paths: dict[str, bool] = {}
        self.add_route(ALIVE, _close_again, capped=False)
        self._server: asyncio.Server | None = None
        self._waiting: dict[AgiConnection, asyncio.TimerHandle] = {}
        self._waiting_at: Counter[str] = Counter()
        self._calls: dict[AgiConnection, asyncio.Task[None]] = {}
        self._calls_at: Counter[str] = Counter()
        self._quiet_until: dict[str, float] = {}
        self._unlogged: Counter[str] = Counter()
        self.room = bytearray(READ_BYTES)
        """See :class:`~calls.switch.asterisk.fastagi_connection.Door`."""
        self.turns = Histogram()
        """How long the switch waited for each of our commands, from its last word."""
        self.refused: Counter[str] = Counter()
        """How many connections were not served, by reason."""

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        if self._server is None:
            raise RuntimeError("the FastAGI server does not listen")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def calls(self) -> int:
        """How many requests are being served."""
        return len(self._calls)

    @property
    def waiting(self) -> int:
        """How many connections have not sent their environment yet."""
        return len(self._waiting)

    def add_route(self, path: str, endpoint: Endpoint, *, capped: bool = True) -> None:
        """Serve ``agi://host:port/<path>?token=...`` by ``endpoint``, a coroutine function.

        Without ``capped`` its requests are served even when there are as many calls as there may be: for the
        requests of calls that are among them already.

        Raises:
            TypeError: it is a plain function, which would block every call.
            ValueError: the path has an endpoint already.
        """
        if not inspect.iscoroutinefunction(endpoint):
            raise TypeError(f"the endpoint of {path!r} is no coroutine function")
        self._application.add_route(path, _Route(endpoint).serve)
        self._paths[path] = capped

    def del_route(self, path: str) -> None:
        """Serve ``path`` no more: its requests are closed, and the dialplan's fallback speaks."""
        self._application.del_route(path)
        del self._paths[path]

    async def start(self, host: str, port: int) -> None:
        """Listen. Port 0: any that is free, see :attr:`port`."""
        self._server = await self._loop.create_server(lambda: AgiConnection(self), host, port, backlog=1_024)

    async def idle(self) -> None:
        """Waits until no request is being served."""
        while self._calls:
            await asyncio.wait(self._calls.values())

    async def stop(self) -> None:
        """Listen no more, close every connection, and wait until each endpoint has ended."""
        if self._server is not None:
            self._server.close()
        for connection in [*self._waiting]:
            connection.abort()
        tasks = [*self._calls.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # --- the door ----------------------------------------------------------------------------------------------

    def knocked(self, connection: AgiConnection) -> bool:
        """See :class:`~calls.switch.asterisk.fastagi_connection.Door`."""
        if not self._allowed(connection.peer):
            self._refuse("address", connection)
            return False
        if self._waiting_at[connection.peer] >= self._limits.waiting_per_address:
            self._evict(connection.peer)
        if len(self._waiting) >= self._limits.waiting:
            self._evict(None)
        self._waiting[connection] = self._loop.call_later(self._limits.header_s, self._too_slow, connection)
        self._waiting_at[connection.peer] += 1
        return True

    def entered(self, connection: AgiConnection) -> None:
        """See :class:`~calls.switch.asterisk.fastagi_connection.Door`."""
        self._waits_no_more(connection)
        reason = self._reason_against(connection)
        if reason is not None:
            self._refuse(reason, connection, "" if reason == "token" else connection.environment.script)
            connection.abort()
            return
        self._calls_at[connection.peer] += 1
        self._calls[connection] = self._loop.create_task(
            self._serve(connection), name=f"agi {connection.environment.script}"
        )

    def left(self, connection: AgiConnection) -> None:
        """See :class:`~calls.switch.asterisk.fastagi_connection.Door`."""
        self._waits_no_more(connection)

    def misbehaved(self, connection: AgiConnection, fault: RemoteProtocolError) -> None:
        """See :class:`~calls.switch.asterisk.fastagi_connection.Door`."""
        self._refuse("protocol", connection, str(fault))

    def _allowed(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._allow)

    def _reason_against(self, connection: AgiConnection) -> str | None:
        """Why a whole request is not served; the token comes first, so that nothing is told to who has none."""
        environment = connection.environment
        tokens = parse_qs(environment.query).get("token", [])
        if len(tokens) != 1 or not hmac.compare_digest(tokens[0].encode(), self._token):
            return "token"
        capped = self._paths.get(environment.script)
        if capped is None:
            return "route"
        if not capped:
            return None
        if len(self._calls) >= self._limits.calls:
            return "calls"
        if self._calls_at[connection.peer] >= self._limits.calls_per_address:
            return "calls of one address"
        return None

    def _evict(self, peer: str | None) -> None:
        """Close the connection that has waited longest, of ``peer`` or of all."""
        oldest = next((each for each in self._waiting if peer is None or each.peer == peer), None)
        if oldest is not None:
            self._refuse("too many waiting", oldest)
            self._waits_no_more(oldest)
            oldest.abort()

    def _too_slow(self, connection: AgiConnection) -> None:
        self._refuse("slow", connection)
        self._waits_no_more(connection)
        connection.abort()

    def _waits_no_more(self, connection: AgiConnection) -> None:
        timer = self._waiting.pop(connection, None)
        if timer is not None:
            timer.cancel()
            _count_down(self._waiting_at, connection.peer)

    def _refuse(self, reason: str, connection: AgiConnection, detail: str = "") -> None:
        self.refused[reason] += 1
        self._unlogged[reason] += 1
        now = self._loop.time()
        if now < self._quiet_until.get(reason, 0.0):
            return
        self._quiet_until[reason] = now + LOG_EVERY_S
        count = self._unlogged.pop(reason)
        log.get().warning("AGI request refused", reason=reason, peer=connection.peer, count=count, detail=detail)

    # --- one request -------------------------------------------------------------------------------------------

    async def _serve(self, connection: AgiConnection) -> None:
        """One request from its environment to its end, by panoramisk's handler."""
        request_reader = _Vetted(connection.environment.script)
        try:
            await self._application.handler(request_reader, connection)
        finally:
            connection.close()
            del self._calls[connection]
            _count_down(self._calls_at, connection.peer)
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError  # panoramisk's handler swallows it


class _Route:
    """An endpoint as panoramisk calls it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def serve(self, request: object) -> None:
        """Run the endpoint on the request's connection; a cancellation is no error to be logged."""
        connection = getattr(request, "writer", None)
        assert isinstance(connection, AgiConnection)
        try:
            await self._endpoint(connection)
        except asyncio.CancelledError:
            connection.abort()


async def _close_again(connection: AgiConnection) -> None:
    """The endpoint of :data:`ALIVE`: nothing is said."""


def _count_down(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
