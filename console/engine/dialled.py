"""Dialled calls: performs what the dialer's core asks for; leads each answered call to its agent and its record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import assert_never

from calls import failpoints, log
from calls.agents.events import CallKind, CallWaiting
from calls.agents.states import AgentState
from calls.agents.view import AgentView, FloorView
from calls.causes import Outcome
from calls.clock import Clock
from calls.errors import CommandRefused, RecordError, SwitchError, SwitchRefused
from calls.ids import AgentId, AttemptId, BootId, CallId, LegId, QueueName
from calls.records.durations import Phase
from calls.records.store import Direction, LiveCall
from calls.records.writer import Writer
from calls.settings import Trunk
from calls.switch import events, port
from calls.switch.port import CallChannel, Detected, EndedBy, Hangup, HungUp, Legs, Result
from console.engine.alarm import Alarm
from console.engine.books import Books
from console.engine.broadcast import Broadcasts
from console.engine.campaign_states import CampaignStates
from console.engine.machines import leave_message, tell_apart
from console.engine.places import Places
from console.engine.recorder import CallRecorder
from console.engine.safe_harbour import SafeHarbour
from console.engine.talk import Hears, Met, Talked, Wait
from console.engine.tasks import Tasks
from console.engine.transfers import Transfers
from dialer import attempts
from dialer import events as ev
from dialer.attempts import Place
from dialer.campaign import Campaign
from dialer.core import DialerCore

LAST_WORD_S = 2.0
"""How long the record of a call that has ended waits to hear who ended it."""

Order = ev.OfferToAgents | ev.PlaySafeHarbour | ev.TellApart | ev.LeaveMessage | ev.RunFlow | None
"""What an answered call is to do next; None: nothing more."""


@dataclass(slots=True)
class Line:
    """One attempt under way."""

    recorder: CallRecorder
    orders: asyncio.Queue[Order] = field(default_factory=asyncio.Queue)
    channel: CallChannel | None = None
    ended_by: EndedBy | None = None
    hanging_up: asyncio.Task[Result] | None = None
    """Our own hang-up, once there is one: its end may be told elsewhere before it is done."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once nobody handles the answered call any more."""


