"""One switch with a driver, started, that many scripts share, and their callers.

A script owns the numbers of its caller and of its callee and the ids of its legs, so that scripts run side by side on
one switch as calls do, and beside them one engine with whole calls. :class:`Exchange` hands each event and each call
to the script or the engine it belongs to, and keeps what nobody may have told.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from calls.ids import BootId, CallId, LegId
from calls.switch.events import (
    CallConnected,
    CallLost,
    EventHandler,
    LegAnswered,
    LegEnded,
    LegHeld,
    LegRinging,
    SwitchDown,
    SwitchEvent,
    SwitchUp,
)
from calls.switch.port import CallChannel, CallHandler, DialAttempt, EndedBy, Originate, RingAgent, Seat, Switch
from console.demo.sipp import CallerScript, SippHome
from console.demo.sipp import Press as Keys
from console.demo.sipp import call as place_call
from tests.conformance.door import Door
from tests.conformance.play import DEADLINE_S
from tests.conformance.vocabulary import Act, HangUp, Press, Speak

AT_ONCE = 48
"""Each caller is a SIPp of its own."""

FIRST_CALLED = 200
"""The scripts of commands are called from here on, whole calls from 500."""

TONE = bytes([0x55, 0xD5])
"""A quarter of a millisecond of a 4 kHz tone, in mu-law."""


@dataclass
class Exchange(ABC):
    """One switch, started, and the scripts that share it."""

    switch: Switch
    lines: list[Line] = field(default_factory=list)
    events: list[SwitchEvent] = field(default_factory=list)
    asked: set[LegId] = field(default_factory=set)
    """Every leg that a script asked for and was not refused."""
    strays: list[str] = field(default_factory=list)
    """What came for nobody."""
    boot: BootId | None = None
    phone: str = ""
    """The one telephone of all agents, whatever the scripts call theirs; "": each its own."""

    def on_event(self, event: SwitchEvent) -> None:
        self.events.append(event)
        match event:
            case SwitchUp(boot=boot):
                self.boot = boot
            case LegRinging(leg_id) | LegAnswered(leg_id) | LegHeld(leg_id) | LegEnded(leg_id):
                self._hand_on(event, [line for line in self.lines if leg_id in line.legs])
            case CallConnected(call_id):
                self._hand_on(event, [line for line in self.lines if call_id in line.calls])
            case SwitchDown() | CallLost():
                self.strays.append(str(event))
            case _:
                assert_never(event)

    def _hand_on(self, event: SwitchEvent, to: list[Line]) -> None:
        for line in to:
            line.tell(event)
        if len(to) != 1:
            self.strays.append(f"{event} for {len(to)} scripts")

    async def on_call(self, channel: CallChannel) -> None:
        info = channel.info
        for line in reversed(self.lines):  # a script that is played again has a new one
            if info.called in line.called or (info.attempt_id is not None and LegId(info.attempt_id) in line.legs):
                line.calls.append(info.call_id)
                await line.serve(channel)
                return
        self.strays.append(f"a call of {info.caller} for {info.called}")

    def new_line(self, called: Collection[str] = ()) -> Line:
        """A part of the switch of its own, with numbers that nobody else calls: one that is free, or these."""
        line = Line(self, called=frozenset(called or {str(FIRST_CALLED + len(self.lines))}))
        self.lines.append(line)
        return line

    @abstractmethod
    async def ring_in(self, called: str, caller: str, acts: tuple[Act, ...]) -> EndedBy:
        """See :data:`tests.conformance.engine.play.RingIn`."""


@dataclass(kw_only=True)
class SippExchange(Exchange):
    """An exchange whose callers are SIPp. ``sip_port``: where they find the switch."""

    sip_port: int
    sipp: SippHome
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    door: Door = field(default_factory=Door)

    async def ring_in(self, called: str, caller: str, acts: tuple[Act, ...]) -> EndedBy:
        """See :data:`tests.conformance.engine.play.RingIn`."""
        script = script_of(called, caller, acts, self.sipp.folder)
        async with self.turn:
            await self.door.go_through()
            sipp = await place_call(self.sipp, f"caller{called}", script, sip_port=self.sip_port)
            try:
                assert await sipp.wait(DEADLINE_S), f"the caller failed: {sipp.trouble}"
            finally:
                await sipp.stop()
        ends = [end for event in sipp.events if (end := ENDS.get(event.event)) is not None]
        assert len(ends) == 1, f"the caller's own account: {[event.event for event in sipp.events]}"
        return ends[0]


@dataclass
class Line:
    """One script's part of the switch, or one engine's. See :class:`calls.switch.port.Switch`."""

    exchange: Exchange
    called: frozenset[str]
    legs: list[LegId] = field(default_factory=list)
    calls: list[CallId] = field(default_factory=list)
    _handlers: tuple[EventHandler, CallHandler] | None = None

    @property
    def name(self) -> str:
        return self.exchange.switch.name

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        assert self.exchange.boot is not None, "the switch is up before the first script"
        self._handlers = (on_event, on_call)
        on_event(SwitchUp(self.exchange.boot, frozenset()))

    async def stop(self) -> None:
        """The switch stays, and goes on telling: an event too many is seen by :meth:`Exchange.faults`."""

    def adopt(self, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        self.exchange.switch.adopt(legs, calls)

    async def originate(self, request: Originate) -> None:
        leg_id = LegId(request.attempt_id) if isinstance(request, DialAttempt) else request.leg_id
        if isinstance(request, RingAgent) and self.exchange.phone:
            request = replace(request, endpoint=self.exchange.phone)
        if leg_id not in self.legs:
            self.legs.append(leg_id)
        await self.exchange.switch.originate(request)
        self.exchange.asked.add(leg_id)

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        await self.exchange.switch.seat(leg_id, seat, host)

    async def beep(self, leg_id: LegId) -> None:
        await self.exchange.switch.beep(leg_id)

    async def hang_up(self, leg_id: LegId, cause: int = 16) -> None:
        await self.exchange.switch.hang_up(leg_id, cause)

    def tell(self, event: SwitchEvent) -> None:
        assert self._handlers is not None, "nothing comes before the start"
        self._handlers[0](event)

    async def serve(self, channel: CallChannel) -> None:
        assert self._handlers is not None, "nothing comes before the start"
        await self._handlers[1](channel)


ENDS = {"hangs_up": EndedBy.CALLER, "ended_by_switch": EndedBy.US, "refused": EndedBy.US}
"""What a caller's log says of the end. One who gave up has none of these: the other side never hung up."""


