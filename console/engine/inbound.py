"""Inbound calls: each is led through its flow, to an agent where it asks for one, and to its record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from calls import log
from calls.agents.events import CallKind, CallWaiting
from calls.agents.floor import UnknownName
from calls.causes import Outcome
from calls.clock import Clock
from calls.errors import CallwrightError, RemoteProtocolError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import AgentId, FlowId, QueueName
from calls.records.durations import Phase
from calls.records.store import Direction, LiveCall
from calls.settings import QueueSettings, Settings
from calls.switch.port import (
    Answer,
    CallChannel,
    Done,
    EndedBy,
    Hangup,
    HungUp,
    Play,
    Prompt,
    Transferred,
)
from console.engine.books import Books
from console.engine.floor import FloorRunner
from console.engine.recorder import CallRecorder
from console.engine.talk import Hears, Meetings, NobodyCame, Talked, Wait
from ivr.commands import (
    AgentConnected,
    AgentOffered,
    Command,
    Enqueue,
    NobodyThere,
    QueueClosed,
    Result,
    Served,
    WaitExpired,
)
from ivr.flow import SORRY, Flow
from ivr.session import FAULT, Context, Finished, Session
from ivr.trail import Instant, Kind

UNALLOCATED = 1
"""Q.850: what a caller is told who called a number that no flow takes."""

ANYTHING = "*"

LOST = (Kind.FAULT, Kind.STEP_LIMIT)
"""What in a trail is a fault of the flow or of ours, and is logged."""


class Trail:
    """Takes what a session has noted into the call's record, each once."""

    def __init__(self, recorder: CallRecorder, session: Session) -> None:
        self._recorder = recorder
        self._session = session
        self._kept = 0
        self._began_s = recorder.began_s

    def keep(self) -> None:
        """Take what is new."""
        trail = self._session.trail
        for event in trail[self._kept :]:
            self._recorder.keep(event.at, self._began_s + event.since_s, event.kind.value, event.detail)
            if event.kind in LOST:
                log.get().error("the flow failed", kind=event.kind.value, **event.detail)
        self._kept = len(trail)


