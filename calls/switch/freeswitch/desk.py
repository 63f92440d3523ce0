"""The calls under our control: takes them in from the outbound socket, gives them to their handlers, hears of their
ends.

A call is one entry from its first connection to the end of its handler. A later connection of the same channel (the
customer is back from a talk) finds it by the channel's id, which FreeSWITCH makes at random, and we for a dialled
call. Calls of a run of ours before this one are known by that id only: their end is told, and one of them that comes
back from a talk is hung up, as nothing is left that could lead it on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field

from calls import log
from calls.errors import SwitchError
from calls.ids import AttemptId, BootId, CallId, LegId
from calls.switch.events import CallConnected, CallLost, SwitchEvent
from calls.switch.freeswitch import causes, legs
from calls.switch.freeswitch.amd import AmdRule
from calls.switch.freeswitch.bridge import Bridge
from calls.switch.freeswitch.call_info import Route, dialled_info, endpoint_of, inbound_info, route_of
from calls.switch.freeswitch.channel import FreeSwitchChannel
from calls.switch.freeswitch.connection import EslConnection
from calls.switch.freeswitch.turn import Surroundings
from calls.switch.port import CallHandler, EndedBy, HungUp
from calls.wire.esl import Event, Headers
from calls.wire.esl_commands import EventName, Exit, HangupCall

WANTED = (EventName.HANGUP_COMPLETE, EventName.BRIDGE)
"""The events that :meth:`Desk.handle` reads."""

GOODBYE_S = 2.0

KNOWN_S = 10.0
"""How long it may take from our start until it is known what the run before this one had up: the switch is left to
itself for 3 s first."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """What we know of an attempt before it is answered."""

    number: str
    caller_id: str
    detect: bool = False


@dataclass(slots=True)
class _Entry:
    """One call under our control."""

    channel: FreeSwitchChannel
    since: float


@dataclass(slots=True)
class Desk:
    """See the module."""

    switch: str
    around: Surroundings
    rule: AmdRule
    on_event: Callable[[SwitchEvent], None]
    on_call: CallHandler
    dialled: dict[str, Dialled] = field(default_factory=dict)
    """Attempts whose leg has not ended."""
    _calls: dict[str, _Entry] = field(default_factory=dict)
    """By the channel's id."""
    _adopted: dict[str, CallId] = field(default_factory=dict)
    """Channels of calls that a run of ours before this one had up."""
    _missing: set[str] = field(default_factory=set)
    """Channels that were not in the switch's list, and of whose end nothing was told yet."""
    _known: asyncio.Event = field(default_factory=asyncio.Event)
    """What a run of ours before this one had up is known."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __len__(self) -> int:
        """How many calls there are that somebody waits for."""
        return len(self._calls) + len(self._adopted)

    @property
    def handled(self) -> int:
        """How many calls have not been handled to their end."""
        return len(self._tasks)

    def adopt(self, calls: Mapping[CallId, str], legs: frozenset[LegId] = frozenset()) -> None:
        """Calls of a run of ours before this one, or whose handler has failed: their end will be told. ``legs``:
        attempts of then are calls as soon as they have answered; nobody looks any more for what has answered them."""
        for call_id, channel in calls.items():
            entry = self._calls.get(channel)
            if entry is None or entry.channel.info.call_id == call_id:  # else it has come to us as another call
                self._adopted[channel] = call_id
        for leg_id in legs:
            self.dialled.setdefault(leg_id, Dialled("", ""))
        self._known.set()

    # --- connections -------------------------------------------------------------------------------------------

    def arrived(self, bridge: Bridge, call: Headers) -> None:
        """A channel has connected: ``call`` is what it told. On the event loop, before any of its frames."""
        channel_id, route = call.get("Unique-ID"), route_of(call)
        entry = self._calls.get(channel_id)
        if entry is not None and route is Route.BACK:
            entry.channel.rebind(bridge)
            bridge.bind(entry.channel.connection)
            self._start(self._back(entry.channel), f"back {channel_id}")
        elif entry is not None or route is Route.BACK:
            if route is not Route.BACK:
                log.get().warning("a call asks again; the dialplan speaks", channel=channel_id)
            self._start(self._let_go(bridge, hang_up=route is Route.BACK), f"let go {channel_id}")
        else:
            self._begin(bridge, call, channel_id, route)

    def _begin(self, bridge: Bridge, call: Headers, channel_id: str, route: Route) -> None:
        known = self.dialled.get(channel_id)
        if route is Route.DIALLED and known is None and not self._known.is_set():
            self._start(self._await_known(bridge, call, channel_id), f"whose is {channel_id}")
            return
        if route is Route.DIALLED and known is None:
            log.get().warning("an answered leg of no attempt of ours", channel=channel_id)
            self._start(self._let_go(bridge, hang_up=True), f"let go {channel_id}")
            return
        if channel_id in self._adopted:  # the run before this one died in it: a new call for who calls
            self.on_event(CallLost(self._adopted.pop(channel_id), None))
        if known is not None and route is Route.DIALLED:
            info = dialled_info(call, AttemptId(channel_id), known.number, known.caller_id, self.switch)
        else:
            endpoint = endpoint_of(call) if route is Route.AGENTS else ""
            info = inbound_info(call, CallId(self.around.new_id()), self.switch, endpoint)
        channel = FreeSwitchChannel(info, bridge, self.around, lambda: self.on_event(CallConnected(info.call_id)))
        bridge.bind(channel.connection)
        self._calls[channel_id] = _Entry(channel, asyncio.get_running_loop().time())
        detects = known is not None and known.detect and route is Route.DIALLED
        self._start(self._serve(channel, detects), f"call {info.call_id}")

    async def _await_known(self, bridge: Bridge, call: Headers, channel_id: str) -> None:
        """A leg has answered whom perhaps a run of ours before this one has dialled: that is told soon."""
        ended = asyncio.Event()
        connection = EslConnection(bridge, lambda _: None, lambda _: ended.set())
        bridge.bind(connection)
        waits = [asyncio.ensure_future(each.wait()) for each in (self._known, ended)]
        try:
            await asyncio.wait(waits, timeout=KNOWN_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not ended.is_set():
            self._known.set()
            self._begin(bridge, call, channel_id, Route.DIALLED)

    async def _back(self, channel: FreeSwitchChannel) -> None:
        """A customer of ours is back from a talk."""
        with log.bound(channel.info.call_id):
            try:
                await channel.back()
            except SwitchError as error:
                log.get().error("a call could not be taken back", error=str(error))

    async def _let_go(self, bridge: Bridge, *, hang_up: bool) -> None:
        """A connection that is nobody's: its channel goes on in its dialplan, or is hung up."""
        connection = EslConnection(bridge, lambda _: None, lambda _: None)
        bridge.bind(connection)
        connection.submit(HangupCall(causes.NAMES[16]) if hang_up else Exit())
        await connection.ends_within(GOODBYE_S)
        connection.close()

    # --- one call ----------------------------------------------------------------------------------------------

    async def _serve(self, channel: FreeSwitchChannel, detects: bool) -> None:
        """One call to its end, whatever its handler does."""
        planned = stopped = False
        with log.bound(channel.info.call_id):
            try:
                await channel.set_up()
                if detects:
                    await channel.detect(self.rule)
                await self.on_call(channel)
                planned = True
            except asyncio.CancelledError:
                stopped = True
                raise
            except SwitchError as error:
                log.get().error("the call's switch failed", error=str(error))
            except Exception:  # noqa: BLE001 - the per-call supervisor: the server goes on
                log.get().exception("the call's handler failed")
            finally:
                await channel.finish(planned=planned, stopped=stopped)
                del self._calls[channel.info.channel]

    # --- what the switch tells ---------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """The end of a call that we do not hold, and what becomes of those that are in a talk; the others tell it
        themselves."""
        entry = self._calls.get(event.headers.get("Unique-ID"))
        if entry is not None:
            entry.channel.heard_outside(event)
        if event.name != EventName.HANGUP_COMPLETE.value:
            return
        for each in self._calls.values():
            each.channel.leg_ended(event.headers.get("Unique-ID"))
        call_id = self._adopted.pop(event.headers.get("Unique-ID"), None)
        if call_id is not None:
            self.on_event(CallLost(call_id, causes.cause_of(event.headers)))

    def reconcile(self, live: frozenset[str], now: float) -> None:
        """Compare with the switch's list of channels, asked for at ``now``.

        What is not there is given :data:`calls.switch.freeswitch.legs.GRACE_S` for an end that is under way, which
        says who ended it: the list overtakes events and a call's own connection.
        """
        missing = self._not_among(live, now) - self._missing
        if missing:
            self._missing |= missing
            asyncio.get_running_loop().call_later(legs.GRACE_S, self._give_up, missing)

    def restarted(self, boot: BootId) -> None:
        """The switch was started anew, as ``boot``: no channel of before is left. Callers of this run of it may be
        here already, for they find us without the event socket."""
        held = self._calls.items()
        live = frozenset(each for each, entry in held if entry.channel.info.boot == boot)
        for channel_id in self._not_among(live, float("inf")):
            self._gone(channel_id)

    def _not_among(self, live: frozenset[str], now: float) -> set[str]:
        held = {each for each in self._adopted if each not in live}
        return held | {each for each, entry in self._calls.items() if entry.since < now and each not in live}

    def _give_up(self, missing: set[str]) -> None:
        for channel_id in missing & self._missing:
            self._gone(channel_id)

    def _gone(self, channel_id: str) -> None:
        """Nobody says why."""
        self._missing.discard(channel_id)
        call_id = self._adopted.pop(channel_id, None)
        if call_id is not None:
            self.on_event(CallLost(call_id, None))
        entry = self._calls.get(channel_id)
        if entry is not None:
            entry.channel.left(HungUp(EndedBy.SWITCH))

    def ids(self, live: frozenset[str]) -> frozenset[str]:
        """Our ids of the calls whose channel is among ``live``."""
        ours = {entry.channel.info.call_id for channel_id, entry in self._calls.items() if channel_id in live}
        return frozenset(ours | {call_id for channel, call_id in self._adopted.items() if channel in live})

    async def stop(self) -> None:
        """Let every handler go: their calls are given back to their dialplans."""
        self._missing.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
