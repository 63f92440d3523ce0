"""One call waits for an agent, meets one, and comes back when the talk is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from calls import log
from calls.agents.actions import ConnectCall
from calls.agents.events import CallKind, CallWaiting, ConnectFailed, TalkBegan, TalkOver
from calls.clock import Clock
from calls.errors import SwitchError
from calls.histogram import Histogram
from calls.ids import AgentId, CallId, LegId
from calls.records.durations import Phase
from calls.switch.port import (
    CallChannel,
    Connect,
    EndedBy,
    Gather,
    Hold,
    HungUp,
    Interrupted,
    KeyPlan,
    Match,
    NotConnected,
    Play,
    Prompt,
    Result,
    TalkEnded,
)
from console.engine.consults import Consults, GoesOutside
from console.engine.floor import FloorRunner, Offer
from console.engine.recorder import CallRecorder
from console.engine.recording_notice import Notices
from console.engine.tasks import Tasks
from dialer.recording_notice import Notice

GRACE_S = 0.2
"""How much longer than the longest wait a caller is held: the floor's word that the wait is over comes first. A
person whom we dialled is not: the message for them is due at the end of their wait, to the tenth of a second."""


LOOK_AGAIN_S = 1.0
"""How soon a closed queue is looked at again for a caller whose agent's phone rings."""

BETWEEN_S = 0.1
"""How long keys are still listened for when an announcement has ended: music hears them from then on."""

ALL = "all"
"""The rule of a talk that is recorded, its share having been drawn already."""

NOT = "off"
"""The rule of a talk that goes on after a hold, and was not recorded before."""

ALWAYS = float("inf")
"""The queue is never closed."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How a call waits. The announcement is repeated every ``announce_every_s``, music in between.

    ``announce`` gives its prompts, each time anew. One of ``keys`` ends the wait. ``open_s``: how long the queue
    stays open for sure; 0: it is closed, and the wait ends.
    """

    call: CallWaiting
    max_wait_s: float
    music: str
    announce: Callable[[], Awaitable[tuple[Prompt, ...]]] | None = None
    announce_every_s: float = 60.0
    keys: frozenset[str] = frozenset()
    open_s: Callable[[], float] = lambda: ALWAYS
    record: str | None = None
    """Which of such talks are recorded; None: as the queue's."""
    notice: Notice | None = None
    """What the person hears before a talk is recorded, who must be told of it."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveTalk:
    """A talk that goes on."""

    call_id: CallId
    agent_id: AgentId
    leg_id: LegId
    """The agent's."""
    channel: CallChannel
    recorder: CallRecorder


@dataclass(frozen=True, slots=True)
class Talked:
    """The talk is over and the caller is still there."""

    agent_id: AgentId
    talk_s: float
    by: EndedBy


@dataclass(frozen=True, slots=True)
class NobodyCame:
    """No agent was free within the longest wait."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed one of the keys, and waits no longer."""

    keys: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The queue has been closed meanwhile."""


@dataclass(frozen=True, slots=True)
class Asks:
    """The caller is still there, and the agent wants them on hold, to ask another one or for nothing; the agent
    counts as talking still."""

    talked: Talked
    leg_id: LegId
    recorded: bool
    """So was the talk."""


@dataclass(frozen=True, slots=True)
class Untold:
    """The two have met, in time, and were parted at once: the person is to hear that the talk is recorded."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Deserted:
    """The caller came back from a question and found no agent."""


Met = Talked | NobodyCame | Pressed | Closed | HungUp


@dataclass(frozen=True, slots=True)
class Hears:
    """Who hears of the meeting while it goes on: ``offer``, an agent is there; ``talk``, the talk begins; ``passed``,
    it goes on with another agent."""

    offer: Callable[[AgentId], None]
    talk: Callable[[AgentId], None]
    passed: Callable[[AgentId], None]


class Listeners(Protocol):
    """Who hears of talks beside those who talk."""

    def talk_began(self, talk: LiveTalk) -> None:
        """The two hear each other, for the first time or after a hold."""

    async def talk_over(self, talk: LiveTalk, *, holds: bool) -> None:
        """It is over, and the call waits for this. ``holds``: the agent has the caller on hold from now on; their
        next talk, or else ``hold_over``, is to come."""

    def hold_over(self, call_id: CallId) -> None:
        """No talk of this agent with the caller comes any more."""


