"""One call and its session: each command of the flow is performed, on the channel, on the floor or in the books."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import assert_never

from calls import log
from calls.agents.events import CallKind, CallWaiting
from calls.agents.roster import UnknownName
from calls.agents.view import Prospect
from calls.clock import Clock
from calls.ids import AgentId, QueueName
from calls.records.durations import Phase
from calls.records.store import Direction, LiveCall
from calls.settings import QueueSettings
from calls.switch.port import (
    Answer,
    CallChannel,
    Done,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    MuteRecording,
    Play,
    PlayRecording,
    Prompt,
    Record,
    RecordingFailed,
    StartRecording,
    StopRecording,
    Transfer,
    Transferred,
)
from console.engine.books import Books
from console.engine.effects import Effects
from console.engine.floor import FloorRunner
from console.engine.guard import Guard
from console.engine.hearing import Listener
from console.engine.lookups import Lookups
from console.engine.meanwhile import WAITING_MUSIC, meanwhile
from console.engine.payments import Payments
from console.engine.queue_hours import QueueHours
from console.engine.recorder import CallRecorder
from console.engine.recordings import RecordingKeeper
from console.engine.talk import ALWAYS, Closed, Hears, NobodyCame, Pressed, Talked, Wait
from console.engine.tolls import Tolls
from console.engine.transfers import Transfers
from console.engine.verifying import Verifier
from ivr.commands import (
    AgentConnected,
    AgentOffered,
    BrokeOut,
    Charge,
    CheckCaller,
    Command,
    Commit,
    CommitFailed,
    Committed,
    Enqueue,
    Listen,
    Lookup,
    NobodyThere,
    Notice,
    QueueClosed,
    QueueFull,
    Result,
    Served,
    Verify,
    WaitExpired,
    WaitTold,
)
from ivr.session import Context, Finished, Session
from ivr.trail import Instant, Kind

Voice = Callable[[str, str], Awaitable[Prompt | None]]


NO_ROOM = "disk"
NOT_AGREED = "consent"
"""Why nothing was recorded where the disk is at its reserve."""

NEXT = Prospect(1, None)
"""What a caller is told for whom an agent is being rung."""

LOST = (Kind.FAULT, Kind.STEP_LIMIT)
"""What in a trail is a fault of the flow or of ours, and is logged."""


def instant(clock: Clock) -> Instant:
    """This moment, for a session."""
    return Instant(clock.now(), clock.monotonic_s())


class Trail:
    """Takes what a session has noted into the call's record, each once."""

    def __init__(self, recorder: CallRecorder, session: Session) -> None:
        self._recorder = recorder
        self._session = session
        self._kept = 0

    def keep(self) -> None:
        """Take what is new; to be called before anybody else notes what happened later."""
        began_s = self._session.began_s
        if began_s is None:
            return
        for event in self._session.noted(self._kept):
            self._kept += 1
            self._recorder.keep(event.at, began_s + event.since_s, event.kind.value, event.detail)
            if event.kind in LOST:
                log.get().error("the flow failed", kind=event.kind.value, **event.detail)


def _customer(live: LiveCall) -> str:
    """The number of the person outside."""
    return live.caller if live.direction is Direction.INBOUND else live.called


