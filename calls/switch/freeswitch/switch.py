"""FreeSWITCH behind the port. In this slice: the calls that come in, through the outbound socket.

What needs the other direction (the switch's own run, agents' legs, dialling) needs an inbound connection, which is
not there yet: ``originate`` refuses, and the boot that ``SwitchUp`` tells is ``UNKNOWN_BOOT``. A call says the
boot of its own FreeSWITCH (``Core-UUID``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from pydantic import SecretStr

from calls import log
from calls.errors import SwitchError, SwitchRefused
from calls.ids import UNKNOWN_BOOT, CallId, LegId
from calls.switch.events import EventHandler, SwitchUp
from calls.switch.freeswitch.bridge import Bridge
from calls.switch.freeswitch.call_info import inbound_info
from calls.switch.freeswitch.channel import FreeSwitchChannel
from calls.switch.freeswitch.hub import HubThread
from calls.switch.freeswitch.server import Limits, Server
from calls.switch.freeswitch.session import Session
from calls.switch.port import CallHandler, CallInfo, Originate, PromptFiles, Seat
from calls.wire.esl import Headers

OPEN_S = 5.0
CLOSE_S = 10.0


@dataclass(frozen=True, slots=True)
class FreeSwitchConfig:
    """Where FreeSWITCH's ``socket`` actions connect. ``port`` 0: any free one, for tests."""

    name: str
    host: str
    port: int
    token: SecretStr
    allow: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("127.0.0.0/8"),)
    limits: Limits = field(default_factory=Limits)


class FreeSwitch:
    """See :class:`calls.switch.port.Switch`. ``new_id`` gives ids that are safe on the wire and never come again."""

    def __init__(self, config: FreeSwitchConfig, prompts: PromptFiles, new_id: Callable[[], str]) -> None:
        self._config = config
        self._prompts = prompts
        self._new_id = new_id
        self._hub = self._new_hub()
        self._server: Server | None = None
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_call: CallHandler | None = None
        self._calls: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """See :class:`calls.switch.port.Switch`."""
        return self._config.name

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port

    @property
    def server(self) -> Server:
        """The server, for its counts."""
        if self._server is None:
            raise RuntimeError("FreeSWITCH's server has not been started")
        return self._server

    @property
    def calls(self) -> int:
        """How many calls have not been handled to their end."""
        return len(self._calls)

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        """Listen. FreeSWITCH need not be there: it connects when a call comes.

        Raises:
            SwitchUnavailable: the address cannot be had. It may be tried again.
            SwitchTimeout: the thread of the sockets does not answer.
        """
        self._loop = asyncio.get_running_loop()
        self._on_call = on_call
        config = self._config
        self._server = Server((config.host, config.port), config.token, config.allow, config.limits, self._arrived)
        await self._hub.start()
        try:
            self._port = await self._hub.call(self._server.open, OPEN_S)
        except SwitchError:
            self._server = None
            await self._hub.stop()
            self._hub = self._new_hub()  # a thread starts once
            raise
        on_event(SwitchUp(UNKNOWN_BOOT, frozenset()))

    async def stop(self) -> None:
        """See :class:`calls.switch.port.Switch`: calls are given back to their dialplans. Again is no error."""
        for task in self._calls:
            task.cancel()
        if self._calls:
            await asyncio.wait(self._calls)
        if self._server is not None:
            server, self._server = self._server, None
            try:
                await self._hub.call(server.stop, CLOSE_S)
            finally:
                await self._hub.stop()

    def adopt(self, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        """See :class:`calls.switch.port.Switch`. We originate nothing yet, and a call ends with its connection, so
        nothing of an earlier run of ours can be up under our control."""

    async def originate(self, request: Originate) -> None:
        """See :class:`calls.switch.port.Switch`.

        Raises:
            SwitchRefused: always, in this slice.
        """
        raise SwitchRefused("FreeSWITCH: dialling is not there yet")

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        """See :class:`calls.switch.port.Switch`.

        Raises:
            SwitchRefused: always, as there is no leg of ours.
        """
        raise SwitchRefused("FreeSWITCH: there is no such leg")

    async def beep(self, leg_id: LegId) -> None:
        """See :class:`calls.switch.port.Switch`.

        Raises:
            SwitchRefused: always, as there is no leg of ours.
        """
        raise SwitchRefused("FreeSWITCH: there is no such leg")

    async def hang_up(self, leg_id: LegId, cause: int = 16) -> None:
        """See :class:`calls.switch.port.Switch`. There is no leg of ours, and one that is gone is no error."""

    def _new_hub(self) -> HubThread:
        return HubThread(f"esl {self._config.name}")

    # --- calls -------------------------------------------------------------------------------------------------

    def _arrived(self, session: Session) -> None:
        """On the hub's thread: a call that may come in. Returns when its connection has ended."""
        loop, call = self._loop, session.session_data
        assert loop is not None and call is not None
        bridge = Bridge(self._hub, loop, session)
        bridge.announce(lambda: self._begin(bridge, call))
        session.hand_over(bridge)
        session.serve()

    def _begin(self, bridge: Bridge, call: Headers) -> None:
        call_id = CallId(self._new_id())
        info = inbound_info(call, call_id, self.name)
        channel = FreeSwitchChannel(info, bridge, self._prompts, self._new_id)
        bridge.bind(channel.connection)
        task = asyncio.get_running_loop().create_task(self._serve(channel, info), name=f"call {call_id}")
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _serve(self, channel: FreeSwitchChannel, info: CallInfo) -> None:
        """One call to its end, whatever its handler does."""
        assert self._on_call is not None
        planned = False
        with log.bound(info.call_id):
            try:
                await channel.set_up()
                await self._on_call(channel)
                planned = True
            except SwitchError as error:
                log.get().error("the call's switch failed", error=str(error))
            except Exception:  # noqa: BLE001 - the per-call supervisor: the server goes on
                log.get().exception("the call's handler failed")
            finally:
                await channel.finish(planned=planned)
