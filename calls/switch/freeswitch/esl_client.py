"""The event socket's client: logs in, stays connected, finds out when the switch is gone, and connects again.

Two connections, because ``api`` is serial on one and events would wait behind it: *commands*, and *events* of the
kinds that are asked for. Both are up or none is; where one ends, both are closed and made anew. They count as up when
both logins are accepted, the subscription stands, and ``on_up`` (the reconciling) has returned. A FreeSWITCH that is
frozen, or a connection that is half open, answers no question and is given up within ``ping_interval_s + REPLY_S``,
which RELIABILITY asks to be at most 10 s. The question goes over both connections: a reply on the events' one shows
that what was told before it has come. Nothing is kept over an outage: what was pending fails, and whoever sent it
decides.

A reader of events that lags holds the socket back, not our memory; FreeSWITCH ends the connection of a listener whose
queue holds 100,000 events, which is found, said, and made good by connecting and comparing again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import SecretStr

from calls import log
from calls.errors import NotSent, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import BootId, is_safe_id
from calls.switch.freeswitch.bridge import Bridge
from calls.switch.freeswitch.connection import EslConnection
from calls.switch.freeswitch.hub import HubThread
from calls.switch.freeswitch.inbound import Inbound
from calls.wire.esl import Event
from calls.wire.esl_commands import Command, EventName, Subscribe
from calls.wire.esl_control import CoreUuid

HUB_S = 1.0
"""What the hub's thread may add to the time of a connection."""


CLOSE_S = 5.0


@dataclass(frozen=True, slots=True)
class EslSettings:
    """Where the switch is, and how patient we are."""

    host: str
    port: int
    password: SecretStr
    connect_timeout_s: float = 10.0
    """For the whole first connection, and for each step of a later one."""
    ping_interval_s: float = 3.0
    retry_first_s: float = 0.2
    retry_most_s: float = 5.0
    """A switch that is back is found within this; RELIABILITY: resume within 15 s."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the client tells and asks, and where its randomness comes from."""

    wanted: tuple[EventName, ...]
    on_event: Callable[[Event], None]
    on_up: Callable[[BootId], Awaitable[None]]
    """Reconcile. A SwitchError from it gives the connection up."""
    on_down: Callable[[str], None]
    """Called once for each connection that was up, and for one whose ``on_up`` failed."""
    random: Callable[[], float]
    """In [0, 1): spreads the reconnecting of many clients."""


@dataclass(slots=True)
class _Pair:
    """The two connections, and the end of the first of them."""

    commands: EslConnection
    events: EslConnection
    ended: asyncio.Event
    reason: str = ""

    def close(self) -> None:
        """Close both. Again is no error."""
        self.commands.close()
        self.events.close()


class _Opening:
    """One connection on its way. Its methods are for the hub's thread, where all of gevent's must be made."""

    def __init__(self, settings: EslSettings) -> None:
        self._settings = settings
        self._inbound: Inbound | None = None
        self._abandoned = False

    def open(self) -> Inbound:
        """The connection, logged in; raises as :meth:`Inbound.open` does."""
        settings = self._settings
        if self._abandoned:
            raise SwitchUnavailable("nobody waits for the connection any more")
        inbound = self._inbound = Inbound(settings.host, settings.port, settings.password, settings.connect_timeout_s)
        inbound.open()
        return inbound

    def abandon(self) -> None:
        """Nobody waits for it any more: it is closed, however far it has come."""
        self._abandoned = True
        if self._inbound is not None:
            self._inbound.stop()


def retry_delay_s(settings: EslSettings, failures: int, random: float) -> float:
    """How long to wait after ``failures`` (1 or more) in a row: doubling up to a limit, the upper half at random."""
    delay = min(settings.retry_most_s, settings.retry_first_s * 2.0 ** min(failures - 1, 30))
    return delay * (0.5 + random / 2)