class DialledCalls:
    """The one owner of the :class:`DialerCore`."""

    def __init__(
        self,
        core: DialerCore,
        switch: Legs,
        writer: Writer,
        books: Books,
        transfers: Transfers,
        tasks: Tasks,
        clock: Clock,
        trunks: Iterable[Trunk],
        new_id: Callable[[], AttemptId],
        not_ready: Callable[[], tuple[str, ...]],
        finished: Callable[[AttemptId, bool], None],
        broadcasts: Broadcasts,
        safe_harbour: SafeHarbour,
        agents: Places,
        view_floor: Callable[[], FloorView],
    ) -> None:
        """``not_ready``: why nothing new may be dialled; empty: it may. ``finished`` hears of each attempt's end, and
        whether a person may have asked for it."""
        self._core = core
        self._switch = switch
        self._writer = writer
        self._books = books
        self._transfers = transfers
        self._tasks = tasks
        self._clock = clock
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._new_id = new_id
        self._not_ready = not_ready
        self._finished = finished
        self._broadcasts = broadcasts
        self._safe_harbour = safe_harbour
        self._agents = agents
        self._view_floor = view_floor
        self._begun: dict[AttemptId, ev.BegunAttempt] = {}
        self._lines: dict[AttemptId, Line] = {}
        self._asked: set[AttemptId] = set()
        """Attempts that a person asked for, and those of a run before this one: perhaps."""
        self._unwritten: dict[AttemptId, ev.Finish] = {}
        """Attempts that are over for the core, and whose records are not in the store yet."""
        self._boots: dict[str, BootId] = {}
        self.states = CampaignStates(writer, tasks, clock)
        self._draining = False
        self._stopped = False
        self._alarm = Alarm(clock, self._tick)
        self._shown: dict[AgentId, tuple[AgentView, ev.FloorAgent]] = {}
        """What the core was told of each agent, and of which view of the floor that was."""
        self._told: tuple[tuple[ev.FloorAgent, ...], dict[QueueName, int], dict[QueueName, frozenset[str]]] | None
        self._told = None

    @property
    def core(self) -> DialerCore:
        """For its view."""
        return self._core

    def tell(self, event: ev.Event) -> None:
        """Let the core know of ``event`` and do what it asks for; after :meth:`stop` nothing.

        Raises:
            CampaignError: a person asked for what the campaign's state does not allow.
        """
        if self._stopped:
            return
        if isinstance(event, ev.SwitchUp | ev.Recovered):
            self._boots[event.switch] = event.boot
        if isinstance(event, ev.CampaignStarted | ev.AnswersCounted):
            event = self._with_unwritten(event)
        if isinstance(event, ev.CampaignStarted):
            self._tell_floor()  # what happened there while no campaign was on was not told
        self._perform(self._core.handle(event, self._clock.monotonic_s()))

    def _with_unwritten(self, event: ev.CampaignStarted | ev.AnswersCounted) -> ev.Event:
        """What the store has counted, and those who have answered since and are not written down yet. Who counts
        tells at once: the writer's answers come in the order of its commits."""
        counted = event.campaign_id if isinstance(event, ev.AnswersCounted) else event.campaign.campaign_id
        left = [each for each in self._unwritten.values() if each.campaign.campaign_id == counted and each.counted]
        abandoned = sum(each.abandoned for each in left)
        return replace(event, answered=event.answered + len(left), abandoned=event.abandoned + abandoned)

    def floor_changed(self) -> None:
        """The floor has changed. While there are only callers nobody looks at it: with thousands who wait each look
        is some milliseconds."""
        if self._core.wants_floor:
            self._tell_floor()

    def _tell_floor(self) -> None:
        view = self._view_floor()
        agents = tuple(self._seen(agent) for agent in view.agents if agent.profile.takes_dialled)
        inbound = {queue.name: queue.waiting_inbound for queue in view.queues if queue.waiting_inbound}
        on = {queue.name: queue.inbound_on for queue in view.queues if queue.inbound_on}
        if self._stopped or (told := (agents, inbound, on)) == self._told:
            return
        self._told = told
        self.tell(ev.AgentsChanged(*told))

    def _seen(self, agent: AgentView) -> ev.FloorAgent:
        """The agent for the core: the same value as last time where nothing has changed, which it passes over."""
        known = self._shown.get(agent.agent_id)
        if known is None or known[0] is not agent:
            seen = ev.FloorAgent(
                agent_id=agent.agent_id,
                queues=agent.profile.queues,
                state=agent.state,
                since_s=agent.since,
                free=agent.is_free,
                call_id=agent.call_id,
                skills=agent.profile.skills,
                leaving=agent.wanted is not AgentState.READY,
                switch=agent.profile.switch,
                leaving_at_s=agent.leaves_at,
            )
            known = self._shown[agent.agent_id] = (agent, seen)
        return known[1]

    def has_trunks(self, campaign: Campaign) -> bool:
        """True where the settings have the campaign's trunks."""
        return all(trunk in self._trunks for trunk in campaign.file.ways)

    def place(self, campaign: Campaign, switch: str | None = None) -> Place:
        """Where an attempt of the campaign would be dialled now; ``switch``: where its agent is reached, if it has
        one already."""
        rooms = self._core.open_ways(campaign, self._clock.monotonic_s(), switch)
        first = rooms[0].trunk
        return Place("", BootId(""), first, rooms, self._boots).over(first)

    def request(self, campaign: Campaign, begun: ev.BegunAttempt) -> None:
        """Dial a person who asked for it; the attempt is committed. Its end is told by ``finished``."""
        failpoints.hit("attempt.after_commit")
        self._begun[begun.attempt_id] = begun
        self._asked.add(begun.attempt_id)
        self.tell(ev.RequestBegun(campaign, begun))

    def adopt(self, attempt: ev.OpenAttempt, recorder: CallRecorder | None) -> None:
        """Take over an attempt of our last run that is still up; ``recorder``: of one that was answered."""
        begun = attempt.begun
        self._begun[begun.attempt_id] = begun
        self._asked.add(begun.attempt_id)
        if recorder is None:
            live = self._live(begun, begun.caller_id, attempt.intended_at or self._clock.now())
            recorder = CallRecorder(live, self._clock, Phase.RING, adopted=True)
            recorder.note_adopted({"trunk": begun.trunk, "try": begun.try_number})
            self._books.show(recorder)
        recorder.may_record, recorder.untold = begun.may_record, begun.untold
        recorder.told_on_recording = begun.told_on_recording
        self._lines[begun.attempt_id] = Line(recorder)

    def leg_event(self, event: events.LegRinging | events.LegAnswered | events.LegEnded) -> None:
        """An event of an attempt's leg; one that the core does not know changes nothing."""
        attempt_id = AttemptId(event.leg_id)
        match event:
            case events.LegRinging():
                self.tell(ev.LegRinging(attempt_id))
            case events.LegAnswered():
                if (line := self._lines.get(attempt_id)) is not None and line.recorder.phase is Phase.RING:
                    line.recorder.note_answer()
                    line.recorder.enter(Phase.WAIT)
                self.tell(ev.LegAnswered(attempt_id, event.unseen))
            case events.LegEnded(_, cause, timed_out, never_existed, unseen):
                self.tell(ev.LegEnded(attempt_id, cause, timed_out, never_existed, unseen))

    def drain(self) -> None:
        """Dial nothing more. The store keeps the campaigns' states: what ran goes on after a restart."""
        self._draining = True
        for campaign in self._core.view(self._clock.monotonic_s()).campaigns:
            if campaign.state in (ev.CampaignState.RUNNING, ev.CampaignState.PAUSED):
                self.tell(ev.CampaignDraining(campaign.campaign_id))

    def stop(self) -> None:
        """Decide no more: what is up stays so, for the next run to find."""
        self._stopped = True
        self._alarm.cancel()

    # --- what the core asks for -------------------------------------------------------------------------------

    def _perform(self, actions: list[ev.Action]) -> None:
        for action in actions:
            match action:
                case ev.BeginAttempts():
                    self._tasks.start(self._begin(action), f"begin {action.campaign.id}")
                case ev.ReserveAgent():
                    self._agents.keep(action, partial(self.tell, ev.AgentReserved(action.attempt_id)))
                case ev.PlaceCall():
                    self._place(action)
                case ev.MarkLive(attempt_id):
                    if (line := self._lines.get(attempt_id)) is not None:
                        self._books.begin(line.recorder, partial(attempts.mark_live, attempt_id=attempt_id))
                case ev.OfferToAgents() | ev.PlaySafeHarbour() | ev.TellApart() | ev.LeaveMessage() | ev.RunFlow():
                    if (line := self._lines.get(action.attempt_id)) is not None:
                        line.orders.put_nowait(action)
                case ev.HangUp():
                    self._tasks.start(self._hang_up(action), f"hang up {action.attempt_id}")
                case ev.Finish():
                    self._unwritten[action.attempt_id] = action
                    self._tasks.start(self._finish(action), f"finish {action.attempt_id}")
                case ev.CampaignChanged():
                    if not self._draining:
                        self.states.keep(action)
                case _:
                    assert_never(action)
        self._alarm.set(self._core.next_timer())

    def look_again(self) -> None:
        """Something that the core holds has changed without an event."""
        if not self._stopped:
            self._perform(self._core.tick(self._clock.monotonic_s()))

    def _tick(self) -> None:
        self._perform(self._core.tick(self._clock.monotonic_s()))

    async def _begin(self, action: ev.BeginAttempts) -> None:
        campaign = action.campaign
        campaign_id = campaign.campaign_id
        await self.states.kept(campaign_id)
        if reasons := self._not_ready():
            self.tell(ev.BeginFailed(campaign_id, "; ".join(reasons)))
            return
        place, now = self.place(campaign), self._clock.now()
        try:
            begun = await attempts.begin(
                self._writer,
                campaign,
                action.up_to,
                now,
                place,
                self._new_id,
                action.decision,
                action.rooms,
                action.shares,
            )
        except RecordError as problem:
            log.get().error("no attempts begun", campaign=campaign_id, problem=str(problem))
            self.tell(ev.BeginFailed(campaign_id, str(problem)))
        except Exception as problem:  # noqa: BLE001 - the campaign's supervisor: unheard, it would dial no more
            log.get().error("no attempts begun: a fault", campaign=campaign_id, exc_info=problem)
            self.tell(ev.BeginFailed(campaign_id, f"{type(problem).__name__}, see the engine's log", fault=True))
        else:
            self._begun |= {each.attempt_id: each for each in begun.attempts}
            self.tell(ev.AttemptsBegun(campaign_id, begun))

    def _place(self, action: ev.PlaceCall) -> None:
        dial = action.dial
        begun = self._begun[dial.attempt_id]
        recorder = self._recorder(begun, dial.caller_id, self._clock.now())
        recorder.note("dialled", {"trunk": dial.trunk, "try": begun.try_number, "detect": dial.detect_machine})
        self._books.show(recorder)
        self._lines[dial.attempt_id] = Line(recorder)
        self._tasks.start(self._originate(dial), f"dial {dial.attempt_id}")

    def _recorder(self, begun: ev.BegunAttempt, caller_id: str, now: datetime) -> CallRecorder:
        recorder = CallRecorder(self._live(begun, caller_id, now), self._clock, Phase.RING)
        recorder.may_record, recorder.untold = begun.may_record, begun.untold
        recorder.told_on_recording = begun.told_on_recording
        return recorder

    def _live(self, begun: ev.BegunAttempt, caller_id: str, started_at: datetime) -> LiveCall:
        return LiveCall(
            call_id=CallId(begun.attempt_id),
            direction=Direction.OUTBOUND,
            switch=(switch := self._core.switch_of(begun.trunk)),
            boot_id=self._boots.get(switch, BootId("")),
            channel=begun.attempt_id,
            caller=caller_id,
            called=begun.number,
            started_at=started_at,
            campaign_id=begun.campaign_id,
            lead_id=begun.lead_id,
        )

    async def _originate(self, dial: port.DialAttempt) -> None:
        """Ask the switch once. An answer that does not come says nothing: the call may be there."""
        try:
            await self._switch.originate(dial)
        except (SwitchRefused, CommandRefused) as problem:
            log.get().warning("dial refused", call_id=dial.attempt_id, problem=str(problem))
            self.tell(ev.LegEnded(dial.attempt_id, None, never_existed=True))
        except SwitchError as problem:
            log.get().warning("dial unanswered", call_id=dial.attempt_id, problem=str(problem))
        else:
            failpoints.hit("attempt.after_response")

    async def _hang_up(self, action: ev.HangUp) -> None:
        line = self._lines.get(action.attempt_id)
        try:
            if line is not None and line.channel is not None:
                line.hanging_up = asyncio.ensure_future(line.channel.perform(Hangup(action.cause)))
                met = await line.hanging_up
                line.ended_by = met.by if isinstance(met, HungUp) else EndedBy.US
            else:
                await self._switch.hang_up(LegId(action.attempt_id), action.cause)
        except SwitchError as problem:
            log.get().warning("not hung up", call_id=action.attempt_id, problem=str(problem))

    async def _finish(self, action: ev.Finish) -> None:
        """Write the record, once the call's handler has said who ended it."""
        begun = self._begun.pop(action.attempt_id)
        self._agents.give_up(action.attempt_id)
        line = self._lines.pop(action.attempt_id, None)
        if line is None:  # cancelled before the switch heard of it
            line = Line(self._recorder(begun, begun.caller_id, self._clock.now()))
        line.orders.put_nowait(None)
        if line.channel is not None:
            try:
                async with asyncio.timeout(LAST_WORD_S):
                    await line.left.wait()
            except TimeoutError:
                log.get().warning("the call's handler goes on after its end", call_id=action.attempt_id)
        recorder = line.recorder
        if recorder.abandoned:  # left the queue of a flow: nobody else sets it before this
            before, action = action, replace(action, outcome=Outcome.ABANDONED, abandoned=True, counted=True)
            self._unwritten[action.attempt_id] = action
            if not before.abandoned:
                self.tell(ev.FoundAbandoned(before, self._core.switch_of(begun.trunk)))
        recorder.abandoned = action.abandoned
        recorder.connect_s = action.connect_s
        recorder.detected = action.detected
        if action.doubt:
            recorder.note("doubt", {"because": action.doubt, "counts_as": "abandoned"})
        now = self._clock.now()
        self._books.finish(
            recorder,
            action.outcome,
            action.cause,
            line.ended_by,
            lambda connection, record, events: attempts.finish_attempt(connection, action, record, events, now),
            partial(self._written, action.attempt_id),
        )
        asked = action.attempt_id in self._asked
        self._asked.discard(action.attempt_id)
        self._finished(action.attempt_id, asked)

    def _written(self, attempt_id: AttemptId) -> None:
        del self._unwritten[attempt_id]

    # --- one answered call ------------------------------------------------------------------------------------

    async def run(self, channel: CallChannel) -> None:
        """One answered call, from its arrival to its end. What it does next is the core's word each time."""
        attempt_id = channel.info.attempt_id
        line = self._lines.get(attempt_id) if attempt_id is not None else None
        if line is None or attempt_id is None:
            log.get().warning("an answered call that nobody waits for", call_id=channel.info.call_id)
            await channel.perform(Hangup())
            return
        with log.bound(channel.info.call_id):
            line.channel = channel
            line.recorder.note_answer()
            line.recorder.note("arrived", {"detected": channel.info.detected.value})
            self.tell(ev.CallArrived(attempt_id, channel.info.detected))
            try:
                await self._follow_orders(channel, line, attempt_id)
                if line.ended_by is None:  # it ended while nothing was performed: the channel knows by whom
                    met = await (line.hanging_up or channel.perform(Hangup()))
                    line.ended_by = met.by if isinstance(met, HungUp) else None
            except SwitchError as problem:
                log.get().error("the switch failed under a call", problem=str(problem))
                if line.recorder.phase is not Phase.TALK:  # nobody leads it any more: not a silence of a minute
                    reached = line.recorder.talks > 0 or line.recorder.detected is Detected.MACHINE
                    line.recorder.abandoned = line.recorder.abandoned or not reached
                    self._tasks.start(self._give_up(attempt_id), f"give up {attempt_id}")
            finally:
                line.left.set()

    async def _give_up(self, attempt_id: AttemptId) -> None:
        """End a call that nobody leads any more, by its leg."""
        try:
            await self._switch.hang_up(LegId(attempt_id))
        except SwitchError as problem:
            log.get().warning("not hung up", call_id=attempt_id, problem=str(problem))

    async def _follow_orders(self, channel: CallChannel, line: Line, attempt_id: AttemptId) -> None:
        while (order := await line.orders.get()) is not None:
            match order:
                case ev.OfferToAgents():
                    met = await self._offer(channel, line, order)
                    if isinstance(met, HungUp):
                        line.ended_by = met.by
                        return
                    if isinstance(met, Talked) or line.recorder.talks > 0:  # also where a transfer led to nobody
                        self.tell(ev.TalkEnded(attempt_id))
                case ev.PlaySafeHarbour() if line.recorder.agent_id is not None:
                    continue  # the agent was faster after all
                case ev.PlaySafeHarbour() | ev.LeaveMessage():
                    gone = await self._message(channel, line.recorder, order)
                    if gone is not None:
                        line.ended_by = gone.by
                        return
                    self.tell(ev.MessagePlayed(attempt_id))
                case ev.TellApart():
                    found = await tell_apart(channel, line.recorder)
                    if found is not None:
                        self.tell(ev.CallArrived(attempt_id, found))
                case ev.RunFlow(_, flow):
                    gone = await self._broadcasts.lead(channel, line.recorder, flow)
                    line.ended_by = gone.by
                    self.tell(ev.FlowOver(attempt_id))
                    return
                case _:
                    assert_never(order)

    async def _message(
        self, channel: CallChannel, recorder: CallRecorder, order: ev.PlaySafeHarbour | ev.LeaveMessage
    ) -> HungUp | None:
        match order:
            case ev.PlaySafeHarbour(_, prompt, opt_out_key):
                return await self._safe_harbour.play(channel, recorder, prompt, opt_out_key)
            case ev.LeaveMessage(_, prompt):
                return await leave_message(channel, recorder, prompt)

    async def _offer(self, channel: CallChannel, line: Line, order: ev.OfferToAgents) -> Met:
        left_s = max(0.0, order.deadline_s - self._clock.monotonic_s())
        call_id = CallId(order.attempt_id)
        person = CallWaiting(call_id, QueueName(order.queue), CallKind.DIALLED, max_wait_s=left_s, needs=order.skills)
        wait = Wait(person, left_s, "default", record=order.record, notice=order.notice)

        def offer(agent_id: AgentId) -> None:
            line.recorder.note("agent_offered", {"agent": agent_id})

        def talk(agent_id: AgentId) -> None:
            line.recorder.note("agent_connected", {"agent": agent_id})
            self._books.note_agent(line.recorder)
            self.tell(ev.Connected(order.attempt_id, agent_id))

        def passed(_: AgentId) -> None:
            self._books.note_agent(line.recorder)

        return await self._transfers.meet(channel, line.recorder, wait, Hears(offer, talk, passed))
