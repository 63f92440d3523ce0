"""Dials that agents ask for: the agent is reserved, with the leg up, and then the person is dialled.

Nobody is abandoned so: who answers meets the agent who asked. The row stands before the switch hears of it, and the
rules are looked at inside the same transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from calls import numbers
from calls.agents.actions import ReachPerson, WaitExpired
from calls.agents.events import CallKind, CallWaiting
from calls.agents.states import AgentState
from calls.clock import Clock
from calls.errors import RecordError, UserError
from calls.ids import AgentId, AttemptId, CallId, LeadId
from calls.records.writer import Writer
from calls.settings import Settings
from console.agent_dials import DialOrder
from console.engine.dialled import DialledCalls
from console.engine.floor import FloorRunner, Offer
from console.engine.tasks import Tasks
from console.operations import Done
from dialer import requested
from dialer.attempts import Place
from dialer.campaign import Campaign
from dialer.compliance import Refused
from dialer.events import BegunAttempt

LAST = -1000
"""The priority of a place whose agent asked for nothing yet: callers go before it."""

FREE_S = 2.0
"""How long an agent who is free may take to be reserved: an event of the floor, unless a caller was faster."""

RINGS_S = 45.0
"""How long a person is dialled at most beyond the campaign's ringing time, before the core gives the attempt up."""


Came = BegunAttempt | Refused | UserError | RecordError | None
"""What came of a dial by hand; None: the agent was not there."""


