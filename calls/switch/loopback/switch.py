"""The loopback switch itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from random import Random

from calls import log
from calls.errors import CommandRefused, NotSent, SwitchRefused, SwitchUnavailable
from calls.ids import AttemptId, BootId, CallId, LegId, is_safe_id
from calls.switch.events import (
    CallConnected,
    CallLost,
    EventHandler,
    LegAnswered,
    LegEnded,
    SwitchDown,
    SwitchEvent,
    SwitchUp,
)
from calls.switch.loopback.call import AgentSide, LoopbackCall
from calls.switch.loopback.callees import Callee, callee_of
from calls.switch.loopback.callers import CallerScript, follow
from calls.switch.loopback.diary import Diary
from calls.switch.loopback.legs import NORMAL, AgentLeg, DialledLeg, Leg, OutsideLeg, Ringing
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import (
    CallHandler,
    CallInfo,
    Detected,
    DialAttempt,
    EndedBy,
    HungUp,
    Originate,
    PromptFiles,
    RingAgent,
    RingOutside,
    Seat,
)
from calls.text import printable

E164 = re.compile(r"\+[0-9]{3,15}\Z")
"""What may be dialled."""

NOT_OF_A_NUMBER = re.compile(r"[^0-9+]")


class LoopbackSwitch:
    """A :class:`calls.switch.port.Switch` with no PBX. Use it on one running event loop.

    ``phones`` are the agents' by endpoint, one that is not there answers; ``destinations`` are dial strings by name,
    whose last digit says who is there; ``new_id`` gives ids of calls and boots; ``draw`` how long people take.
    """

    def __init__(
        self,
        name: str,
        prompts: PromptFiles,
        *,
        trunks: Collection[str],
        destinations: Mapping[str, str],
        phones: Mapping[str, AgentPhone],
        new_id: Callable[[], str],
        draw: Random,
    ) -> None:
        self.prompts = prompts
        self.diary = Diary()
        self._name = name
        self._trunks = frozenset(trunks)
        self._destinations = dict(destinations)
        self._phones = dict(phones)
        self._new_id = new_id
        self._draw = draw
        self._boot = BootId(new_id())
        self._on_event: EventHandler | None = None
        self._on_call: CallHandler | None = None
        self._connected = False
        self._crashed = False
        self._legs: dict[LegId, Leg] = {}
        self._calls: dict[CallId, LoopbackCall] = {}
        self._scripts: dict[CallId, asyncio.Task[None]] = {}
        self._handlers: set[asyncio.Task[None]] = set()
        self._adopted: set[CallId] = set()
        self._people: dict[str, Callee] = {}
        self._untold: list[SwitchEvent] = []
        """What became of legs and adopted calls while the way to the switch was lost."""

    # --- the port -----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """See the port."""
        return self._name

    @property
    def connected(self) -> bool:
        """True while commands reach the switch and events come from it."""
        return self._connected

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        """See the port. The first event is ``SwitchUp``."""
        self._on_event, self._on_call = on_event, on_call
        self.reconnect()

    async def stop(self) -> None:
        """See the port. The calls go on, and what still holds one may end it; no event comes any more."""
        self._connected = False
        self._on_event = self._on_call = None
        self._untold.clear()

    def adopt(self, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        """See the port. Only what a run in the same process had up can have stayed: the rest is told as gone."""
        live = {call.info.channel for call in self._calls.values()}
        self._adopted |= {call_id for call_id, channel in calls.items() if channel in live}
        up = {leg_id for leg_id, leg in self._legs.items() if leg.is_up}
        news: list[SwitchEvent] = [LegEnded(each, None, unseen=True) for each in sorted(legs - self._legs.keys())]
        news += [LegAnswered(each, unseen=True) for each in sorted(legs & up)]
        news += [CallLost(call_id, None) for call_id, channel in calls.items() if channel not in live]
        if self._connected:
            for event in news:
                self.tell(event)
        else:
            self._untold += news

    async def originate(self, request: Originate) -> None:
        """See the port.

        Raises:
            CommandRefused: an id, number, trunk or endpoint that must not reach a switch: our bug.
            SwitchRefused: a leg with this id is live.
            SwitchUnavailable: the way to the switch is lost; nothing was dialled.
        """
        match request:
            case DialAttempt(attempt_id=attempt_id):
                leg_id = LegId(attempt_id)
                self._check(leg_id)
                leg: Leg = self._dialled(request, leg_id)
            case RingAgent(leg_id=leg_id):
                self._check(leg_id)
                phone = self._phones.get(request.endpoint, AgentPhone())
                leg = AgentLeg(request, phone, self._ringing(leg_id))
            case RingOutside(leg_id=leg_id):
                self._check(leg_id)
                called, callee = self.destination(request.destination, request.number)
                leg = OutsideLeg(request, called, callee, self._ringing(leg_id))
        self._legs[leg_id] = leg
        leg.start()

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        """See the port."""
        leg, other = self._agent_leg(leg_id), None if host is None else self._agent_leg(host)
        if (other is None) is not (seat is Seat.OWN):
            raise CommandRefused(f"{seat.value} beside {host}")
        leg.sit(seat, other)

    async def beep(self, leg_id: LegId) -> None:
        """See the port."""
        self._agent_leg(leg_id).beep()

    async def hang_up(self, leg_id: LegId, cause: int = NORMAL) -> None:
        """See the port."""
        if not self._connected:
            raise SwitchUnavailable("the way to the switch is lost")
        if (leg := self._legs.get(leg_id)) is not None:
            leg.hang_up(cause)

    # --- what the world does ------------------------------------------------------------------------------------

    def place_call(self, script: CallerScript) -> LoopbackCall:
        """A caller rings in and follows ``script``; ``over()`` of the result says how the call ended.

        Raises:
            SwitchUnavailable: nobody is there to take it: not started, stopped, or crashed.
        """
        if self._on_call is None or self._crashed:
            raise SwitchUnavailable("nobody takes calls")
        call = self._new_call(
            CallId(self._new_id()), script.caller, script.caller_name, script.called, endpoint=script.endpoint
        )
        self._scripts[call.info.call_id] = asyncio.get_running_loop().create_task(follow(script, call))
        self._handle(call, self._on_call)
        return call

    def meet(self, number: str, callee: Callee) -> None:
        """Who is dialled at ``number``, or by this dial string, acts like this from now on, whatever the last digit
        is."""
        self._people[number] = callee

    def agent_hangs_up(self, leg_id: LegId) -> None:
        """The agent hangs the phone up, if the leg is up."""
        leg = self._legs.get(leg_id)
        if isinstance(leg, AgentLeg) and leg.is_up:
            leg.far_hangs_up()

    def disconnect(self, reason: str = "connection lost") -> None:
        """The way to the switch is lost: calls stay, no event comes, no leg can be asked for until ``reconnect``."""
        self.tell(SwitchDown(reason))
        self._connected = False

    def crash(self) -> None:
        """The switch dies: all calls and legs are gone. ``reconnect`` starts it again, as another boot."""
        calls, legs = list(self._calls.values()), dict(self._legs)
        self._legs.clear()
        for leg in legs.values():
            leg.vanish()
        for call in calls:
            call.end(EndedBy.SWITCH, None)
        if self._connected:
            self.disconnect("the switch died")
        self._crashed = True
        self._boot = BootId(self._new_id())
        for leg_id in legs:
            self.tell(LegEnded(leg_id, None))

    def reconnect(self) -> None:
        """The way to the switch is there (again): ``SwitchUp``, then what became of legs that were missed."""
        self._crashed = False
        self._connected = True
        channels = frozenset(call.info.channel for call in self._calls.values())
        self.tell(SwitchUp(self._boot, channels | frozenset(self._legs)))
        untold, self._untold = self._untold, []
        for event in untold:
            self.tell(event)

    # --- for calls and legs -------------------------------------------------------------------------------------

    def agent_leg(self, leg_id: LegId) -> AgentSide | None:
        """See :class:`calls.switch.loopback.call.Exchange`."""
        leg = self._legs.get(leg_id)
        return leg if isinstance(leg, AgentLeg) and leg.is_up else None

    def destination(self, name: str, number: str) -> tuple[str, Callee]:
        """See :class:`calls.switch.loopback.call.Exchange`."""
        if number:
            self._check_number(number, name)
            return number, self._people.get(number) or callee_of(number, self._draw)
        dial = self._destinations.get(name)
        if dial is None:
            raise CommandRefused(f"no destination {name!r} in the settings")
        return dial, self._people.get(dial) or callee_of(dial, self._draw)

    def tell(self, event: SwitchEvent) -> None:
        """Tell the engine, in order and not from within its own call; keep what it must not miss."""
        if self._on_event is None:
            return
        if self._connected:
            asyncio.get_running_loop().call_soon(self._on_event, event)
        elif isinstance(event, LegAnswered | LegEnded | CallConnected | CallLost):
            self._untold.append(event)

    def _agent_leg(self, leg_id: LegId) -> AgentLeg:
        if not self._connected:
            raise NotSent("the way to the switch is lost")
        leg = self._legs.get(leg_id)
        if not isinstance(leg, AgentLeg) or not leg.is_up:
            raise SwitchRefused(f"no leg {leg_id} is up")
        return leg

    def _check(self, leg_id: LegId) -> None:
        if not is_safe_id(leg_id):
            raise CommandRefused(f"not an id: {leg_id!r}")
        if not self._connected:
            raise NotSent("the way to the switch is lost")
        if leg_id in self._legs:
            raise SwitchRefused(f"a leg {leg_id} is live")

    def _check_number(self, number: str, trunk: str) -> None:
        if not E164.match(number):
            raise CommandRefused(f"not a number in E.164: {number!r}")
        if trunk not in self._trunks:
            raise CommandRefused(f"no trunk {trunk!r} in the settings")

    def _ringing(self, leg_id: LegId) -> Ringing:
        return Ringing(leg_id, self.diary, self.tell, self._leg_gone)

    def _leg_gone(self, leg_id: LegId) -> None:
        self._legs.pop(leg_id, None)

    def _dialled(self, request: DialAttempt, leg_id: LegId) -> DialledLeg:
        self._check_number(request.number, request.trunk)

        callee = self._people.get(request.number) or callee_of(request.number, self._draw)

        def make_call(detected: Detected) -> LoopbackCall:
            call = self._answered(request, detected)
            if callee.steps:
                script = follow(CallerScript(request.number, callee.steps), call)
                self._scripts[call.info.call_id] = asyncio.get_running_loop().create_task(script)
            return call

        return DialledLeg(request, callee, self._ringing(leg_id), make_call)

    def _answered(self, request: DialAttempt, detected: Detected) -> LoopbackCall:
        """The call that an answered attempt has become; it is being handled already."""
        call = self._new_call(
            CallId(request.attempt_id), request.caller_id, "", request.number, request.attempt_id, detected
        )
        call.pick_up()
        if self._on_call is not None:
            self._handle(call, self._on_call)
        return call

    def _new_call(
        self,
        call_id: CallId,
        caller: str,
        caller_name: str,
        called: str,
        attempt_id: AttemptId | None = None,
        detected: Detected = Detected.NOT_ASKED,
        endpoint: str = "",
    ) -> LoopbackCall:
        info = CallInfo(
            call_id=call_id,
            switch=self._name,
            boot=self._boot,
            channel=f"Loopback/{call_id}",
            caller=NOT_OF_A_NUMBER.sub("", caller),
            caller_name=printable(caller_name),
            called=called,
            attempt_id=attempt_id,
            detected=detected,
            endpoint=endpoint,
        )
        call = LoopbackCall(info, self, self._call_ended)
        self._calls[call_id] = call
        return call

    def _call_ended(self, call: LoopbackCall, how: HungUp) -> None:
        call_id = call.info.call_id
        del self._calls[call_id]
        if (script := self._scripts.pop(call_id, None)) is not None and script is not asyncio.current_task():
            script.cancel()
        leg = self._legs.get(LegId(call_id))
        if isinstance(leg, DialledLeg):
            leg.call_ended(how)
        if call_id in self._adopted:
            self._adopted.discard(call_id)
            self.tell(CallLost(call_id, how.cause))

    def _handle(self, call: LoopbackCall, on_call: CallHandler) -> None:
        """Let the engine handle ``call`` in a task of its own; the call does not outlive the handler."""

        async def handle() -> None:
            await on_call(call)

        def done(task: asyncio.Task[None]) -> None:
            self._handlers.discard(task)
            if not task.cancelled() and (fault := task.exception()) is not None:
                log.get().error("the handler of a call failed", call_id=call.info.call_id, exc_info=fault)
            call.end(EndedBy.US, NORMAL)

        task = asyncio.get_running_loop().create_task(handle())
        self._handlers.add(task)
        task.add_done_callback(done)