class EslClient:
    """Keeps both connections to one switch, from :meth:`start` to :meth:`stop`."""

    def __init__(self, settings: EslSettings, parts: Client) -> None:
        self._settings = settings
        self._parts = parts
        self._hub: HubThread | None = None
        self._pair: _Pair | None = None
        self._task: asyncio.Task[None] | None = None
        self._first_up: asyncio.Future[None] | None = None
        self._last = "no connection"
        self._open_now: set[Inbound] = set()

    async def start(self, hub: HubThread) -> None:
        """Connect, on ``hub``, which runs, and go on connecting until :meth:`stop`. Returns when the first one is up.

        Raises:
            SwitchRefused: wrong password, or an address that may not connect; nothing goes on.
            SwitchTimeout: not up within ``connect_timeout_s``; nothing goes on.
        """
        self._hub = hub
        self._first_up = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(), name="esl")
        self._task.add_done_callback(self._failed)
        await asyncio.wait((self._first_up,), timeout=self._settings.connect_timeout_s)
        if not self._first_up.done():
            await self.stop()
            where = f"{self._settings.host}:{self._settings.port}"
            raise SwitchTimeout(f"ESL at {where}: not up within {self._settings.connect_timeout_s:g} s: {self._last}")
        try:
            self._first_up.result()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Disconnect. ``on_down`` is not called. Again is no error."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))
        pair, self._pair = self._pair, None
        if pair is not None:
            pair.close()
        if self._hub is not None and self._open_now:
            await self._hub.call(self._stop_all, CLOSE_S)

    def _stop_all(self) -> None:
        """On the hub's thread."""
        for inbound in list(self._open_now):
            inbound.stop()

    async def ask(self, command: Command, on_sent: Callable[[], None] | None = None) -> str:
        """What FreeSWITCH answered. Said once, never again. ``on_sent``: called when it is on its way.

        Raises:
            NotSent: not connected, so nothing was sent.
            SwitchRefused: it said no.
            SwitchUnavailable, SwitchTimeout: no answer came; the command may have run.
        """
        if self._pair is None or self._pair.commands.ended:
            raise NotSent("not connected to the switch; nothing was sent")
        return await self._pair.commands.ask(command, on_sent)

    # --- inside -----------------------------------------------------------------------------------------------

    def _failed(self, task: asyncio.Task[None]) -> None:
        """A bug of ours ended the client: said loudly, and told as what it is, no connection."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        log.get().error("the esl client failed", exc_info=error)
        pair, self._pair = self._pair, None
        if pair is not None:
            pair.close()
        self._parts.on_down(f"the client failed: {error!r}")
        if self._first_up is not None and not self._first_up.done():
            self._first_up.set_exception(error)

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                pair = await self._connected()
                failures = 0
                await self._watch(pair)
                self._gone(pair)
            except SwitchError as error:
                failures += 1
                self._last = str(error)
                if self._refused_at_start(error):
                    return
                log.get().warning("no connection to freeswitch", error=self._last, failures=failures)
            await asyncio.sleep(retry_delay_s(self._settings, max(failures, 1), self._parts.random()))

    def _refused_at_start(self, error: SwitchError) -> bool:
        """A refused login ends the first start; later on it is a fault of the switch's settings, and passes."""
        assert self._first_up is not None
        if self._first_up.done() or not isinstance(error, SwitchRefused):
            return False
        self._first_up.set_exception(error)
        return True

    async def _connected(self) -> _Pair:
        """Both connections, up.

        Raises:
            SwitchRefused: the login.
            SwitchUnavailable, SwitchTimeout: anything else.
        """
        ended = asyncio.Event()
        commands = await self._open(ended)
        try:
            events = await self._open(ended)
        except BaseException:
            commands.close()
            raise
        pair = _Pair(commands, events, ended)
        try:
            boot = await self._introduced(pair)
        except SwitchError as error:
            pair.close()
            raise SwitchUnavailable(str(error)) from error
        except BaseException:
            pair.close()
            raise
        self._pair = pair
        try:
            await self._parts.on_up(boot)
        except SwitchError as error:
            pair.close()
            pair.reason = f"not reconciled: {error}"
            self._gone(pair)
            raise SwitchUnavailable(pair.reason) from error
        assert self._first_up is not None
        if not self._first_up.done():
            self._first_up.set_result(None)
        log.get().info("connected to freeswitch", boot=boot)
        return pair

    async def _open(self, ended: asyncio.Event) -> EslConnection:
        """One connection, logged in. ``ended`` is set when it is at its end."""
        assert self._hub is not None, "start comes first"
        hub, opening = self._hub, _Opening(self._settings)
        try:
            inbound = await hub.call(opening.open, self._settings.connect_timeout_s + HUB_S)
        except BaseException:
            hub.post(opening.abandon)
            raise
        bridge = Bridge(hub, asyncio.get_running_loop(), inbound)
        connection = EslConnection(bridge, self._parts.on_event, lambda _: ended.set())
        bridge.bind(connection)
        self._open_now.add(inbound)

        def run() -> None:
            try:
                inbound.run(bridge)
            finally:
                self._open_now.discard(inbound)

        hub.post(run)
        return connection

    async def _introduced(self, pair: _Pair) -> BootId:
        """The subscription stands, and the switch has said which run of it this is."""
        await pair.events.ask(Subscribe(self._parts.wanted))
        boot = (await pair.commands.ask(CoreUuid())).strip()
        if not is_safe_id(boot):
            raise SwitchUnavailable(f"FreeSWITCH's core_uuid is no id: {boot[:80]!r}")
        return BootId(boot)

    async def _watch(self, pair: _Pair) -> None:
        """Returns when a connection has ended; ends both when a question is not answered."""
        while not pair.ended.is_set():
            try:
                async with asyncio.timeout(self._settings.ping_interval_s):
                    await pair.ended.wait()
            except TimeoutError:
                try:
                    await asyncio.gather(pair.commands.ask(CoreUuid()), pair.events.ask(CoreUuid()))
                except SwitchError as error:
                    pair.reason = f"no sign of life: {error}"
                    pair.close()

    def _gone(self, pair: _Pair) -> None:
        pair.close()
        self._pair = None
        self._last = pair.reason or "FreeSWITCH closed the connection"
        log.get().warning("connection to freeswitch lost", reason=self._last)
        self._parts.on_down(self._last)
