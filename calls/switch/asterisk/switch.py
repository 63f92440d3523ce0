"""Asterisk as a :class:`calls.switch.port.Switch`: AMI for legs and channels, FastAGI for calls.

What we believe comes from three sides that may disagree or be missing: answers to our actions, events, and the
switch's own list of channels. :class:`~calls.switch.asterisk.legs.LegBook` (legs) and
:class:`~calls.switch.asterisk.desk.Desk` (calls) put them together; here they are fed, at once by events, after every
connection and every ``sweep_s`` by the list.
"""

from __future__ import annotations

import asyncio
import math
import random
import secrets
import uuid
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from calls import failpoints, log
from calls.errors import CommandRefused, NotSent, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.histogram import Histogram
from calls.ids import BootId, CallId, LegId
from calls.switch.asterisk import desk, hearings, legs, seats
from calls.switch.asterisk.ami_client import AmiClient, Client
from calls.switch.asterisk.ami_control import AmiControl
from calls.switch.asterisk.channel import Surroundings
from calls.switch.asterisk.channels import Channel, ids, rows
from calls.switch.asterisk.config import AsteriskConfig
from calls.switch.asterisk.desk import Desk, Dialled
from calls.switch.asterisk.fastagi import FastAgiServer
from calls.switch.asterisk.hearings import Hearings
from calls.switch.asterisk.legs import LegBook, genuine
from calls.switch.asterisk.seats import Seats
from calls.switch.events import EventHandler, LegEnded, SwitchDown, SwitchEvent, SwitchUp
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
from calls.wire import ami_actions
from calls.wire.ami import Event
from calls.wire.ami_actions import Ping

WANTED = frozenset(("CoreShowChannel", "CoreShowChannelsComplete", "Status", "StatusComplete"))
"""Items of lists; events proper are what :mod:`legs` and :mod:`desk` want."""

LIST_DEADLINE_S = 5.0
"""For the list of all channels: a thousand rows are some 20 ms of the switch's time."""

NEW_RUN_S = 5.0
"""How long a caller of a run that we have not met yet waits for AMI to be back: Asterisk lets callers in at about the
moment at which it lets us in, and we do not wait for our next try then. The dialplan speaks to who waited in vain."""

ROWS_AT_ONCE = 50
"""Of that list, read without a pause: 1 ms of every caller's time."""


@dataclass(frozen=True, slots=True)
class Chance:
    """Where ids and randomness come from."""

    call_id: Callable[[], CallId] = lambda: CallId(str(uuid.uuid4()))
    nonce: Callable[[], str] = lambda: secrets.token_hex(8)
    random: Callable[[], float] = random.random
    audio_id: Callable[[], uuid.UUID] = uuid.uuid4


