"""FreeSWITCH as a :class:`calls.switch.port.Switch`: its event socket for legs, the outbound socket for calls.

What we believe comes from three sides that may disagree or be missing: answers to our commands, events, and the
switch's own list of channels. :class:`~calls.switch.freeswitch.legs.LegBook` (legs) and
:class:`~calls.switch.freeswitch.desk.Desk` (calls) put them together; here they are fed, at once by events, after
every connection and every ``sweep_s`` by the list.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import assert_never

from calls import failpoints, log
from calls.errors import CommandRefused, NotSent, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import BootId, CallId, LegId
from calls.switch.events import EventHandler, LegEnded, SwitchDown, SwitchEvent, SwitchUp
from calls.switch.freeswitch import causes, desk, legs, seats
from calls.switch.freeswitch.bridge import Bridge
from calls.switch.freeswitch.channels import Channel, channels_of, ids
from calls.switch.freeswitch.config import FreeSwitchConfig
from calls.switch.freeswitch.desk import Desk, Dialled
from calls.switch.freeswitch.esl_client import Client, EslClient
from calls.switch.freeswitch.hearings import Hearings
from calls.switch.freeswitch.hub import HubThread
from calls.switch.freeswitch.legs import LegBook
from calls.switch.freeswitch.seats import Seats
from calls.switch.freeswitch.server import Server
from calls.switch.freeswitch.session import Session
from calls.switch.freeswitch.turn import Surroundings
from calls.switch.port import (
    CallChannel,
    CallHandler,
    DialAttempt,
    Originate,
    PromptFiles,
    RingAgent,
    RingOutside,
    Seat,
)
from calls.wire import esl_commands, esl_control
from calls.wire.esl import Event
from calls.wire.esl_commands import EventName
from calls.wire.esl_control import Kill, ShowChannels

OPEN_S = 5.0
CLOSE_S = 10.0

WANTED = tuple(dict.fromkeys((*legs.WANTED, *desk.WANTED, *seats.WANTED)))
"""The events of all channels that we ask for, and no others: every call of this FreeSWITCH costs us a few."""

HOLD_MUSIC = "default"
"""What a caller hears while an agent's phone has them on hold by its own key."""

_LEGS = frozenset(each.value for each in legs.WANTED)
_DESK = frozenset(each.value for each in desk.WANTED)
_SEATS = frozenset(each.value for each in seats.WANTED)

SAFETY_S = 2
"""FreeSWITCH counts the ring time in whole seconds, and up to one too few: ours is the one that counts."""

NO_ANSWER = 19

AGENT, OUTSIDE, DIALLED = "cw-agent", "cw-outside", "cw-dialled"
"""The extensions of our context for a leg that has answered."""