class Conversations:
    """Performs what the sessions of all calls ask for."""

    def __init__(
        self,
        queues: Iterable[QueueSettings],
        books: Books,
        floor: FloorRunner,
        transfers: Transfers,
        effects: Effects,
        lookups: Lookups,
        payments: Payments,
        verifier: Verifier,
        clock: Clock,
        hours: QueueHours,
        guard: Guard,
        is_closed: Callable[[], bool],
        voice: Voice,
        recordings: RecordingKeeper,
        tolls: Tolls,
        listener: Listener,
    ) -> None:
        """``is_closed``: no caller is put into a queue any more, as the engine is being drained. ``voice`` speaks a
        text in a language while the caller waits; None where it could not in time."""
        self._queues = {queue.name: queue for queue in queues}
        self._books = books
        self._floor = floor
        self._transfers = transfers
        self._effects = effects
        self._lookups = lookups
        self._payments = payments
        self._verifier = verifier
        self._clock = clock
        self._hours = hours
        self._guard = guard
        self._is_closed = is_closed
        self._voice = voice
        self._recordings = recordings
        self._tolls = tolls
        self._listener = listener
        self._sessions: set[Session] = set()

    async def run(
        self, channel: CallChannel, recorder: CallRecorder, session: Session, trail: Trail, context: Context
    ) -> HungUp:
        """Perform what the session asks for until it has finished; how the call ended.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        self._sessions.add(session)
        try:
            return await self._run(channel, recorder, session, trail, context)
        finally:
            self._sessions.discard(session)

    def notify_all(self, notice: Notice) -> None:
        """Tell every session under way; no such notice asks for a command."""
        for session in self._sessions:
            session.notify(notice, instant(self._clock))

    async def _run(
        self, channel: CallChannel, recorder: CallRecorder, session: Session, trail: Trail, context: Context
    ) -> HungUp:
        step = session.start(context, instant(self._clock))
        gone = HungUp(EndedBy.US)
        while True:
            trail.keep()
            if isinstance(step, Finished):
                return gone
            result = await self._perform(channel, recorder, session, trail, await self._voiced(step))
            if isinstance(result, HungUp):
                gone = result
            step = session.resume(result, instant(self._clock))

    async def _voiced(self, command: Command) -> Command:
        """The command with prompts for all texts of it that none was rendered for; those that fail are left out."""
        match command:
            case Play(prompts) | Gather(prompts) | Record(prompts=prompts):
                return replace(command, prompts=await self._all_voiced(prompts))
            case Listen(gather):
                return replace(command, gather=replace(gather, prompts=await self._all_voiced(gather.prompts)))
            case Lookup(meanwhile=prompts) | Charge(meanwhile=prompts):
                return replace(command, meanwhile=await self._all_voiced(prompts))
            case Transfer(whisper=prompts):
                whisper = await self._all_voiced(prompts)  # a key that nothing asks for is not waited for
                return replace(command, whisper=whisper, take_key=command.take_key if whisper else "")
            case _:
                return command

    async def _all_voiced(self, prompts: tuple[Prompt, ...]) -> tuple[Prompt, ...]:
        if not any(prompt.text for prompt in prompts):
            return prompts
        spoken = [await self._voice(each.text, each.language) if each.text else each for each in prompts]
        return tuple(each for each in spoken if each is not None)

    async def commit(self, live: LiveCall, commit: Commit) -> Committed | CommitFailed:
        """Write an effect of a call down."""
        return await self._effects.commit(live, commit)

    async def _perform(
        self, channel: CallChannel, recorder: CallRecorder, session: Session, trail: Trail, command: Command
    ) -> Result:
        match command:
            case Enqueue():
                return await self._enqueue(channel, recorder, session, trail, command)
            case Lookup(meanwhile=prompts, music=music):
                return await meanwhile(channel, self._lookups.ask(command), prompts, music)
            case Charge():
                return await self._payments.perform(channel, recorder, command)
            case Verify():
                judging = self._verifier.verify(command, _customer(recorder.live))
                return await meanwhile(channel, judging, (), WAITING_MUSIC)
            case CheckCaller():
                return await self._guard.check(command, recorder.live.call_id)
            case Commit():
                return await self.commit(recorder.live, command)
            case Answer():
                result = await channel.perform(command)
                if isinstance(result, Done):
                    recorder.note_answer()
            case StartRecording() | Record() if not self._recordings.has_room():
                return RecordingFailed(NO_ROOM)
            case StartRecording() if not recorder.may_record or recorder.untold:
                return RecordingFailed(NOT_AGREED)
            case StartRecording(name):
                result = await channel.perform(command)
                if isinstance(result, Done):
                    recorder.note_recording(name)
            case MuteRecording(muted):
                recorder.masked = recorder.masked or muted
                result = await channel.perform(command)
                if isinstance(result, Done):
                    recorder.masked = muted
            case Record() | PlayRecording() | StopRecording():
                result = await channel.perform(command)
            case Transfer(number=number) if number:
                return await self._transfer_to_number(channel, recorder, command)
            case Listen():
                return await self._listener.listen(channel, command)
            case Transfer():
                result = await self._transfers.to_destination(channel, command)
                if isinstance(result, Transferred):
                    recorder.count_talk(result.talk_s)
            case Play() | Gather() | Hangup():
                result = await channel.perform(command)
            case _:
                assert_never(command)
        return result  # type: ignore[return-value]  # Connect's results never come back from these commands

    async def _transfer_to_number(self, channel: CallChannel, recorder: CallRecorder, command: Transfer) -> Result:
        result = await self._tolls.transfer(channel, command)
        if isinstance(result, Transferred):
            recorder.count_talk(result.talk_s)
        return result  # type: ignore[return-value]  # Connect's results never come back from a Transfer

    async def _enqueue(
        self, channel: CallChannel, recorder: CallRecorder, session: Session, trail: Trail, command: Enqueue
    ) -> Result:
        queue = self._queues[command.queue]
        refused = self._refusal(queue, command, recorder.live.switch)
        if refused is not None:
            return refused
        wait = self._wait(channel, session, queue, command)

        def offer(agent_id: AgentId) -> None:
            session.notify(AgentOffered(str(agent_id)), instant(self._clock))
            trail.keep()

        def talk(agent_id: AgentId) -> None:
            session.notify(AgentConnected(str(agent_id)), instant(self._clock))
            trail.keep()
            self._books.note_agent(recorder)

        def passed(_: AgentId) -> None:
            self._books.note_agent(recorder)

        met = await self._transfers.meet(channel, recorder, wait, Hears(offer, talk, passed))
        match met:
            case Talked(_, talk_s):
                return Served(talk_s)
            case HungUp():
                recorder.abandoned = recorder.agent_id is None and met.by is not EndedBy.SWITCH
                return met
        recorder.enter(Phase.MENU)
        match met:
            case NobodyCame():
                return WaitExpired()
            case Pressed(keys):
                return BrokeOut(keys)
            case Closed():
                return QueueClosed()

    def _wait(self, channel: CallChannel, session: Session, queue: QueueSettings, command: Enqueue) -> Wait:
        """How the caller is to wait. The session says before each announcement what it is."""
        call_id, now_s = channel.info.call_id, self._clock.monotonic_s()
        max_wait_s = command.max_wait_s or queue.max_wait_s

        async def announce() -> tuple[Prompt, ...]:
            stands = self._floor.prospect(call_id) or NEXT
            told = session.notify(WaitTold(stands.position, stands.wait_s), instant(self._clock))
            return await self._all_voiced(told.announce) if isinstance(told, Enqueue) else ()

        return Wait(
            call=CallWaiting(
                call_id=call_id,
                queue=QueueName(queue.name),
                kind=CallKind.INBOUND,
                priority=command.priority,
                max_wait_s=max_wait_s,
                skills=command.skills,
                level=command.level,
                widen_after_s=command.widen_after_s,
                overflow=command.overflow,
                since=now_s - command.waited_s,
            ),
            max_wait_s=max_wait_s,
            music=command.music or queue.music,
            announce=announce if command.announcements else None,
            announce_every_s=command.announce_every_s,
            keys=command.keys,
            open_s=lambda: ALWAYS if command.urgent else self._hours.open_s(queue, self._clock.now()),
        )

    def _refusal(
        self, queue: QueueSettings, command: Enqueue, switch: str
    ) -> QueueClosed | NobodyThere | QueueFull | None:
        """Why the queue takes no caller now; None: it does.

        Raises:
            UnknownName: our bug: the flow was checked against the settings' queues.
        """
        found = next((view for view in self._floor.view().queues if view.name == queue.name), None)
        if found is None:
            raise UnknownName(queue.name)
        if self._is_closed() or not (command.urgent or self._hours.open_s(queue, self._clock.now())):
            return QueueClosed()
        if not found.logged_in_on.get(switch, 0):
            return NobodyThere()
        waiting = sum(call.agent_id is None and not call.virtual for call in found.waiting)
        if queue.max_waiting is not None and waiting >= queue.max_waiting and not command.urgent:
            return QueueFull()
        return None
