"""The agents' desks: which call each agent is at, and what becomes of it when the wrap-up is over."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from calls.agents.actions import StateChanged
from calls.agents.states import AgentState
from calls.clock import Clock
from calls.errors import UserError
from calls.ids import AgentId, CallId, CampaignId, QueueName
from calls.people import blocked
from calls.records import contacts
from calls.records.contacts import Begun
from calls.records.store import Direction
from calls.records.writer import Writer
from calls.settings import Settings
from console.desk import CorrectionOrder, Disposed, DispositionOrder, correct, dispose, require_given
from console.engine.books import Books
from console.engine.floor import FloorRunner
from console.operations import Done
from dialer import dispositions

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
    ) -> None:
        """``forbidden`` hears of numbers never to be dialled again, ``leads_changed`` of campaigns whose leads may
        have another state."""
        self._queues = settings.queues
        self._region = settings.engine.region
        self._books = books
        self._floor = floor
        self._writer = writer
        self._clock = clock
        self._forbidden = forbidden
        self._leads_changed = leads_changed
        self._at: dict[AgentId, tuple[CallId, CampaignId | None]] = {}

    def hear(self, change: StateChanged) -> None:
        """An agent's state has changed."""
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
        return self._told(await self._writer.run(lambda db: dispose(db, self._queues, agent_id, order, now)))

    async def correct(self, call_id: CallId, order: CorrectionOrder, who: str) -> Done:
        """Put another disposition into a record. Raises as :meth:`dispose`."""
        now = self._clock.now()
        return self._told(await self._writer.run(lambda db: correct(db, self._queues, call_id, order, who, now)))

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
        if disposed.campaign_id is not None:
            self._leads_changed(disposed.campaign_id)
        return disposed.done

    def _begin(self, agent_id: AgentId, call_id: CallId) -> None:
        recorder = self._books.recorder(call_id)
        if recorder is None:
            return  # it has ended, and its record is being written
        live, now = recorder.live, self._clock.now()
        queue = recorder.queue or self._only_queue(agent_id)
        number = live.called if live.direction is Direction.OUTBOUND else live.caller
        self._at[agent_id] = (call_id, live.campaign_id)

        def write(connection: sqlite3.Connection) -> None:
            offer = dispositions.offer_of(connection, self._queues, live.campaign_id, queue)
            spelled = blocked.spelled(number, self._region)
            begun = Begun(call_id, agent_id, spelled, queue, live.campaign_id, live.lead_id, offer.required, now)
            contacts.begin(connection, begun)

        self._books.keep(write, f"talk of {agent_id}")

    def _only_queue(self, agent_id: AgentId) -> QueueName | None:
        """The queue of a call that was taken over from the run before this one, where the agent serves but one."""
        queues = self._floor.queues_of(agent_id)
        return next(iter(queues)) if len(queues) == 1 else None

    def _close(self, agent_id: AgentId, call_id: CallId, campaign_id: CampaignId | None) -> None:
        now = self._clock.now()

        def told(_: object) -> None:
            if campaign_id is not None:
                self._leads_changed(campaign_id)

        self._books.keep(lambda db: dispositions.close(db, call_id, agent_id, now), f"wrap-up of {agent_id}", told)
