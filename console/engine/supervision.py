"""Supervisors who listen to a talk, whisper to its agent, or join it.

A supervisor's phone is rung as a leg of ours and, once answered, put beside the agent's. It ends with the talk. While
the agent has the caller on hold it stays by the agent and who is asked; the music is for the caller alone. It ends
when the caller is handed on. Who listened to which call, when and how is in the audit before the phone rings, and in
the record of the call.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from calls import log
from calls.clock import Clock
from calls.errors import CommandRefused, SwitchError, SwitchRefused, UserError
from calls.floor_settings import SupervisorSettings
from calls.ids import AgentId, CallId, LegId
from calls.records.store import add_audit
from calls.records.writer import Writer
from calls.switch.port import Legs, RingAgent, Seat
from console.engine.talk import LiveTalk, Meetings
from console.engine.tasks import Tasks

LEG = "watch-"
"""How the ids of supervisors' legs begin: those that a run of ours before this one left are known by it."""

RING_S = 20.0
"""How long a supervisor's phone rings."""

MASKED = "a card number is being said there: nobody listens until that is over"


@dataclass(slots=True)
class Watch:
    """One supervisor and the talk that the phone is rung for."""

    supervisor: SupervisorSettings
    leg_id: LegId
    talk: LiveTalk
    seat: Seat
    who: str
    since_s: float
    sits: bool = False
    """The supervisor is beside the talk."""
    ends: bool = False
    """It is let go."""
    moving: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class WatchView:
    """One supervisor now. ``since_s``: on the engine's clock."""

    supervisor: str
    call_id: CallId
    agent_id: AgentId
    mode: str
    sits: bool
    since_s: float