@dataclass(slots=True)
class AgentDial:
    """One place on the floor, for a person who is dialled when an agent says so."""

    attempt_id: AttemptId
    offers: asyncio.Queue[Offer]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the attempt is over."""

    async def agent(self) -> AgentId | None:
        """Who is reserved, with the leg up; None: nobody in time."""
        while True:
            match await self.offers.get():
                case ReachPerson(_, agent_id):
                    return agent_id
                case WaitExpired():
                    return None


class AgentDials:
    """Every dial that an agent asks for goes through here."""

    def __init__(
        self,
        settings: Settings,
        floor: FloorRunner,
        dialled: DialledCalls,
        writer: Writer,
        tasks: Tasks,
        clock: Clock,
        new_id: Callable[[], AttemptId],
        not_ready: Callable[[], tuple[str, ...]],
    ) -> None:
        """``not_ready``: why nothing new may be dialled; empty: it may."""
        self._region = settings.engine.region
        self._floor = floor
        self._dialled = dialled
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._new_id = new_id
        self._not_ready = not_ready
        self._open: dict[AttemptId, AgentDial] = {}

    def finished(self, attempt_id: AttemptId) -> None:
        """An attempt is over; one that no agent asked for changes nothing."""
        if (dial := self._open.get(attempt_id)) is not None:
            dial.over.set()

    @contextmanager
    def place(self, campaign: Campaign, keep_s: float, only: AgentId | None = None) -> Iterator[AgentDial]:
        """A place on the floor, for ``only`` or for whoever is free; an agent is kept ``keep_s`` before the dial."""
        attempt_id = self._new_id()
        call = CallWaiting(
            call_id=CallId(attempt_id),
            queue=campaign.queue,
            kind=CallKind.INBOUND,
            priority=LAST if only is None else 0,
            max_wait_s=FREE_S,
            virtual=True,
            outward=True,
            only=only,
            keep_s=keep_s + campaign.file.ring_timeout_s + RINGS_S,
            needs=campaign.file.skills,
            switches=self._dialled.core.switches_for(campaign),
        )
        with self._floor.waiting(call) as offers:
            dial = self._open[attempt_id] = AgentDial(attempt_id, offers)
            try:
                yield dial
            finally:
                del self._open[attempt_id]

    async def begin(
        self, dial: AgentDial, campaign: Campaign, lead_id: LeadId, number: str | None, agent_id: AgentId
    ) -> BegunAttempt | Refused:
        """Begin the attempt and have it dialled, or say why not.

        Raises:
            RecordError: the store failed; nothing was begun.
            UserError: nothing is dialled now at all.
        """
        self.require_running(campaign)
        now, place = self._clock.now(), self._dialled.place(campaign, self._floor.home_of(agent_id))

        def write(connection: sqlite3.Connection) -> BegunAttempt | Refused:
            return requested.begin(connection, campaign, lead_id, number, now, place, dial.attempt_id, agent_id)

        begun = await self._writer.run(write)
        if isinstance(begun, BegunAttempt):
            self._dialled.request(campaign, begun)
        return begun

    def require_running(self, campaign: Campaign) -> None:
        """
        Raises:
            UserError: nothing may be dialled, or not by this campaign.
        """
        if reasons := self._not_ready():
            raise UserError(f"nothing is dialled now: {'; '.join(reasons)}")
        if words := self._dialled.core.waits_for(campaign):
            raise UserError(f"campaign {campaign.id} dials nobody now: {words}")

    # --- by hand ----------------------------------------------------------------------------------------------

    async def dial(self, agent_id: AgentId, order: DialOrder) -> Done:
        """Dial whom the agent says. Returns when the switch is asked, or it is known why not.

        Raises:
            UserError: the agent is not free, no campaign fits, or a rule refuses; says until when.
            NumberProblem: it is no number.
            RecordError: the store failed; nothing was begun.
        """
        campaign = self._campaign(agent_id, order.campaign)
        self.require_running(campaign)
        self._require_ready(agent_id)
        number = None if order.number is None else self._given(order.number)
        place = self._dialled.place(campaign, self._floor.home_of(agent_id))
        found = await self._writer.run(lambda db: self._find(db, campaign, order, number, place))
        if isinstance(found, Refused):
            raise UserError(requested.in_words(found))
        said: asyncio.Future[Came] = asyncio.get_running_loop().create_future()
        self._tasks.start(self._by_hand(campaign, found, number, agent_id, said), f"dial of {agent_id}")
        met = await said
        if isinstance(met, UserError | RecordError):
            raise met
        if met is None:
            raise UserError(f"agent {agent_id} was not there: nothing was dialled")
        if isinstance(met, Refused):
            raise UserError(requested.in_words(met))
        return Done(said=f"agent {agent_id}: {met.number} is dialled in call {met.attempt_id}")

    def _given(self, written: str) -> str:
        number = numbers.to_e164(written, self._region)
        if numbers.costs_extra(number):
            raise UserError(f"{number} is a premium or shared-cost service: agents dial people only")
        return number

    def _require_ready(self, agent_id: AgentId) -> None:
        view = next(each for each in self._floor.view().agents if each.agent_id == agent_id)
        if view.state is not AgentState.READY:
            raise UserError(f"agent {agent_id} is {view.state.value}: only who is ready dials")

    def _campaign(self, agent_id: AgentId, wanted: str | None) -> Campaign:
        queues = self._floor.queues_of(agent_id)
        mine = [each for each in self._dialled.core.running() if each.queue in queues and each.file.pacing.by_hand]
        if wanted is not None:
            mine = [each for each in mine if each.id == wanted]
        if len(mine) == 1:
            return mine[0]
        name = "" if wanted is None else f" {wanted}"
        if not mine:
            raise UserError(f'no campaign{name} with mode "manual" or "preview" runs for the queues of {agent_id}')
        raise UserError(f"say which campaign: {', '.join(each.id for each in mine)}")

    def _find(
        self,
        connection: sqlite3.Connection,
        campaign: Campaign,
        order: DialOrder,
        number: str | None,
        place: Place,
    ) -> LeadId | Refused:
        """The lead, if it may be dialled now as far as is known: an agent's phone does not ring in vain."""
        now = self._clock.now()
        lead_id = LeadId(order.lead or "")
        if number is not None:
            lead_id = requested.lead_of(connection, campaign, number, now)
        verdict = requested.judge(connection, campaign, lead_id, number, now, place)
        return verdict if isinstance(verdict, Refused) else lead_id

    async def _by_hand(
        self,
        campaign: Campaign,
        lead_id: LeadId,
        number: str | None,
        agent_id: AgentId,
        said: asyncio.Future[Came],
    ) -> None:
        try:
            with self.place(campaign, 0.0, only=agent_id) as dial:
                if await dial.agent() is None:
                    return
                begun = await self.begin(dial, campaign, lead_id, number, agent_id)
                said.set_result(begun)
                if isinstance(begun, BegunAttempt):
                    await dial.over.wait()
        except (UserError, RecordError) as problem:
            said.set_result(problem)
        finally:
            if not said.done():
                said.set_result(None)
