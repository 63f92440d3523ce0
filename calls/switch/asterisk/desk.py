"""The calls under our control: takes them in from FastAGI, gives them to their handlers, hears of their ends.

A call is one entry from its first AGI request to the end of its handler. Its later requests (the customer is back
from an agent's room) find it by our id of it, which only the channel itself and we know. Events find it by the
switch's id of its channel; for a dialled call that is ours too, an inbound call's can be guessed, so that its end is
believed only when the switch, asked, does not know the channel (HAZARDS, "What the switches put on the wire").
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field

from calls import log
from calls.errors import SwitchError
from calls.ids import AttemptId, BootId, CallId, LegId, is_safe_id
from calls.switch.asterisk import legs
from calls.switch.asterisk.ami_control import AmiControl
from calls.switch.asterisk.channel import AsteriskChannel, Surroundings
from calls.switch.asterisk.channel_info import (
    dialled_info,
    endpoint_of,
    inbound_info,
    name_call,
    run_mark,
    take_over,
)
from calls.switch.asterisk.fastagi_connection import AgiConnection
from calls.switch.asterisk.legs import cause_of, genuine
from calls.switch.events import CallConnected, CallLost, EventHandler
from calls.switch.port import CallHandler, CallInfo, EndedBy
from calls.wire import agi
from calls.wire.ami import Event

WANTED = frozenset(("Hangup", "ConfbridgeJoin", "DialEnd"))
"""The events that :meth:`Desk.handle` reads."""

ROOM = "cw-"
"""How the dialplan names the room of an agent's leg: this and the leg's id."""


CHECK_AFTER_S = (0.0, 0.2, 0.8)
"""When the switch is asked whether a channel that was said to be gone is gone. Seen: the first time it says so."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """What we know of an attempt before it is answered."""

    number: str
    caller_id: str


@dataclass(slots=True)
class _Entry:
    """One call under our control."""

    channel: AsteriskChannel
    connection: AgiConnection
    unique_id: str
    since: float
    gone: bool = False


@dataclass(slots=True)
class Desk:
    """See the module. ``boot`` is set by who knows it, before the first request comes."""

    switch: str
    around: Surroundings
    control: AmiControl
    new_call_id: Callable[[], CallId]
    limit_s: int
    on_event: EventHandler
    on_call: CallHandler
    run_of: Callable[[str], Awaitable[BootId]]
    """Which run of the switch a caller is of who came by this mark; SwitchUnavailable: of none that we have met."""
    boot: BootId | None = None
    dialled: dict[str, Dialled] = field(default_factory=dict)
    """Attempts whose leg has not ended."""
    _calls: dict[CallId, _Entry] = field(default_factory=dict)
    _by_channel: dict[str, _Entry] = field(default_factory=dict)
    _adopted: dict[str, CallId] = field(default_factory=dict)
    """Channels of calls that a run of ours before this one had up."""
    _spent: set[str] = field(default_factory=set)
    """Channels whose call has ended for us, until the switch says that they are gone."""
    _missing: set[str] = field(default_factory=set)
    """Channels that were not in the switch's list, and of whose end nothing was told yet."""
    _checking: set[str] = field(default_factory=set)
    """Channels whose end was told and is being checked: a flood of forged ends is one check."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __len__(self) -> int:
        """How many calls there are that somebody waits for."""
        return len(self._calls) + len(self._adopted) + len(self._spent)

    def adopt(self, calls: Mapping[CallId, str]) -> None:
        """Calls of a run of ours before this one, or whose handler has failed: their end will be told."""
        self._adopted.update({channel: call_id for call_id, channel in calls.items() if call_id not in self._calls})
        self._spent.difference_update(self._adopted)

    # --- requests of the dialplan -----------------------------------------------------------------------------

    async def inbound(self, connection: AgiConnection) -> None:
        """A caller. Returns when the request is over."""
        await self._arrived(connection)

    async def agents(self, connection: AgiConnection) -> None:
        """An agent who has dialled a code. Returns when the request is over."""
        if (endpoint := endpoint_of(connection.environment)) != "":
            await self._arrived(connection, endpoint)
        else:
            log.get().warning("a code dialled on no phone that is known", channel=connection.environment.unique_id)

    async def _arrived(self, connection: AgiConnection, endpoint: str = "") -> None:
        unique_id = connection.environment.unique_id
        if unique_id in self._by_channel or unique_id in self._spent:
            log.get().warning("a call asks again after its end; the dialplan speaks", channel=unique_id)
            return
        if unique_id in self._adopted:  # the run before this one died in it: a new call for who calls
            self.on_event(CallLost(self._adopted.pop(unique_id), None))
        call_id = self.new_call_id()
        try:
            await name_call(connection, call_id)
            await take_over(connection, call_id, self.limit_s)
            boot = await self.run_of(await run_mark(connection))  # callers find us without AMI, and may be first
        except SwitchError as error:
            log.get().warning("an inbound call could not be taken", error=str(error), channel=unique_id)
            return
        info = inbound_info(connection.environment, call_id, self.switch, boot, endpoint)
        await self._run(info, connection)

    async def answered(self, connection: AgiConnection) -> None:
        """The answered leg of one of our attempts. Returns when the request is over."""
        environment = connection.environment
        attempt_id = AttemptId(environment.arguments[0] if environment.arguments else "")
        known = self.dialled.get(attempt_id)
        if known is None or environment.unique_id != attempt_id or attempt_id in self._spent | self._calls.keys():
            log.get().warning("an answered leg of no attempt of ours", channel=environment.unique_id)
            return
        if not await self._taken_over(connection, CallId(attempt_id)):
            return
        boot = self._known_boot
        info = dialled_info(environment, attempt_id, known.number, known.caller_id, self.switch, boot)
        await self._run(info, connection)

    async def resumed(self, connection: AgiConnection) -> None:
        """A customer is back from an agent's room. Returns when the request is over."""
        environment = connection.environment
        call_id = CallId(environment.arguments[0] if environment.arguments else "")
        entry = self._calls.get(call_id)
        if entry is not None and entry.unique_id == environment.unique_id:
            if await self._taken_over(connection, call_id):
                entry.connection = connection
                await entry.channel.rebind(connection)
        elif is_safe_id(call_id) and self._outlived_us(environment.unique_id, call_id):
            await self._end_adopted(connection, call_id)
        else:
            log.get().warning("a talk's end of no call of ours", channel=environment.unique_id)

    def _outlived_us(self, unique_id: str, call_id: CallId) -> bool:
        """True for a call of a run of ours before this one: an adopted caller's, or a leg's that we had dialled."""
        if self._adopted.get(unique_id) == call_id:
            return True
        return unique_id == call_id and call_id in self.dialled and call_id not in self._spent | self._calls.keys()

    async def _taken_over(self, connection: AgiConnection, call_id: CallId) -> bool:
        try:
            await take_over(connection, call_id, self.limit_s)
        except SwitchError as error:
            log.get().warning("a call could not be taken", error=str(error), call_id=call_id)
            return False
        return True

    async def _end_adopted(self, connection: AgiConnection, call_id: CallId) -> None:
        """A talk outlived the run of ours that it belonged to: nothing is left to say, the dialplan hangs up."""
        if await self._taken_over(connection, call_id):
            try:
                await connection.send(agi.SetVariable(agi.Variable.DONE, "1"))
            except SwitchError as error:
                log.get().warning("an adopted call could not be ended", error=str(error), call_id=call_id)

    @property
    def _known_boot(self) -> BootId:
        assert self.boot is not None, "requests are taken when the switch is known"
        return self.boot

    # --- one call ---------------------------------------------------------------------------------------------

    async def _run(self, info: CallInfo, connection: AgiConnection) -> None:
        """Give the call to its handler, in a task of its own: it outlives this request when it goes to an agent."""

        def connected(recorded: bool) -> None:
            self.on_event(CallConnected(info.call_id, recorded))

        channel = AsteriskChannel(info, connection, self.around, connected)
        now = asyncio.get_running_loop().time()
        entry = _Entry(channel, connection, connection.environment.unique_id, now)
        self._calls[info.call_id] = self._by_channel[entry.unique_id] = entry
        self._start(self._handle(info.call_id, entry), f"call {info.call_id}")
        await connection.ended()

    async def _handle(self, call_id: CallId, entry: _Entry) -> None:
        planned = False
        with log.bound(call_id):
            try:
                await self.on_call(entry.channel)
                planned = True
            except Exception:  # noqa: BLE001  # the supervisor of one call: whatever its handler did, it ends alone
                log.get().exception("a call's handler failed")
            finally:
                del self._calls[call_id], self._by_channel[entry.unique_id]
                if not entry.gone:
                    self._spent.add(entry.unique_id)
            await self._finish(entry, planned)

    async def _finish(self, entry: _Entry, planned: bool) -> None:
        """The dialplan ends the call; where it is out of our dialplan's hands, in a room, AMI does."""
        in_room = entry.connection.closed and not entry.gone
        await entry.channel.finish(planned=planned)
        if in_room and not planned:
            try:
                await self.control.hang_up(entry.channel.name)
            except SwitchError as error:
                log.get().error("a failed call could not be ended", error=str(error))

    # --- what the switch tells --------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """What ``event`` says of our calls."""
        unique_id = event.get("Uniqueid")
        ours = unique_id in self._by_channel or unique_id in self._adopted or unique_id in self._spent
        if not ours or not genuine(event):
            return
        entry = self._by_channel.get(unique_id)
        match event.name:
            case "ConfbridgeJoin":
                room = event.get("Conference")
                if entry is not None and room.startswith(ROOM):
                    entry.channel.joined(LegId(room.removeprefix(ROOM)))
            case "DialEnd":
                if entry is not None and event.get("DialStatus") == "ANSWER":
                    entry.channel.target_answered()
            case _ if unique_id in self._spent:
                self._spent.discard(unique_id)
            case _ if unique_id not in self._checking:
                self._checking.add(unique_id)
                work = self._hung_up(unique_id, event.get("Channel"), cause_of(event))
                self._start(work, f"hangup {unique_id}")

    async def _hung_up(self, unique_id: str, name: str, cause: int | None) -> None:
        """Believe the end of a channel whose id can be guessed only when the switch does not know it any more."""
        entry = self._by_channel.get(unique_id)
        call_id = entry.channel.info.call_id if entry is not None else self._adopted.get(unique_id)
        known = entry.channel.name if entry is not None else unique_id
        gone = call_id == unique_id or await self._is_gone(known)
        self._checking.discard(unique_id)
        if gone:
            self._gone(unique_id, EndedBy.CALLER, cause)
        else:
            log.get().warning("an end of a call that the switch does not confirm", channel=known, said=name)

    async def _is_gone(self, name: str) -> bool:
        """Asked more than once, should the event have overtaken what it tells of. Where the switch does not answer
        it is not gone: the next comparison with the list will tell."""
        for delay_s in CHECK_AFTER_S:
            await asyncio.sleep(delay_s)
            try:
                if not await self.control.is_there(name):
                    return True
            except SwitchError as error:
                log.get().warning("the end of a call could not be checked", channel=name, error=str(error))
                return False
        return False

    def _gone(self, unique_id: str, by: EndedBy, cause: int | None) -> None:
        self._missing.discard(unique_id)
        self._spent.discard(unique_id)
        entry = self._by_channel.get(unique_id)
        if entry is not None:
            entry.gone = True
            entry.channel.left(by, cause)
        call_id = self._adopted.pop(unique_id, None)
        if call_id is not None:
            self.on_event(CallLost(call_id, cause))

    def reconcile(self, live: frozenset[str], now: float) -> None:
        """Compare with the switch's list of channels, asked for at ``now``: ``live`` are their names and ids.

        What is not there is given :data:`calls.switch.asterisk.legs.GRACE_S` for a Hangup that is under way, which
        says who ended it: the list overtakes events.
        """
        missing = self._not_among(live, now) - self._missing
        if missing:
            self._missing |= missing
            asyncio.get_running_loop().call_later(legs.GRACE_S, self._give_up, missing)

    def _not_among(self, live: frozenset[str], now: float) -> set[str]:
        held = {each for each in (*self._adopted, *self._spent) if each not in live}
        for unique_id, entry in self._by_channel.items():
            if entry.since < now and unique_id not in live and entry.channel.name not in live:
                held.add(unique_id)
        return held

    def _give_up(self, missing: set[str]) -> None:
        for unique_id in missing & self._missing:
            self._gone(unique_id, EndedBy.SWITCH, None)

    def restarted(self) -> None:
        """The switch was started anew: no channel of before is left."""
        for unique_id in self._not_among(frozenset(), float("inf")):
            self._gone(unique_id, EndedBy.SWITCH, None)

    def ids(self, live: frozenset[str]) -> frozenset[str]:
        """Our ids of the calls whose channel is among ``live``."""
        ours = {call_id for call_id, entry in self._calls.items() if entry.unique_id in live}
        return frozenset(ours | {call_id for channel, call_id in self._adopted.items() if channel in live})

    async def stop(self) -> None:
        """Let every handler go; calls stay up on the switch as far as its dialplan goes."""
        self._missing.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