def script_of(called: str, caller: str, acts: tuple[Act, ...], folder: Path) -> CallerScript:
    """A caller of ``called`` who does ``acts``; what the caller says is put into ``folder``."""
    presses: list[Keys] = []
    hang_up_at_s: float | None = None
    for act in acts:
        match act:
            case Press(at_s=at_s, keys=keys):
                presses.append(Keys(at_s, keys))
            case Speak():
                pass
            case HangUp(at_s=at_s):
                hang_up_at_s = at_s
    return CallerScript(
        called,
        tuple(presses),
        hang_up_at_s=hang_up_at_s,
        caller=caller,
        stays_s=DEADLINE_S / 2,
        voice=voice_of(acts, folder / f"voice{called}.ulaw"),
    )


def voice_of(acts: tuple[Act, ...], file: Path) -> Path | None:
    """What a caller says, in ``file``: a tone while speaking, else silence; None for one who sends no audio."""
    speeches = [act for act in acts if isinstance(act, Speak)]
    if not speeches:
        return None
    sound = bytearray(b"\xff" * round(DEADLINE_S * 8_000))
    for speech in speeches:
        begin, end = round(speech.at_s * 8_000), round((speech.at_s + speech.for_s) * 8_000)
        sound[begin:end] = TONE * ((end - begin) // len(TONE))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(sound)
    return file
