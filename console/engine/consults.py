"""Agents who put their caller on hold, or ask another one or somebody outside before they hand the caller on.

A caller on hold hears music, and the agent's leg is alone in its room. The agent takes the caller back, or asks
somebody: the other one's leg is put into the first agent's room, and the two talk. Then the caller goes to the other
one (``complete``) or comes back to the first (``cancel``). Where nobody answers, the other one hangs up or the caller
has waited for long, the caller comes back by itself; where the first agent's leg goes, the caller goes to the other
one, and where nobody is asked waits anew. The first agent counts as talking throughout.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from calls import log
from calls.agents.actions import ConnectCall
from calls.agents.events import URGENT, CallKind, CallWaiting, ConnectFailed, TalkBegan, TalkOver, TalkPassed
from calls.clock import Clock
from calls.errors import SwitchError, UserError
from calls.ids import AgentId, CallId, LegId, QueueName
from calls.settings import RecordingSettings
from calls.switch.port import CallChannel, Done, Hold, HungUp, Legs, MuteRecording, RecordingFailed, Result, Seat
from console.engine.floor import FloorRunner
from console.engine.recorder import CallRecorder
from console.engine.third_parties import Outside, ThirdParties

ANSWERS_S = 30.0
"""How long the other agent is waited for."""

NUMBER = re.compile(r"\+?[0-9]{3,15}\Z")
"""What may be shown as a caller's number."""

LONGEST_S = 600.0
"""How long a caller is on hold: then the caller comes back."""


class Decision(Enum):
    """How a question ends."""

    COMPLETE = "complete"
    CANCEL = "cancel"
    NO_ANSWER = "no_answer"
    ASKED_GONE = "asked_gone"
    ASKER_GONE = "asker_gone"


@dataclass(frozen=True, slots=True)
class Goes:
    """The caller goes to this agent's leg, which is up."""

    agent_id: AgentId
    leg_id: LegId


@dataclass(frozen=True, slots=True)
class GoesOutside:
    """The caller goes to somebody outside, whose leg is up. ``kind``: the word for that in records."""

    leg_id: LegId
    kind: str


@dataclass(frozen=True, slots=True)
class Inside:
    """Another agent is asked: one of ``queue``'s, or ``only`` this one."""

    queue: QueueName
    only: AgentId | None


@dataclass(slots=True)
class Question:
    """One agent whose caller is on hold, and who asks somebody or will."""

    call_id: CallId
    asker: Goes
    whom: asyncio.Future[Inside | Outside]
    """Not done: nobody is asked."""
    queue: QueueName
    """The caller's."""
    music: str
    asked_id: CallId
    """Stands for two agents' talk on the floor."""
    decision: asyncio.Future[Decision]
    coming: Goes | GoesOutside | None = None
    """Who is on the way into the first one's room, and may be there."""
    asked: Goes | GoesOutside | None = None
    """Who is there for sure."""
    since_s: float | None = None
    """From when the caller has been on hold, by the monotonic clock."""
    passed: bool = False
    """The caller goes to somebody outside, whose leg stays."""

    def decide(self, decision: Decision) -> None:
        """End it; the first word counts."""
        if not self.decision.done():
            self.decision.set_result(decision)