class FreeSwitch:
    """See :class:`calls.switch.port.Switch`. Made and used on a running event loop.

    ``new_id`` gives ids that are safe on the wire and never come again.
    """

    def __init__(
        self,
        config: FreeSwitchConfig,
        prompts: PromptFiles,
        new_id: Callable[[], str],
        draw: Callable[[], float] = random.random,
    ) -> None:
        """``draw``, in [0, 1), spreads the reconnecting of many."""
        self._config = config
        self._new_id = new_id
        self._loop = asyncio.get_running_loop()
        self._hub = self._new_hub()
        self._server: Server | None = None
        self._port = 0
        self._book = LegBook()
        self._client = EslClient(config.esl, Client(WANTED, self._on_event, self._on_up, self._on_down, draw))
        self._seats = Seats(self._client.ask)
        self._hearings = Hearings(config.recordings, config.context, config.whose, new_id, wanted=config.hears)
        around = Surroundings(
            prompts,
            new_id,
            self._client.ask,
            config.destinations,
            {name: trunk.channel for name, trunk in config.trunks.items()},
            config.recordings,
            config.context,
            self._hearings,
        )
        self._desk = Desk(config.name, around, config.amd, self._tell, self._on_call)
        self._handlers: tuple[EventHandler, CallHandler] | None = None
        self._boot: BootId | None = None
        self._up = False
        self._live: frozenset[str] = frozenset()
        self._doomed: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

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
        return self._desk.handled

    @property
    def is_up(self) -> bool:
        """Logged in, reconciled, and answering."""
        return self._up

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        """See :class:`calls.switch.port.Switch`.

        Raises:
            SwitchRefused, SwitchTimeout: the event socket.
            SwitchUnavailable: the address for calls cannot be had.
        """
        self._handlers = (on_event, on_call)
        config = self._config
        self._server = Server((config.host, config.port), config.token, config.allow, config.limits, self._arrived)
        await self._hub.start()
        try:
            await self._hub.call(self._hearings.clear, OPEN_S)
            self._port = await self._hub.call(self._server.open, OPEN_S)
            await self._client.start(self._hub)
        except BaseException:
            await self._close()
            self._hub = self._new_hub()  # a thread starts once
            raise
        self._sweeper = asyncio.create_task(self._sweep(), name="sweep")

    async def stop(self) -> None:
        """See :class:`calls.switch.port.Switch`: calls are given back to their dialplans. Again is no error."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait((self._sweeper,))
        await self._desk.stop()
        await self._hearings.stop()
        for task in list(self._tasks):
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        await self._close()

    async def _close(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        try:
            await self._client.stop()
            await self._hub.call(server.stop, CLOSE_S)
        finally:
            await self._hub.stop()

    def adopt(self, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        """See :class:`calls.switch.port.Switch`."""
        self._book.adopt(legs)
        self._desk.adopt(calls, legs)
        if self._up:
            self._run(self._compare(), "adopt")

    async def originate(self, request: Originate) -> None:
        """See :class:`calls.switch.port.Switch`."""
        leg_id, command = self._command(request)
        if leg_id in self._book or leg_id in self._live:
            raise SwitchRefused(f"{leg_id} has a channel already")
        esl_commands.encode(command)  # refused before anything is expected of it
        if not self._up:  # what is asked of a new run before it is compared would end with those of the old one
            raise NotSent("the switch has not been compared with what we know; nothing was sent")
        parks = isinstance(request, RingAgent | RingOutside)
        self._book.expect(leg_id, command.job_id, self._loop.time(), request.ring_timeout_s, parks=parks)
        sent = None
        if isinstance(request, DialAttempt):
            sent = partial(failpoints.hit, "attempt.after_send")
            self._desk.dialled[leg_id] = Dialled(request.number, request.caller_id, request.detect_machine)
        try:
            await self._client.ask(command, sent)
        except (SwitchRefused, NotSent):
            self._book.forget(leg_id)
            self._desk.dialled.pop(leg_id, None)
            self._doomed.pop(leg_id, None)
            raise
        self._loop.call_later(request.ring_timeout_s, self._rang_out, leg_id)

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        """See :class:`calls.switch.port.Switch`."""
        await self._seats.seat(leg_id, seat, host)

    async def beep(self, leg_id: LegId) -> None:
        """See :class:`calls.switch.port.Switch`."""
        await self._seats.beep(leg_id)

    async def hang_up(self, leg_id: LegId, cause: int = 16) -> None:
        """See :class:`calls.switch.port.Switch`."""
        self._book.cancelled(leg_id)
        try:
            if await self._kill(leg_id, cause) or leg_id not in self._book:
                return
        except (SwitchUnavailable, SwitchTimeout):
            if leg_id in self._book:
                self._doomed[leg_id] = cause  # perhaps it was not heard: said again when the leg is seen
            raise
        self._doomed[leg_id] = cause  # asked for, and not there yet: as soon as it is
        if self._book.existed(leg_id):  # born while the answer was on its way
            await self._kill(leg_id, cause)

    # --- inside -----------------------------------------------------------------------------------------------

    def _new_hub(self) -> HubThread:
        return HubThread(f"esl {self._config.name}")

    def _command(self, request: Originate) -> tuple[LegId, esl_control.Originate]:
        """What to send. Only ids, constants, and numbers in one form cross to the switch.

        Raises:
            CommandRefused: a number, a trunk or an id that must not.
        """
        limit_s, music = 0, ""
        match request:
            case DialAttempt():
                endpoint = self._config.trunk(request.trunk).channel(request.number)
                leg_id, extension = LegId(request.attempt_id), DIALLED
            case RingAgent():
                endpoint, leg_id, extension, music = request.endpoint, request.leg_id, AGENT, HOLD_MUSIC
            case RingOutside():
                endpoint, leg_id, extension = self._outside(request), request.leg_id, OUTSIDE
                limit_s = max(1, math.floor(request.talk_limit_s))
            case _:
                assert_never(request)
        return leg_id, esl_control.Originate(
            leg_id,
            self._new_id(),
            endpoint,
            extension,
            self._config.context,
            math.ceil(request.ring_timeout_s) + SAFETY_S,
            request.caller_id,
            limit_s,
            music,
        )

    def _outside(self, request: RingOutside) -> str:
        """What is dialled.

        Raises:
            CommandRefused: the settings have no such destination or trunk, or the number must not be dialled.
        """
        if request.number:
            return self._config.trunk(request.destination).channel(request.number)
        if (dial := self._config.destinations.get(request.destination)) is None:
            raise CommandRefused(f"no destination is named {request.destination!r} in the settings")
        return dial

    def _rang_out(self, leg_id: LegId) -> None:
        if self._server is not None and self._book.rings(leg_id):
            self._run(self._end(leg_id, NO_ANSWER), "rang out")

    async def _kill(self, leg_id: LegId, cause: int) -> bool:
        """Whether there was a channel to end."""
        try:
            await self._client.ask(Kill(leg_id, causes.name_of(cause)))
        except SwitchRefused:
            return False
        return True

    def _tell(self, event: SwitchEvent) -> None:
        """Through the loop: an exception of the engine is logged there and harms nothing here; the order stays."""
        assert self._handlers is not None, "nothing comes before the start"
        self._loop.call_soon(self._handlers[0], event)

    async def _on_call(self, call: CallChannel) -> None:
        assert self._handlers is not None
        await self._handlers[1](call)

    def _told(self, events: Iterable[SwitchEvent]) -> None:
        """What the book says: told, and forgotten where it is an end."""
        for event in events:
            if isinstance(event, LegEnded):
                self._doomed.pop(event.leg_id, None)
                self._desk.dialled.pop(event.leg_id, None)
                self._live -= {event.leg_id}
            self._tell(event)
        if self._timer is not None:
            self._timer.cancel()
        at = self._book.next_timer()
        self._timer = None if at is None else self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._told(self._book.tick(self._loop.time()))

    def _on_event(self, event: Event) -> None:
        if event.name in _DESK:
            self._desk.handle(event)
        if event.name in _SEATS:
            self._seats.handle(event)
        if event.name in _LEGS:
            self._told(self._book.handle(event, self._loop.time()))
        if event.name == EventName.CREATE.value:
            channel = event.headers.get("Unique-ID")
            cause = self._doomed.get(channel)
            if cause is not None:
                self._run(self._end(LegId(channel), cause), "end at birth")

    async def _end(self, leg_id: LegId, cause: int) -> None:
        try:
            await self._kill(leg_id, cause)
        except SwitchError as error:
            log.get().error("a leg could not be ended", leg_id=leg_id, error=str(error))

    # --- calls -------------------------------------------------------------------------------------------------

    def _arrived(self, session: Session) -> None:
        """On the hub's thread: a call that may come in. Returns when its connection has ended."""
        call = session.session_data
        assert call is not None, "connected"
        bridge = Bridge(self._hub, self._loop, session)
        bridge.announce(lambda: self._desk.arrived(bridge, call))
        session.hand_over(bridge)
        session.serve()

    # --- connection and comparison ----------------------------------------------------------------------------

    async def _on_up(self, boot: BootId) -> None:
        restarted = self._boot is not None and boot != self._boot
        if not restarted:
            await asyncio.sleep(self._config.settle_s)
        began = self._loop.time()
        channels = await self._list()
        self._boot = boot
        self._live = ids(channels)
        self._up = True
        self._tell(SwitchUp(boot, self._live | self._desk.ids(self._live)))
        if restarted:
            self._told(self._book.restarted())
            self._desk.restarted(boot)
        self._believe(channels, began)

    def _on_down(self, reason: str) -> None:
        if self._up:
            self._up = False
            self._tell(SwitchDown(reason))

    async def _list(self) -> tuple[Channel, ...]:
        return channels_of(await self._client.ask(ShowChannels()))

    def _believe(self, channels: tuple[Channel, ...], asked_at: float) -> None:
        self._live = ids(channels)
        self._told(self._book.reconcile(channels, asked_at, self._config.settle_s))
        self._desk.reconcile(self._live, asked_at)
        for leg_id, cause in self._doomed.items():
            if leg_id in self._live:  # its birth was told while nobody listened
                self._run(self._end(LegId(leg_id), cause), "end when seen")

    async def _compare(self) -> None:
        """Compare with the switch's list of channels, when it is there to be asked."""
        asked_at = self._loop.time()
        try:
            self._believe(await self._list(), asked_at)
        except SwitchError as error:
            log.get().warning("the switch's channels could not be listed", error=str(error))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._config.sweep_s)
            if self._up and (len(self._book) or len(self._desk)):
                await self._compare()

    def _run(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