class Supervision:
    """All supervisors of one engine. No call is listened to while a card number is said in it."""

    def __init__(
        self,
        supervisors: Iterable[SupervisorSettings],
        switch: Legs,
        meetings: Meetings,
        writer: Writer,
        tasks: Tasks,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._supervisors = {each.id: each for each in supervisors}
        self._switch = switch
        self._meetings = meetings
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._new_id = new_id
        self._watches: dict[LegId, Watch] = {}
        self._holds: dict[CallId, LiveTalk] = {}
        """The last talks of those who are on hold now."""

    def view(self) -> tuple[WatchView, ...]:
        """Who listens to whom."""
        return tuple(
            WatchView(
                each.supervisor.id, each.talk.call_id, each.talk.agent_id, each.seat.value, each.sits, each.since_s
            )
            for each in self._watches.values()
        )

    # --- what supervisors ask for -----------------------------------------------------------------------------

    async def supervise(self, call_id: CallId, supervisor_id: str, seat: Seat, who: str) -> str:
        """Ring the supervisor's phone for the talk in ``call_id``; one who is there already changes what it is.
        What was done, in words.

        Raises:
            UserError: no such supervisor, no talk in that call, or it must not be heard now.
            RecordError: the audit could not be written: nothing was done.
            SwitchError: the switch did not take it.
        """
        supervisor = self._supervisor(supervisor_id)
        talk = self._heard(call_id)
        watch = self._watch_of(supervisor_id)
        if supervisor.switch != talk.recorder.live.switch:
            raise UserError(
                f"the phone of {supervisor_id} is on switch {supervisor.switch}, the talk on"
                f" {talk.recorder.live.switch}: a supervisor hears the talks of one switch"
            )
        if watch is not None and watch.talk is not talk:
            raise UserError(f"{supervisor_id} is beside call {watch.talk.call_id}: leave that first")
        await self._audit(seat.value, supervisor_id, talk, who)
        if watch is None:
            return await self._ring(supervisor, talk, seat, who)
        watch.seat, watch.who = seat, who
        if watch.sits:
            await self._sit(watch)
        return f"{supervisor_id}: {seat.value}"

    async def leave(self, supervisor_id: str, who: str) -> str:
        """End what the supervisor listens to. What was done, in words.

        Raises:
            UserError: nothing is listened to.
            SwitchError: the switch did not take it.
        """
        self._supervisor(supervisor_id)
        watch = self._watch_of(supervisor_id)
        if watch is None:
            raise UserError(f"{supervisor_id} listens to nobody")
        await self._switch.hang_up(watch.leg_id)
        await self._audit("leave", supervisor_id, watch.talk, who)
        return f"{supervisor_id}: left"

    # --- what happens ------------------------------------------------------------------------------------------

    def leg_answered(self, leg_id: LegId) -> bool:
        """A supervisor's phone was answered. False where the leg is no supervisor's."""
        watch = self._watches.get(leg_id)
        if watch is not None:
            self._tasks.start(self._begin(watch), f"supervisor {watch.supervisor.id}")
        return watch is not None

    def leg_rings(self, leg_id: LegId) -> bool:
        """Nothing is done for it. False where the leg is no supervisor's."""
        return leg_id in self._watches

    def leg_ended(self, leg_id: LegId, cause: int | None = None) -> bool:
        """A supervisor's leg is gone. False where it is none."""
        watch = self._watches.pop(leg_id, None)
        if watch is not None and watch.sits:
            watch.talk.recorder.note("supervision_ended", {"supervisor": watch.supervisor.id})
        return watch is not None

    def talk_began(self, talk: LiveTalk) -> None:
        """Who was beside its agent during a hold hears it; who was beside another one is let go."""
        self._holds.pop(talk.call_id, None)
        for watch in self._beside(talk.call_id):
            if watch.talk.leg_id == talk.leg_id:
                watch.talk = talk
            else:
                self._let_go(watch)

    def talk_over(self, talk: LiveTalk, *, holds: bool) -> None:
        """Who listened to it is let go, but where the agent ``holds`` the caller."""
        if holds:
            self._holds[talk.call_id] = talk
            return
        for watch in self._beside(talk.call_id):
            self._let_go(watch)

    def hold_over(self, call_id: CallId) -> None:
        """The agent talks to the caller no more: who was beside them is let go."""
        self._holds.pop(call_id, None)
        for watch in self._beside(call_id):
            if not self._goes_on(watch):
                self._let_go(watch)

    async def mask(self, call_id: CallId) -> None:
        """A card number is about to be said: whoever listens hears nothing when this returns. The phone stays up."""
        await asyncio.gather(*(self._move(watch, Seat.OWN) for watch in self._beside(call_id)))

    async def unmask(self, call_id: CallId) -> None:
        """It is over: who listened before hears the talk again."""
        await asyncio.gather(*(self._move(watch, watch.seat) for watch in self._beside(call_id) if watch.sits))

    def drop_left(self, live: Iterable[str]) -> None:
        """Hang up what a run of ours before this one left: the legs of supervisors among ``live``."""
        for leg_id in live:
            if leg_id.startswith(LEG) and leg_id not in self._watches:
                self._tasks.start(self._drop(LegId(leg_id)), f"drop {leg_id}")

    # --- inside ------------------------------------------------------------------------------------------------

    async def _ring(self, supervisor: SupervisorSettings, talk: LiveTalk, seat: Seat, who: str) -> str:
        leg_id = LegId(f"{LEG}{self._new_id()}")
        watch = Watch(supervisor, leg_id, talk, seat, who, self._clock.monotonic_s())
        self._watches[leg_id] = watch
        try:
            await self._switch.originate(
                RingAgent(leg_id, supervisor.endpoint, "", RING_S, talk.recorder.live.switch)
            )
        except (SwitchRefused, CommandRefused):
            self._watches.pop(leg_id, None)
            raise
        return f"the phone of {supervisor.id} rings: {seat.value}"

    async def _begin(self, watch: Watch) -> None:
        """The phone was answered: beside the talk, if that still goes on."""
        if not self._goes_on(watch):
            await self._drop(watch.leg_id)
            return
        if watch.supervisor.announce:
            try:
                await self._switch.beep(watch.talk.leg_id)
            except SwitchError as problem:  # who must be told is not listened to untold
                log.get().error("an agent could not be told of a supervisor", problem=str(problem))
                await self._drop(watch.leg_id)
                return
        watch.sits = True
        await self._sit(watch)

    async def _sit(self, watch: Watch) -> None:
        if await self._move(watch, watch.seat):
            detail = {"supervisor": watch.supervisor.id, "mode": watch.seat.value, "who": watch.who}
            watch.talk.recorder.note("supervised", detail)

    async def _move(self, watch: Watch, seat: Seat) -> bool:
        """Put the leg there, one move after another; whether it is. One that cannot be put there is ended."""
        async with watch.moving:
            if watch.leg_id not in self._watches or not watch.sits:
                return False
            if watch.talk.recorder.masked:
                seat = Seat.OWN
            host = None if seat is Seat.OWN else watch.talk.leg_id
            try:
                await self._switch.seat(watch.leg_id, seat, host)
            except SwitchError as problem:
                log.get().error("a supervisor's leg could not be moved", mode=seat.value, problem=str(problem))
                await self._drop(watch.leg_id)
                return False
        if not self._goes_on(watch):
            await self._drop(watch.leg_id)
        return True

    def _let_go(self, watch: Watch) -> None:
        if not watch.ends:
            watch.ends = True
            self._tasks.start(self._drop(watch.leg_id), f"supervisor {watch.supervisor.id}")

    async def _drop(self, leg_id: LegId) -> None:
        try:
            await self._switch.hang_up(leg_id)
        except SwitchError as problem:
            log.get().error("a supervisor's leg was not ended", leg=leg_id, problem=str(problem))

    async def _audit(self, what: str, supervisor_id: str, talk: LiveTalk, who: str) -> None:
        detail = {"supervisor": supervisor_id, "call": talk.call_id, "agent": talk.agent_id}
        now = self._clock.now()

        def write(connection: sqlite3.Connection) -> None:
            add_audit(connection, now, who, f"supervise.{what}", detail)

        await self._writer.run(write)

    def _heard(self, call_id: CallId) -> LiveTalk:
        talk = self._meetings.talk_of(call_id) or self._holds.get(call_id)
        if talk is None:
            raise UserError(f"no agent talks in call {call_id} that this run of the engine has led there")
        if talk.recorder.masked:
            raise UserError(MASKED)
        return talk

    def _supervisor(self, supervisor_id: str) -> SupervisorSettings:
        if supervisor_id not in self._supervisors:
            known = ", ".join(self._supervisors) or "none: add [[supervisors]]"
            raise UserError(f"no supervisor {supervisor_id!r} in the settings: there are {known}")
        return self._supervisors[supervisor_id]

    def _watch_of(self, supervisor_id: str) -> Watch | None:
        return next((each for each in self._watches.values() if each.supervisor.id == supervisor_id), None)

    def _beside(self, call_id: CallId) -> list[Watch]:
        return [each for each in self._watches.values() if each.talk.call_id == call_id]

    def _goes_on(self, watch: Watch) -> bool:
        call_id = watch.talk.call_id
        return watch.talk in (self._meetings.talk_of(call_id), self._holds.get(call_id))