class Consults:
    """All callers on hold, and all questions, of one engine."""

    def __init__(
        self,
        switch: Legs,
        floor: FloorRunner,
        third_parties: ThirdParties,
        new_id: Callable[[], str],
        clock: Clock,
        recordings: RecordingSettings,
    ) -> None:
        """``recordings`` say whether that of a whole call holds what is heard while its caller is on hold."""
        self._clock = clock
        self._record_hold = recordings.on_hold == "record"
        self._switch = switch
        self._floor = floor
        self._third_parties = third_parties
        self._new_id = new_id
        self._questions: dict[CallId, Question] = {}

    def begin(
        self, call_id: CallId, asker: Goes, whom: Inside | Outside | None, queue: QueueName, music: str
    ) -> None:
        """From the end of the talk on, which is to be ended now, the caller is on hold, and the other one is asked;
        None: nobody is. ``queue``: the caller's."""
        loop = asyncio.get_running_loop()
        question = Question(
            *(call_id, asker, loop.create_future(), queue, music),
            asked_id=CallId(f"ask-{self._new_id()}"),
            decision=loop.create_future(),
        )
        if whom is not None:
            question.whom.set_result(whom)
        if self._floor.agent_of(asker.leg_id) is None:
            question.decide(Decision.ASKER_GONE)  # its end was told before
        self._questions[call_id] = question

    def forget(self, call_id: CallId) -> None:
        """The talk did not end, or the call has: there is nothing to ask."""
        self._questions.pop(call_id, None)

    def asks(self, call_id: CallId) -> bool:
        """Whether the agent of the call wants its caller on hold, to ask another one or for nothing."""
        return call_id in self._questions

    def view(self) -> dict[AgentId, str]:
        """Who asks, and whether the other one "rings" or is "there"."""
        asking = (each for each in self._questions.values() if each.whom.done())
        return {each.asker.agent_id: "rings" if each.asked is None else "there" for each in asking}

    def on_hold(self) -> dict[AgentId, float]:
        """The agents whose caller is on hold, and from when, by the monotonic clock."""
        found = self._questions.values()
        return {each.asker.agent_id: each.since_s for each in found if each.since_s is not None}

    def held_by(self, agent_id: AgentId) -> Question | None:
        """The caller whom the agent has on hold without asking anybody; None: there is none."""
        found = (each for each in self._questions.values() if each.asker.agent_id == agent_id)
        return next((each for each in found if each.since_s is not None and not each.whom.done()), None)

    def ask(self, question: Question, whom: Inside | Outside) -> None:
        """Ask somebody about a caller who is on hold already."""
        question.whom.set_result(whom)

    def take_back(self, agent_id: AgentId) -> str:
        """The agent talks to the caller again. In words.

        Raises:
            UserError: no caller of the agent's is on hold.
        """
        question = next((each for each in self._questions.values() if each.asker.agent_id == agent_id), None)
        if question is None or question.since_s is None:
            raise UserError(f"agent {agent_id}: nobody is on hold")
        question.decide(Decision.CANCEL)
        return f"agent {agent_id}: takes the caller back"

    def phone_takes_back(self, agent_id: AgentId) -> None:
        """The key of the agent's phone ends the hold, where there is one and nobody is asked."""
        for each in self._questions.values():
            if each.asker.agent_id == agent_id and not each.whom.done():
                each.decide(Decision.CANCEL)

    def decide(self, agent_id: AgentId, decision: Decision) -> str:
        """The agent hands the caller over, or takes the caller back. In words.

        Raises:
            UserError: the agent asks nobody, or nobody has answered yet.
        """
        question = next((each for each in self._questions.values() if each.asker.agent_id == agent_id), None)
        if question is None or not question.whom.done():
            raise UserError(f"agent {agent_id} asks nobody")
        if decision is Decision.COMPLETE and question.asked is None:
            raise UserError(f"agent {agent_id}: nobody has answered yet")
        question.decide(decision)
        return f"agent {agent_id}: {decision.value}"

    def leg_ended(self, leg_id: LegId) -> None:
        """A leg is gone, whose ever it is. To be told before the floor is."""
        for question in self._questions.values():
            if question.asker.leg_id == leg_id:
                question.decide(Decision.ASKER_GONE)
            elif question.asked is not None and question.asked.leg_id == leg_id:
                question.decide(Decision.ASKED_GONE)

    def let_go(self, leg_id: LegId) -> None:
        """The caller has left somebody outside, whose leg ends."""
        self._third_parties.let_go(leg_id)

    async def hold(
        self, channel: CallChannel, recorder: CallRecorder, call_id: CallId
    ) -> Goes | GoesOutside | HungUp:
        """Hold the caller until the agents have decided; where the caller goes then, with a hold that a ``Connect``
        interrupts.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        question = self._questions[call_id]
        recorder.hold(question.asker.agent_id)
        question.since_s = self._clock.monotonic_s()
        held = asyncio.ensure_future(channel.perform(Hold(LONGEST_S, question.music)))
        asking = asyncio.ensure_future(self._asks(question, recorder))
        mutes = recorder.recording is not None and not self._record_hold and not recorder.masked
        try:
            if mutes:
                await _mute(channel, recorder, muted=True)
            await _first(held, question.decision)
            try:
                gone = held.result() if held.done() else None
            except SwitchError:
                await self._part(question, passes=False)
                raise
            if isinstance(gone, HungUp):
                recorder.hold_over()
                await self._part(question, passes=False)
                self._floor.tell(TalkOver(call_id, question.asker.agent_id))
                return gone
            question.decide(Decision.CANCEL)
            held.add_done_callback(_look_at)
            decision = question.decision.result()
            if question.whom.done():
                recorder.note("consult_ended", {"by": decision.value})
            goes = await self._led_on(question, decision)
            if mutes:
                await _mute(channel, recorder, muted=False)
            return goes
        finally:
            self._questions.pop(call_id, None)
            asking.cancel()
            await asyncio.wait({asking})

    async def _led_on(self, question: Question, decision: Decision) -> Goes | GoesOutside:
        passes = decision in (Decision.COMPLETE, Decision.ASKER_GONE) and question.asked is not None
        there = await self._part(question, passes=passes)
        giver = question.asker.agent_id
        match question.asked:
            case Goes(agent_id=agent_id) as asked if passes and there:
                self._floor.tell(TalkPassed(question.call_id, giver, question.asked_id, agent_id))
                return asked
            case GoesOutside() as asked if passes and there:
                self._floor.tell(TalkOver(question.call_id, giver))
                return asked
        return question.asker  # also where that leg has gone: only a Connect ends the hold

    async def _asks(self, question: Question, recorder: CallRecorder) -> None:
        whom = await question.whom
        if isinstance(whom, Inside):
            await self._ask(question, whom, recorder)
        else:
            await self._ask_outside(question, whom, recorder)

    async def _ask(self, question: Question, whom: Inside, recorder: CallRecorder) -> None:
        """Bring the other agent in, and keep the two together until this is cancelled."""
        here = frozenset({recorder.live.switch})
        call = CallWaiting(
            question.asked_id, whom.queue, CallKind.INBOUND, URGENT, ANSWERS_S, only=whom.only, switches=here
        )
        with self._floor.waiting(call) as offers:
            while isinstance(offer := await offers.get(), ConnectCall):
                question.coming = Goes(offer.agent_id, offer.leg_id)
                try:
                    await self._switch.seat(offer.leg_id, Seat.JOIN, question.asker.leg_id)
                except SwitchError as problem:
                    log.get().error("an agent could not be asked", agent=offer.agent_id, problem=str(problem))
                    question.coming = None
                    self._floor.tell(ConnectFailed(question.asked_id, offer.agent_id))
                    continue
                question.asked = question.coming
                self._floor.tell(TalkBegan(question.asked_id, offer.agent_id))
                recorder.note("consulted", {"agent": offer.agent_id})
                await asyncio.get_running_loop().create_future()
            question.decide(Decision.NO_ANSWER)

    async def _ask_outside(self, question: Question, whom: Outside, recorder: CallRecorder) -> None:
        """The same with somebody outside."""
        party = await self._third_parties.ring(question.call_id, whom, _shown(recorder), recorder.live.switch)
        try:
            if not await party.reached:
                recorder.note("not_consulted", {"to": whom.kind, "reason": party.why_not})
                question.decide(Decision.NO_ANSWER)
                return
            question.coming = GoesOutside(party.leg_id, whom.kind)
            try:
                await self._switch.seat(party.leg_id, Seat.JOIN, question.asker.leg_id)
            except SwitchError as problem:
                log.get().error("somebody outside could not be asked", problem=str(problem))
                recorder.note("not_consulted", {"to": whom.kind, "reason": "unavailable"})
                question.decide(Decision.NO_ANSWER)
                return
            question.asked = question.coming
            recorder.note("consulted", {"to": whom.kind})
            await asyncio.get_running_loop().create_future()
        finally:
            if not question.passed:
                self._third_parties.let_go(party.leg_id)

    async def _part(self, question: Question, *, passes: bool) -> bool:
        """Put the other one's leg back into its own room; whether it is there. One on the way into the first one's
        room is put back as well: nobody is left beside a talk. Who is outside comes back only where the caller
        ``passes`` to them, and else is let go by who asked them."""
        match question.coming:
            case Goes(leg_id=leg_id):
                return await lead_home(self._switch, leg_id)
            case GoesOutside(leg_id=leg_id) if passes:
                question.passed = await lead_home(self._switch, leg_id)
                return question.passed
        return False


def _shown(recorder: CallRecorder) -> str:
    """The number that somebody outside sees: that of who has called, or what who was dialled saw."""
    caller = recorder.live.caller
    return caller if NUMBER.match(caller) else ""


async def lead_home(switch: Legs, leg_id: LegId) -> bool:
    """Put a leg that may be beside another one into its own room; whether it is there. One of which that is not
    sure is ended: it would hear the next caller there."""
    try:
        await switch.seat(leg_id, Seat.OWN)
    except SwitchError as problem:
        log.get().warning("a leg did not come home", leg=leg_id, problem=str(problem))
    else:
        return True
    try:
        await switch.hang_up(leg_id)
    except SwitchError as problem:
        log.get().error("a leg was not ended", leg=leg_id, problem=str(problem))
    return False


async def _mute(channel: CallChannel, recorder: CallRecorder, *, muted: bool) -> None:
    """What is recorded of the call holds nothing, or no longer: its events say so, or the log that it failed."""
    try:
        done = await channel.perform(MuteRecording(muted))
    except SwitchError as problem:
        log.get().error("a recording was not muted on hold", muted=muted, problem=str(problem))
        return
    match done:
        case RecordingFailed(reason):
            log.get().error("a recording was not muted on hold", muted=muted, problem=reason)
        case Done():
            recorder.note("recording_muted" if muted else "recording_unmuted", {"because": "hold"})


async def _first(*of: asyncio.Future[Any]) -> None:
    """Returns when one of them is done."""
    await asyncio.wait(of, return_when=asyncio.FIRST_COMPLETED)


def _look_at(held: asyncio.Future[Result]) -> None:
    """Take note of how an interrupted hold ended: its failure is the Connect's failure too."""
    if not held.cancelled():
        held.exception()