class Meetings:
    """Brings waiting calls and agents together, and knows who talks to whom."""

    def __init__(
        self,
        floor: FloorRunner,
        clock: Clock,
        listeners: Listeners,
        recording: Callable[[CallRecorder, str | None], str],
        consults: Consults,
        tasks: Tasks,
        drop: Callable[[str], Awaitable[None]],
    ) -> None:
        """``listeners`` hear of each talk; ``recording`` names that of the next one, by the rule of those that are
        recorded, and "" for none; ``drop`` deletes one."""
        self._listeners = listeners
        self._recording = recording
        self._consults = consults
        self._parting = tasks
        self._notices = Notices(lambda recorder: recording(recorder, ALL), drop)
        self.connects = Histogram()
        """How long the two were on their way to each other, from when the call was given to a leg that is up."""
        self._floor = floor
        self._clock = clock
        self._connecting: dict[CallId, Callable[[bool], None]] = {}
        self._talking: dict[CallId, LiveTalk] = {}

    def connected(self, call_id: CallId, *, recorded: bool) -> None:
        """The switch tells that caller and agent hear each other, and that what was to be recorded is."""
        if (began := self._connecting.pop(call_id, None)) is not None:
            began(recorded)

    def channel_of(self, agent_id: AgentId) -> CallChannel | None:
        """The call that the agent talks to."""
        talk = self.of_agent(agent_id)
        return None if talk is None else talk.channel

    def of_agent(self, agent_id: AgentId) -> LiveTalk | None:
        """The talk that the agent has."""
        return next((talk for talk in self._talking.values() if talk.agent_id == agent_id), None)

    def talk_of(self, call_id: CallId) -> LiveTalk | None:
        """The talk that goes on in the call."""
        return self._talking.get(call_id)

    async def meet(self, channel: CallChannel, recorder: CallRecorder, wait: Wait, hears: Hears) -> Met | Deserted:
        """Hold the caller until an agent is found, and let them talk.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        until_s = self._clock.monotonic_s() + wait.max_wait_s
        recorder.queue = wait.call.queue
        recorder.enter(Phase.WAIT)
        here = replace(wait.call, switches=frozenset({channel.info.switch}))
        with self._floor.waiting(here) as offers:
            while True:
                found = await self._held(channel, wait, until_s, offers)
                match found:
                    case ConnectCall():
                        met = await self._talks(channel, recorder, found, hears, wait)
                        if met is not None:
                            return met
                    case HungUp() | Pressed() | Closed():
                        return found
                    case _:
                        return NobodyCame()

    async def _held(
        self, channel: CallChannel, wait: Wait, until_s: float, offers: asyncio.Queue[Offer]
    ) -> Offer | HungUp | Pressed | Closed:
        """Hold the caller until the floor offers something. A call offered to an agent is still held on return."""
        offer = asyncio.ensure_future(offers.get())
        grace_s = 0.0 if wait.call.kind is CallKind.DIALLED else GRACE_S
        held: asyncio.Task[Result] | None = None
        announced_s: float | None = None
        try:
            while True:
                now_s = self._clock.monotonic_s()
                left_s, open_s = max(0.0, until_s - now_s) + grace_s, self._open_s(wait)
                if not left_s:
                    return await offer
                if not open_s:
                    return Closed()
                if wait.announce and (announced_s is None or now_s - announced_s >= wait.announce_every_s):
                    announced_s = now_s
                    command: Play | Gather | Hold = _announcing(await wait.announce(), wait)
                else:
                    every_s = wait.announce_every_s if wait.announce else left_s
                    command = Hold(min(left_s, open_s, every_s), wait.music, _plan(wait))
                held = asyncio.ensure_future(channel.perform(command))
                await asyncio.wait({held, offer}, return_when=asyncio.FIRST_COMPLETED)
                if held.done():
                    match held.result():
                        case HungUp() as gone:
                            return gone
                        case Match(keys) if not offer.done():
                            return Pressed(keys)
                if offer.done():
                    return await self._offered(offer.result(), held)
        finally:
            offer.cancel()

    def _open_s(self, wait: Wait) -> float:
        """How long to hold before looking again whether the queue is open; 0: it is not. A caller whose agent's phone
        rings is not led away."""
        open_s = wait.open_s()
        if open_s or self._floor.prospect(wait.call.call_id) is not None:
            return open_s
        return LOOK_AGAIN_S

    async def _offered(self, offer: Offer, held: asyncio.Task[Result]) -> Offer | HungUp:
        """What is left to do about the hold: a Connect interrupts it by itself, all else waits for its end."""
        if isinstance(offer, ConnectCall):
            held.add_done_callback(_look_at)
            return offer
        result = await held
        return result if isinstance(result, HungUp) else offer

    async def _talks(
        self, channel: CallChannel, recorder: CallRecorder, offer: ConnectCall, hears: Hears, wait: Wait
    ) -> Talked | Deserted | HungUp | None:
        """One talk, and the next ones with whomever the agents of it have asked; None: the first never began."""
        try:
            met = await self._all_of_them(channel, recorder, offer, hears, wait)
        except Exception:
            await self._notices.end(channel, recorder)
            raise
        await self._notices.end(channel, recorder)  # not where we end: the talk lives on, and its recording with it
        return met

    async def _all_of_them(
        self, channel: CallChannel, recorder: CallRecorder, offer: ConnectCall, hears: Hears, wait: Wait
    ) -> Talked | Deserted | HungUp | None:
        met = await self._begun(channel, recorder, offer, hears, wait)
        if not isinstance(met, Asks):
            return met
        try:
            return await self._with_holds(channel, recorder, offer, hears, wait, met)
        finally:
            self._listeners.hold_over(offer.call_id)

    async def _with_holds(
        self,
        channel: CallChannel,
        recorder: CallRecorder,
        offer: ConnectCall,
        hears: Hears,
        wait: Wait,
        met: Talked | Asks | HungUp,
    ) -> Talked | Deserted | HungUp:
        talked_s = 0.0
        while isinstance(met, Asks):
            talked_s += met.talked.talk_s
            goes = await self._consults.hold(channel, recorder, offer.call_id)
            if isinstance(goes, HungUp):
                return goes
            if isinstance(goes, GoesOutside):
                return await self._goes_outside(channel, recorder, goes, replace(met.talked, talk_s=talked_s))
            passes = goes.agent_id != met.talked.agent_id
            rule = wait.record if passes else ALL if met.recorded else NOT
            again = Hears(_nobody, self._passing(recorder, hears) if passes else _nobody, hears.passed)
            there = ConnectCall(offer.call_id, goes.agent_id, goes.leg_id)
            after = await self._talk(channel, recorder, there, again, rule)
            if after is None or isinstance(after, Untold):  # the floor holds them for a talk that does not begin
                self._floor.tell(TalkOver(offer.call_id, goes.agent_id))
                return Deserted()
            met = after
        return replace(met, talk_s=met.talk_s + talked_s) if isinstance(met, Talked) else met

    async def _begun(
        self, channel: CallChannel, recorder: CallRecorder, offer: ConnectCall, hears: Hears, wait: Wait
    ) -> Talked | Asks | Deserted | HungUp | None:
        """The first talk; who must hear of its recording before hears that in between. None: it never began."""
        met = await self._talk(channel, recorder, offer, hears, wait.record, wait.notice)
        if not isinstance(met, Untold):
            return met
        gone = await self._notices.tell(channel, recorder, met.notice)
        if gone is None:
            again = Hears(_nobody, _nobody, hears.passed)
            after = await self._talk(channel, recorder, offer, again, ALL)
            if isinstance(after, Talked | Asks | HungUp):
                return after
        self._floor.tell(TalkOver(offer.call_id, offer.agent_id))  # the floor holds them for a talk that is not
        return gone or Deserted()

    async def _goes_outside(
        self, channel: CallChannel, recorder: CallRecorder, goes: GoesOutside, talked: Talked
    ) -> Talked | Deserted | HungUp:
        """The caller talks to somebody outside; ``talked``: what there was before. When it is over their leg ends."""
        call_id, began_s = channel.info.call_id, None
        await self._notices.end(channel, recorder)

        def began(_recorded: bool) -> None:
            nonlocal began_s
            began_s = self._clock.monotonic_s()
            recorder.enter(Phase.TALK)

        self._connecting[call_id] = began
        try:
            result = await channel.perform(Connect(goes.leg_id))
        finally:
            self._connecting.pop(call_id, None)
            self._consults.let_go(goes.leg_id)
        talk_s = 0.0 if began_s is None else self._clock.monotonic_s() - began_s
        if began_s is not None:
            recorder.enter(Phase.MENU)
            recorder.note("transferred", {"to": goes.kind, "talk_s": round(talk_s, 3)})
        if isinstance(result, HungUp):
            return result
        if began_s is None:
            recorder.note("transfer_failed", {"to": goes.kind, "reason": "no_answer"})
            return Deserted()
        return replace(talked, talk_s=talked.talk_s + talk_s)

    def _passing(self, recorder: CallRecorder, hears: Hears) -> Callable[[AgentId], None]:
        def talk(agent_id: AgentId) -> None:
            recorder.note("talk_passed", {"agent": agent_id})
            hears.passed(agent_id)

        return talk

    async def _talk(
        self,
        channel: CallChannel,
        recorder: CallRecorder,
        offer: ConnectCall,
        hears: Hears,
        rule: str | None,
        notice: Notice | None = None,
    ) -> Talked | Asks | Untold | HungUp | None:
        """Connect the two; None where they never met and the caller waits on. With a ``notice`` for a talk that is to
        be recorded they only meet, within the time that the law gives, and are parted for it."""
        call_id, agent_id = offer.call_id, offer.agent_id
        began_s: float | None = None
        is_recorded = False
        record = self._recording(recorder, rule)
        told_first = notice if record and recorder.untold else None
        record = "" if recorder.untold or recorder.holds_notice else record
        given_s = self._clock.monotonic_s()

        def began(recorded: bool) -> None:
            nonlocal began_s, is_recorded
            began_s, is_recorded = self._clock.monotonic_s(), bool(record) and recorded
            self.connects.observe(began_s - given_s)
            recorder.agent_id = agent_id
            recorder.enter(Phase.TALK)
            recorder.talks += 1
            if record and recorded:
                recorder.note_recording(record)
                recorder.note("recording_started", {"recording": record})
            elif record:
                recorder.note("recording_refused", {"agent": agent_id})
            talk = LiveTalk(call_id, agent_id, offer.leg_id, channel, recorder)
            self._talking[call_id] = talk
            self._listeners.talk_began(talk)
            hears.talk(agent_id)
            self._floor.tell(TalkBegan(call_id, agent_id))
            if told_first is not None:
                self._parting.start(_part(channel), f"notice in {call_id}")

        self._connecting[call_id] = began
        hears.offer(agent_id)
        asks = False
        try:
            result = await channel.perform(Connect(offer.leg_id, record))
            stays = isinstance(result, TalkEnded) and began_s is not None
            asks = stays and (told_first is not None or self._consults.asks(call_id))
        finally:
            self._connecting.pop(call_id, None)
            talk = self._talking.pop(call_id, None)
            if began_s is not None and not asks:
                self._consults.forget(call_id)
                self._floor.tell(TalkOver(call_id, agent_id))
            if talk is not None:
                await self._listeners.talk_over(talk, holds=asks and told_first is None)
        match result:
            case TalkEnded(by) if began_s is not None:
                talk_s = self._clock.monotonic_s() - began_s
                recorder.enter(Phase.MENU)
                if told_first is not None:
                    return Untold(told_first)
                recorder.note("talk_ended", {"agent": agent_id, "talk_s": round(talk_s, 3), "by": by.value})
                talked = Talked(agent_id, talk_s, by)
                return Asks(talked, offer.leg_id, is_recorded) if asks else talked
            case HungUp():
                return result
            case NotConnected() | TalkEnded() | Interrupted():
                recorder.note("not_connected", {"agent": agent_id})
                self._floor.tell(ConnectFailed(call_id, agent_id))
                return None
            case _:
                raise AssertionError(f"Connect gave {result}")


async def _part(channel: CallChannel) -> None:
    """Part the two who have just met; where that fails they talk on, and are not recorded."""
    try:
        await channel.end_talk()
    except SwitchError as problem:
        log.get().error("a person could not be told of a recording", problem=str(problem))


def _nobody(_: AgentId) -> None:
    """Nobody hears of it."""


def _plan(wait: Wait) -> KeyPlan | None:
    return KeyPlan(wait.keys) if wait.keys else None


def _announcing(prompts: tuple[Prompt, ...], wait: Wait) -> Play | Gather:
    """Play them, listening for the keys where there are any."""
    plan = _plan(wait)
    return Play(prompts) if plan is None or not prompts else Gather(prompts, plan, BETWEEN_S, BETWEEN_S)


def _look_at(held: asyncio.Task[Result]) -> None:
    """Take note of how an interrupted hold ended: its failure is the Connect's failure too."""
    if not held.cancelled():
        held.exception()