class InboundCalls:
    """Runs every inbound call of the engine."""

    def __init__(
        self,
        settings: Settings,
        flows: Mapping[FlowId, Flow],
        books: Books,
        floor: FloorRunner,
        meetings: Meetings,
        clock: Clock,
        is_closed: Callable[[], bool],
        draw: Callable[[], float],
    ) -> None:
        """``is_closed``: no caller is put into a queue any more, as the engine is being drained. ``draw`` gives a
        number in [0, 1) at random: what the splits of one call go by."""

        self._routes = {route.called: FlowId(route.flow) for route in settings.inbound}
        self._queues = {queue.name: queue for queue in settings.queues}
        self._flows = flows
        self._books = books
        self._floor = floor
        self._meetings = meetings
        self._clock = clock
        self._is_closed = is_closed
        self._draw = draw

    def flow_for(self, called: str) -> Flow | None:
        """The flow that takes calls to ``called``: by its number, with or without ``+``, else the one for all."""
        for route in (called, called.removeprefix("+"), ANYTHING):
            if route in self._routes:
                return self._flows[self._routes[route]]
        return None

    async def run(self, channel: CallChannel) -> None:
        """One call, from its arrival to its record."""
        info = channel.info
        flow = self.flow_for(info.called)
        live = LiveCall(
            call_id=info.call_id,
            direction=Direction.INBOUND,
            switch=info.switch,
            boot_id=info.boot,
            channel=info.channel,
            caller=info.caller,
            called=info.called,
            started_at=self._clock.now(),
            flow=flow.id if flow else None,
            flow_version=flow.version if flow else None,
        )
        recorder = CallRecorder(live, self._clock, Phase.MENU)
        with self._books.open(recorder) as book, log.bound(info.call_id):
            if flow is None:
                log.get().warning("no flow takes this number", called=info.called)
                await channel.perform(Hangup(UNALLOCATED))
                book.close(Outcome.REJECTED, UNALLOCATED, EndedBy.US)
                return
            session = Session(flow)
            trail = Trail(recorder, session)
            failed = False
            try:
                gone = await self._converse(channel, recorder, session, trail)
            except (SwitchUnavailable, SwitchTimeout, SwitchRefused, RemoteProtocolError) as problem:
                log.get().error("the switch failed under a call", problem=str(problem))
                gone = HungUp(EndedBy.SWITCH)
            except Exception as problem:  # noqa: BLE001 - the supervisor of one call
                log.get().error("a call failed", exc_info=problem)
                recorder.note(Kind.FAULT.value, {"error": f"{type(problem).__name__}: {problem}"})
                failed = True
                gone = await _sorry(channel, Prompt(SORRY, flow.language))
            finished = session.hangup(self._instant(), gone.by, gone.cause)
            trail.keep()
            recorder.last_node = finished.last_node
            failed = failed or finished.outcome == FAULT
            book.close(Outcome.FAILED if failed else _outcome(recorder, gone), gone.cause, gone.by)

    async def _converse(self, channel: CallChannel, recorder: CallRecorder, session: Session, trail: Trail) -> HungUp:
        """Perform what the session asks for until it has finished; how the call ended."""
        step = session.start(Context(draw=self._draw()), self._instant())
        gone = HungUp(EndedBy.US)
        while True:
            trail.keep()
            if isinstance(step, Finished):
                return gone
            result = await self._perform(channel, recorder, session, step)
            if isinstance(result, HungUp):
                gone = result
            step = session.resume(result, self._instant())

    async def _perform(
        self, channel: CallChannel, recorder: CallRecorder, session: Session, command: Command
    ) -> Result:
        match command:
            case Enqueue():
                return await self._enqueue(channel, recorder, session, command)
            case Answer():
                result = await channel.perform(command)
                if isinstance(result, Done):
                    recorder.note_answer()
            case _:
                result = await channel.perform(command)
                if isinstance(result, Transferred):
                    recorder.count_talk(result.talk_s)
        return result  # type: ignore[return-value]  # Connect's results never come back from these commands

    async def _enqueue(
        self, channel: CallChannel, recorder: CallRecorder, session: Session, command: Enqueue
    ) -> Result:
        queue = self._queues[command.queue]
        if self._is_closed():
            return QueueClosed()
        if not self._anybody(queue):
            return NobodyThere()
        max_wait_s = command.max_wait_s or queue.max_wait_s
        wait = Wait(
            CallWaiting(channel.info.call_id, QueueName(queue.name), CallKind.INBOUND, command.priority, max_wait_s),
            max_wait_s,
            command.music or queue.music,
            command.announce,
            command.announce_every_s,
        )

        def offer(agent_id: AgentId) -> None:
            session.notify(AgentOffered(str(agent_id)), self._instant())

        def talk(agent_id: AgentId) -> None:
            session.notify(AgentConnected(str(agent_id)), self._instant())
            self._books.note_agent(recorder)

        met = await self._meetings.meet(channel, recorder, wait, Hears(offer, talk))
        match met:
            case Talked(_, talk_s):
                return Served(talk_s)
            case NobodyCame():
                recorder.enter(Phase.MENU)
                return WaitExpired()
            case HungUp():
                recorder.abandoned = recorder.agent_id is None and met.by is not EndedBy.SWITCH
                return met

    def _anybody(self, queue: QueueSettings) -> bool:
        """True where an agent of the queue is logged in.

        Raises:
            UnknownName: our bug: the flow was checked against the settings' queues.
        """
        found = next((view for view in self._floor.view().queues if view.name == queue.name), None)
        if found is None:
            raise UnknownName(queue.name)
        return found.logged_in > 0

    def _instant(self) -> Instant:
        return Instant(self._clock.now(), self._clock.monotonic_s())


async def _sorry(channel: CallChannel, message: Prompt) -> HungUp:
    """Apologise and hang up: a caller is never left in silence by a fault of ours."""
    try:
        for command in (Play((message,)), Hangup()):
            if isinstance(result := await channel.perform(command), HungUp):
                return result
    except CallwrightError as problem:
        log.get().error("no apology could be played", problem=str(problem))
    return HungUp(EndedBy.US)


def _outcome(recorder: CallRecorder, gone: HungUp) -> Outcome:
    if recorder.abandoned:
        return Outcome.ABANDONED
    if gone.by is EndedBy.SWITCH:
        return Outcome.PBX_LOST
    if recorder.answered:
        return Outcome.ANSWERED
    return Outcome.CANCELLED if gone.by is EndedBy.CALLER else Outcome.FAILED