class AsteriskSwitch:
    """See :class:`calls.switch.port.Switch`. Made and used on a running event loop."""

    def __init__(self, config: AsteriskConfig, prompts: PromptFiles, chance: Chance | None = None) -> None:
        self._config = config
        self._chance = chance or Chance()
        self._loop = asyncio.get_running_loop()
        self._book = LegBook()
        self._client = AmiClient(
            config.ami,
            Client(
                wanted=WANTED | legs.WANTED | desk.WANTED | hearings.WANTED | seats.WANTED,
                on_event=self._on_ami_event,
                on_up=self._on_up,
                on_down=self._on_down,
                nonce=self._chance.nonce,
                random=self._chance.random,
            ),
        )
        self._control = AmiControl(self._client)
        self._hearings = Hearings(
            self._client, config.context_prefix, config.audio, config.recordings, self._chance.audio_id
        )
        self._seats = Seats(self._client, config.context_prefix, self._chance.nonce)
        self._server = FastAgiServer(config.agi_token, config.agi_allow, config.limits)
        around = Surroundings(
            self._control,
            prompts,
            config.destinations,
            config.context_prefix,
            config.recordings,
            {name: trunk.channel for name, trunk in config.trunks.items()},
            self._hearings.hear,
        )
        self._desk = Desk(
            config.name,
            around,
            self._control,
            self._chance.call_id,
            config.call_limit_s,
            self._tell,
            self._on_call,
            self._run_of,
        )
        self._server.add_route("inbound", self._desk.inbound)
        self._server.add_route("agents", self._desk.agents)
        self._server.add_route("dialled", self._desk.answered)
        self._server.add_route("resume", self._desk.resumed, capped=False)
        self._handlers: tuple[EventHandler, CallHandler] | None = None
        self._boot: BootId | None = None
        self._up = False
        self._met = asyncio.Event()
        """Of the next comparison with the switch: set once that is done."""
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
    def agi_port(self) -> int:
        """The port on which the dialplan finds us."""
        return self._server.port

    @property
    def turns(self) -> Histogram:
        """How long the switch waited for each of our AGI commands, from its last word."""
        return self._server.turns

    @property
    def is_up(self) -> bool:
        """Logged in, reconciled, and answering."""
        return self._up

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        """See :class:`calls.switch.port.Switch`."""
        self._handlers = (on_event, on_call)
        await self._client.start()
        try:
            await self._server.start(self._config.agi_host, self._config.agi_port)
        except OSError:
            await self._client.stop()
            raise
        self._sweeper = asyncio.create_task(self._sweep(), name="sweep")

    async def stop(self) -> None:
        """See :class:`calls.switch.port.Switch`."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait((self._sweeper,))
        await self._desk.stop()
        await self._hearings.stop()
        await self._server.stop()
        await self._client.stop()
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()

    def adopt(self, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        """See :class:`calls.switch.port.Switch`."""
        self._book.adopt(legs)
        for leg_id in legs:
            self._desk.dialled.setdefault(leg_id, Dialled("", ""))
        self._desk.adopt(calls)
        if self._up:
            self._run(self._compare(), "adopt")

    async def originate(self, request: Originate) -> None:
        """See :class:`calls.switch.port.Switch`."""
        leg_id, action = self._action(request)
        if leg_id in self._book or leg_id in self._live:
            raise SwitchRefused(f"{leg_id} has a channel already")
        if not self._up:  # what is asked of a new run before it is compared would end with those of the old one
            raise NotSent("the switch has not been compared with what we know; nothing was sent")
        action_id = self._client.next_action_id()
        ami_actions.encode(action, action_id)  # refused before anything is expected of it
        roomed = isinstance(request, RingAgent | RingOutside)
        self._book.expect(leg_id, action_id, self._loop.time(), request.ring_timeout_s, roomed=roomed)
        sent = None
        if isinstance(request, DialAttempt):
            sent = partial(failpoints.hit, "attempt.after_send")
            self._desk.dialled[leg_id] = Dialled(request.number, request.caller_id)
        try:
            await self._client.ask(action, action_id=action_id, on_sent=sent)
        except (SwitchRefused, NotSent):
            self._book.forget(leg_id)
            self._desk.dialled.pop(leg_id, None)
            self._doomed.pop(leg_id, None)
            raise

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
            if await self._control.end(leg_id, cause) or leg_id not in self._book:
                return
        except (SwitchUnavailable, SwitchTimeout):
            if leg_id in self._book:
                self._doomed[leg_id] = cause  # perhaps it was not heard: said again when the leg is seen
            raise
        self._doomed[leg_id] = cause  # asked for, and not there yet: as soon as it is
        if self._book.existed(leg_id):  # born while the answer was on its way
            await self._control.hang_up(leg_id, cause)

    # --- inside -----------------------------------------------------------------------------------------------

    def _action(self, request: Originate) -> tuple[LegId, ami_actions.Originate]:
        """What to send. Only ids, constants, and numbers in one form cross to the switch.

        Raises:
            CommandRefused: a number, a trunk or an id that must not.
        """
        config, prefix = self._config, self._config.context_prefix
        match request:
            case DialAttempt():
                channel = config.trunk(request.trunk).channel(request.number)
                leg_id = LegId(request.attempt_id)
                flags: tuple[tuple[str, str], ...] = (
                    ("CW_CALL", leg_id),
                    ("CW_AMD", "1" if request.detect_machine else "0"),
                )
                place = (f"{prefix}-dialled", "s")
            case RingAgent():
                channel, leg_id, flags = request.endpoint, request.leg_id, ()
                place = (f"{prefix}-agent", leg_id)
            case RingOutside():
                channel, leg_id = self._outside(request), request.leg_id
                flags = (("CW_LIMIT", str(max(1, math.floor(request.talk_limit_s)))),)
                place = (f"{prefix}-agent", leg_id)
        return leg_id, ami_actions.Originate(
            leg_id, channel, *place, request.ring_timeout_s, request.caller_id, flags
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

    def _tell(self, *events: SwitchEvent) -> None:
        """Through the loop: an exception of the engine is logged there and harms nothing here; the order stays."""
        assert self._handlers is not None, "nothing comes before the start"
        for event in events:
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
        self._arm()

    def _arm(self) -> None:
        at = self._book.next_timer()
        if self._timer is not None:
            if self._timer.when() == at:
                return
            self._timer.cancel()
        self._timer = None if at is None else self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._told(self._book.tick(self._loop.time()))

    def _on_ami_event(self, event: Event) -> None:
        name = event.name
        if name in desk.WANTED:
            self._desk.handle(event)
        if name in hearings.WANTED:
            self._hearings.handle(event)
        if name in seats.WANTED:
            self._seats.handle(event)
        if name in legs.WANTED:
            self._told(self._book.handle(event, self._loop.time()))
        if self._doomed and name == "Newchannel":
            cause = self._doomed.get(event.get("Uniqueid"))
            if cause is not None and genuine(event):
                self._run(self._end(LegId(event.get("Uniqueid")), cause), "end at birth")

    async def _end(self, leg_id: LegId, cause: int) -> None:
        try:
            await self._control.hang_up(leg_id, cause)
        except SwitchError as error:
            log.get().error("a leg could not be ended", leg_id=leg_id, error=str(error))

    # --- connection and comparison ----------------------------------------------------------------------------

    async def _on_up(self, boot: BootId) -> None:
        restarted = self._boot is not None and boot != self._boot
        if not restarted:
            await asyncio.sleep(self._config.settle_s)
        began = self._loop.time()
        channels = await self._list(began)
        await self._hearings.find()
        self._boot = self._desk.boot = boot
        self._live = ids(channels)
        self._up = True
        self._tell(SwitchUp(boot, self._live | self._desk.ids(self._live)))
        if restarted:
            self._told(self._book.restarted())
            self._desk.restarted()
        self._believe(channels, began)
        self._met.set()
        self._met = asyncio.Event()

    async def _run_of(self, mark: str) -> BootId:
        """The run of the switch that a caller is of. Callers find us without AMI: one who does not name the run that
        we know is of a new one, or a reload of the dialplan has just taken its mark away. Of a new one nothing is
        said before its channels are compared: what is told of the old one's end is not to be told of its callers.

        Raises:
            SwitchUnavailable: AMI does not come back.
        """
        met, known = self._met, self._boot
        if known is not None and mark and known.endswith(f"-{mark}"):
            return known
        if self._up and known is not None:
            try:
                await self._client.ask(Ping())
                return known  # it lives, and with the connection that we know it by
            except SwitchError as error:
                log.get().warning("a caller came by a run of asterisk that is not known", error=str(error))
        self._client.hurry()
        try:
            async with asyncio.timeout(NEW_RUN_S):
                await met.wait()
        except TimeoutError:
            raise SwitchUnavailable("a call of a run of asterisk that AMI has not told us of") from None
        assert self._boot is not None, "there was a comparison"
        return self._boot

    def _on_down(self, reason: str) -> None:
        if self._up:
            self._up = False
            self._tell(SwitchDown(reason))

    async def _list(self, asked_at: float) -> tuple[Channel, ...]:
        """The switch's channels, but for those by which callers are heard."""
        events = (await self._client.ask(ami_actions.CoreShowChannels(), LIST_DEADLINE_S)).events
        found: list[Channel] = []
        for first in range(0, len(events), ROWS_AT_ONCE):
            found += rows(events[first : first + ROWS_AT_ONCE])
            await asyncio.sleep(0)  # callers have their turn in between
        return self._hearings.sort_out(tuple(found), asked_at)

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
            self._believe(await self._list(asked_at), asked_at)
        except SwitchError as error:
            log.get().warning("the switch's channels could not be listed", error=str(error))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._config.sweep_s)
            if self._up:
                await self._hearings.find()
            if self._up and (len(self._book) or len(self._desk) or len(self._hearings)):
                await self._compare()

    def _run(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
