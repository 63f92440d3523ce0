"""The agents' desks: which call each agent is at, and what becomes of it when the wrap-up is over."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing

from calls.agents.actions import StateChanged
from calls.agents.states import AgentState
from calls.clock import Clock
from calls.errors import UserError
from calls.ids import AgentId, CallId, CampaignId, QueueName
from calls.people import blocked
from calls.people.callbacks import Booking
from calls.records import contacts
from calls.records.contacts import Begun
from calls.records.database import open_readonly
from calls.records.published import Event
from calls.records.store import Direction
from calls.records.writer import Writer
from calls.settings import Settings
from console.desk import (
    AnswersOrder,
    CorrectionOrder,
    Disposed,
    DispositionOrder,
    answer,
    correct,
    dispose,
    require_given,
)
from console.desk_card import AtCall, CallbackShown, Card, callbacks_of, card, tell_agent
from console.engine.books import Books
from console.engine.floor import FloorRunner
from console.operations import Done
from console.promises import MoveOrder, PromiseOrder, book, move
from dialer import dispositions

TELLS = {AgentState.RESERVED: Event.AGENT_OFFERED, AgentState.TALKING: Event.AGENT_CONNECTED}
"""What webhooks are told when an agent comes into one of these states."""

AT_CALL = (AgentState.TALKING, AgentState.WRAP_UP)
"""The states in which an agent may say what came of the call."""


class Desk:
    """Hears of every change of an agent's state, and keeps what agents say of their calls."""

    def __init__(
        self,
        settings: Settings,
        books: Books,
        floor: FloorRunner,
        writer: Writer,
        clock: Clock,
        forbidden: Callable[[str], None],
        leads_changed: Callable[[CampaignId], None],
        machines_changed: Callable[[CampaignId], None],
        booked: Callable[[], None],
        booking_of: Callable[[CallId], Booking | None],
    ) -> None:
        """``forbidden`` hears of numbers never to be dialled again, ``leads_changed`` of campaigns whose leads may
        have another state, ``machines_changed`` of those in whose records an agent's word on machines has changed,
        ``booked`` that callbacks were promised, moved or taken back; ``booking_of`` knows whose place a call is."""
        self._booking_of = booking_of
        self._booked = booked
        self._settings = settings
        self._queues = settings.queues
        self._told_of = {event for webhook in settings.webhooks for event in webhook.events}
        self._region = settings.engine.region
        self._books = books
        self._floor = floor
        self._writer = writer
        self._clock = clock
        self._forbidden = forbidden
        self._leads_changed = leads_changed
        self._machines_changed = machines_changed
        self._at: dict[AgentId, tuple[CallId, CampaignId | None]] = {}

    def hear(self, change: StateChanged) -> None:
        """An agent's state has changed."""
        if change.state in TELLS and change.call_id is not None:
            self._pop(change.agent_id, change.call_id, change.state)
        if change.state is AgentState.TALKING and change.call_id is not None:
            self._begin(change.agent_id, change.call_id)
        elif change.state not in AT_CALL and (at := self._at.pop(change.agent_id, None)) is not None:
            self._close(change.agent_id, *at)

    def recover(self) -> None:
        """Once after the start: what the last run left open and no agent is at any more counts now."""
        now = self._clock.now()
        still_open = [
            (view.call_id, view.agent_id)
            for view in self._floor.view().agents
            if view.call_id is not None and view.state in AT_CALL
        ]

        def told(changed: set[CampaignId]) -> None:
            for campaign_id in changed:
                self._leads_changed(campaign_id)

        self._books.keep(lambda db: dispositions.close_left(db, still_open, now), "wrap-ups of the last run", told)

    async def dispose(self, agent_id: AgentId, order: DispositionOrder) -> Done:
        """Keep what an agent says of a call.

        Raises:
            UserError: it is not the agent's call any more, or it does not fit.
            RecordError: the store refused.
        """
        now = self._clock.now()
        return self._told(await self._writer.run(lambda db: dispose(db, self._settings, agent_id, order, now)))

    async def correct(self, call_id: CallId, order: CorrectionOrder, who: str) -> Done:
        """Put another disposition into a record. Raises as :meth:`dispose`."""
        now = self._clock.now()
        return self._told(await self._writer.run(lambda db: correct(db, self._queues, call_id, order, who, now)))

    async def promise(self, agent_id: AgentId, order: PromiseOrder, *, any_queue: bool = True) -> Done:
        """Book a callback; without ``any_queue`` for those only that the agent serves. Raises as :meth:`dispose`."""
        serves = self._floor.queues_of(agent_id)
        now, queues = self._clock.now(), None if any_queue else serves
        done = await self._writer.run(lambda db: book(db, self._settings, agent_id, order, now, queues))
        self._booked()
        return done

    async def move(self, callback_id: int, order: MoveOrder, who: str) -> Done:
        """Move a callback. Raises as :meth:`dispose`."""
        now = self._clock.now()
        done = await self._writer.run(lambda db: move(db, self._settings, callback_id, order, who, now))
        self._booked()
        return done

    async def answer(self, agent_id: AgentId, order: AnswersOrder) -> Done:
        """Keep what a person said to the script. Raises as :meth:`dispose`."""
        now = self._clock.now()
        return await self._writer.run(lambda db: answer(db, agent_id, order, now))

    async def card(self, agent_id: AgentId, language: str | None) -> Card | None:
        """The agent's call; None where there is none.

        Raises:
            UnknownName: there is no such agent.
            RecordError: the store cannot be read.
        """
        self._floor.queues_of(agent_id)
        view = next(each for each in self._floor.view().agents if each.agent_id == agent_id)
        if view.call_id is None:
            return None
        call_id, state, now_s = view.call_id, view.state, self._clock.monotonic_s()
        at = self._at_call(agent_id, call_id, state)
        left_s = None if view.wrap_up_ends is None else max(0.0, view.wrap_up_ends - now_s)

        def read() -> Card | None:
            with closing(open_readonly(self._writer.path)) as connection:
                known = at or _of_contact(connection, agent_id, call_id, state)
                if known is None:
                    return None
                return card(connection, self._settings, known, language, now_s - view.since, left_s)

        return await asyncio.to_thread(read)

    async def promised(self, agent_id: AgentId) -> tuple[CallbackShown, ...]:
        """What an agent has promised or is to make. Raises as :meth:`card`."""
        self._floor.queues_of(agent_id)

        def read() -> tuple[CallbackShown, ...]:
            with closing(open_readonly(self._writer.path)) as connection:
                return callbacks_of(connection, self._settings, agent_id)

        return await asyncio.to_thread(read)

    async def require_given(self, agent_id: AgentId) -> None:
        """Refuse the end of a wrap-up that lacks a required disposition.

        Raises:
            UserError: it does.
        """
        if (at := self._at.get(agent_id)) is not None:
            await self._writer.run(lambda db: require_given(db, agent_id, at[0]))

    def wrap_up_left_s(self, agent_id: AgentId) -> float:
        """How long the wrap-up of an agent lasts still, in seconds.

        Raises:
            UserError: the agent is in none.
        """
        view = next((each for each in self._floor.view().agents if each.agent_id == agent_id), None)
        if view is None or view.wrap_up_ends is None:
            raise UserError(f"agent {agent_id} is in no wrap-up")
        return max(0.0, view.wrap_up_ends - self._clock.monotonic_s())

    def _told(self, disposed: Disposed) -> Done:
        if disposed.forbidden is not None:
            self._forbidden(disposed.forbidden)
        if disposed.booked:
            self._booked()
        if disposed.campaign_id is not None:
            self._leads_changed(disposed.campaign_id)
            self._machines_changed(disposed.campaign_id)
        return disposed.done

    def _at_call(self, agent_id: AgentId, call_id: CallId, state: AgentState) -> AtCall | None:
        """The agent's call, as far as it is open."""
        recorder = self._books.recorder(call_id)
        if recorder is None:
            return self._at_place(agent_id, call_id, state)
        live = recorder.live
        number = live.called if live.direction is Direction.OUTBOUND else live.caller
        spelled = blocked.spelled(number, self._region)
        queue = recorder.queue or self._only_queue(agent_id)
        return AtCall(call_id, agent_id, state.value, live.direction, spelled, queue, live.campaign_id, live.lead_id)

    def _at_place(self, agent_id: AgentId, call_id: CallId, state: AgentState) -> AtCall | None:
        """Whom the agent is to be led to, before the person is dialled."""
        booking = self._booking_of(call_id)
        if booking is None:
            return None
        number, queue = booking.number, booking.queue
        return AtCall(call_id, agent_id, state.value, Direction.OUTBOUND, number, queue, booking.origin, None)

    def _pop(self, agent_id: AgentId, call_id: CallId, state: AgentState) -> None:
        """Tell the webhooks that asked for it who is led to the agent."""
        at, now = self._at_call(agent_id, call_id, state), self._clock.now()
        if at is None or not self._told_of & {TELLS[state]}:
            return

        def write(connection: sqlite3.Connection) -> None:
            tell_agent(connection, self._settings, at, TELLS[state], now)

        self._books.keep(write, f"screen pop of {agent_id}")

    def _begin(self, agent_id: AgentId, call_id: CallId) -> None:
        at, now = self._at_call(agent_id, call_id, AgentState.TALKING), self._clock.now()
        if at is None:
            return  # it has ended, and its record is being written
        self._at[agent_id] = (call_id, at.campaign_id)

        def write(connection: sqlite3.Connection) -> None:
            offer = dispositions.offer_of(connection, self._queues, at.campaign_id, at.queue)
            required = offer.required
            begun = Begun(call_id, agent_id, at.number, at.queue, at.campaign_id, at.lead_id, required, now)
            contacts.begin(connection, begun)

        self._books.keep(write, f"talk of {agent_id}")

    def _only_queue(self, agent_id: AgentId) -> QueueName | None:
        """The queue of a call that was taken over from the run before this one, where the agent serves but one."""
        queues = self._floor.queues_of(agent_id)
        return next(iter(queues)) if len(queues) == 1 else None

    def _close(self, agent_id: AgentId, call_id: CallId, campaign_id: CampaignId | None) -> None:
        now = self._clock.now()

        def told(machine: bool) -> None:
            if campaign_id is not None:
                self._leads_changed(campaign_id)
                if machine:
                    self._machines_changed(campaign_id)

        self._books.keep(lambda db: dispositions.close(db, call_id, agent_id, now), f"wrap-up of {agent_id}", told)


def _of_contact(
    connection: sqlite3.Connection, agent_id: AgentId, call_id: CallId, state: AgentState
) -> AtCall | None:
    """A call that has ended, in the agent's wrap-up."""
    found = contacts.contact(connection, call_id, agent_id)
    if found is None:
        return None
    begun = found.begun
    direction = Direction.INBOUND if begun.campaign_id is None else Direction.OUTBOUND
    return AtCall(
        call_id, agent_id, state.value, direction, begun.number, begun.queue, begun.campaign_id, begun.lead_id
    )
