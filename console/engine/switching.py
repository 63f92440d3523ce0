"""All switches of an engine: each is connected, heard and settled by itself, whatever the others do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Protocol, assert_never

from calls import log
from calls.agents.events import SwitchBack, SwitchLost
from calls.clock import Clock
from calls.errors import RecordError
from calls.ids import BootId, CallId, LegId
from calls.records import store
from calls.records.writer import Writer
from calls.switch import events
from calls.switch.events import SwitchEvent
from calls.switch.port import CallHandler
from calls.switch.several import Switches
from console.engine.books import AGAIN_S
from console.engine.connecting import connect
from console.engine.consults import Consults
from console.engine.dialled import DialledCalls
from console.engine.floor import FloorRunner
from console.engine.phone_holds import PhoneHolds
from console.engine.restart import Restart
from console.engine.supervision import Supervision
from console.engine.talk import Meetings
from console.engine.tasks import Tasks
from console.engine.watch import Watch
from dialer import events as ev


class LegOwner(Protocol):
    """Who asks for legs, and is told of them. False: this leg is none of them."""

    def leg_rings(self, leg_id: LegId) -> bool:
        """The far end rings."""

    def leg_answered(self, leg_id: LegId) -> bool:
        """The leg is up."""

    def leg_ended(self, leg_id: LegId, cause: int | None = None) -> bool:
        """The leg is gone. ``cause``: Q.850, None where the switch did not say."""


class Switching:
    """The one that hears what the switches tell."""

    def __init__(
        self,
        switches: Switches,
        watch: Watch,
        floor: FloorRunner,
        dialled: DialledCalls,
        consults: Consults,
        meetings: Meetings,
        supervision: Supervision,
        phone_holds: PhoneHolds,
        leg_owners: tuple[LegOwner, ...],
        restart: Restart,
        writer: Writer,
        tasks: Tasks,
        clock: Clock,
        settled: Callable[[], None],
    ) -> None:
        """``settled`` is called after each switch of which it is known what was up there before the start."""
        self._switches = switches
        self._watch = watch
        self._floor = floor
        self._dialled = dialled
        self._consults = consults
        self._meetings = meetings
        self._supervision = supervision
        self._phone_holds = phone_holds
        self._leg_owners = leg_owners
        self._restart = restart
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._settled = settled
        self.boots: dict[str, BootId] = {}
        """Which run each switch said last that it is."""
        self._begun: set[str] = set()
        """The switches that were up once."""
        self._connecting: list[asyncio.Task[None]] = []

    def start(self, on_call: CallHandler) -> None:
        """Connect to all of them, and hear them from now on."""
        for name in self._switches.names:
            self._floor.tell(SwitchLost(name))
            connecting = connect(self._switches, name, self._on_event, on_call, self._watch)
            self._connecting.append(self._tasks.start(connecting, f"connect {name}"))

    def stop_connecting(self) -> None:
        """Those that are not connected yet never will be."""
        for each in self._connecting:
            each.cancel()

    def _on_event(self, name: str, event: SwitchEvent) -> None:
        match event:
            case events.SwitchUp():
                self._up(name, event)
            case events.SwitchDown(reason):
                self._watch.down[name] = reason
                self._floor.tell(SwitchLost(name))
                self._dialled.tell(ev.SwitchDown(reason, name))
            case events.LegRinging():
                if not any(each.leg_rings(event.leg_id) for each in self._leg_owners):
                    self._dialled.leg_event(event)
            case events.LegAnswered():
                if not any(each.leg_answered(event.leg_id) for each in self._leg_owners):
                    self._dialled.leg_event(event)
            case events.LegHeld(leg_id, held, has_music):
                self._phone_holds.told(leg_id, held=held, has_music=has_music)
            case events.LegEnded():
                self._phone_holds.leg_ended(event.leg_id)
                self._consults.leg_ended(event.leg_id)
                if not any(each.leg_ended(event.leg_id, event.cause) for each in self._leg_owners):
                    self._restart.call_ended(CallId(event.leg_id), event.cause)
                    self._dialled.leg_event(event)
            case events.CallConnected(call_id, recorded):
                self._meetings.connected(call_id, recorded=recorded)
            case events.CallLost(call_id, cause):
                self._restart.call_ended(call_id, cause)
            case _:
                assert_never(event)

    def _up(self, name: str, event: events.SwitchUp) -> None:
        self.boots[name] = event.boot
        self._watch.down[name] = ""
        log.get().info("switch up", switch=name, boot=event.boot, live=len(event.live))
        now, boot = self._clock.now(), event.boot
        self._tasks.start(self._write(lambda connection: store.note_boot(connection, name, boot, now)), "note boot")
        self._supervision.drop_left(event.live)
        if name not in self._begun:
            self._begun.add(name)
            self._tasks.start(self._recover(name, event), f"recover {name}")
            return
        self._floor.tell(SwitchBack(_legs(event), name))
        self._restart.switch_back(name, event)
        self._dialled.tell(ev.SwitchUp(event.boot, event.live, name))

    async def _recover(self, name: str, event: events.SwitchUp) -> None:
        while True:
            try:
                await self._restart.recover(name, event)
                break
            except RecordError as problem:
                log.get().error("what was up before the start is not settled yet", problem=str(problem), switch=name)
                await asyncio.sleep(AGAIN_S)
        self._watch.unsettled.discard(name)
        if reason := self._watch.down[name]:  # lost meanwhile, and told to a dialer that had not begun
            self._dialled.tell(ev.SwitchDown(reason, name))
        else:
            self._floor.tell(SwitchBack(_legs(event), name))
        self._settled()

    async def _write(self, work: Callable[[sqlite3.Connection], object]) -> None:
        await self._writer.run(work)


def _legs(event: events.SwitchUp) -> frozenset[LegId]:
    return frozenset(LegId(each) for each in event.live)
