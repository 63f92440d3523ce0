"""Agents who ask another one before they hand their caller on.

The caller hears music, the other agent's leg is put into the first one's room, and the two talk. Then the caller
goes to the other agent (``complete``) or comes back to the first (``cancel``). Where nobody answers, the other one
hangs up or the caller has waited for long, the caller comes back by itself; where the first agent's leg goes, the
caller goes to the other one. The first agent counts as talking throughout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from calls import log
from calls.agents.actions import ConnectCall
from calls.agents.events import URGENT, CallKind, CallWaiting, ConnectFailed, TalkBegan, TalkOver, TalkPassed
from calls.errors import SwitchError, UserError
from calls.ids import AgentId, CallId, LegId, QueueName
from calls.switch.port import CallChannel, Hold, HungUp, Result, Seat, Switch
from console.engine.floor import FloorRunner
from console.engine.recorder import CallRecorder

ANSWERS_S = 30.0
"""How long the other agent is waited for."""

LONGEST_S = 600.0
"""How long a caller is held for a question: then the caller comes back."""


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


@dataclass(slots=True)
class Question:
    """One agent who asks another. ``queue``: whose agents are asked; ``only``: or this one."""

    call_id: CallId
    asker: Goes
    queue: QueueName
    only: AgentId | None
    music: str
    asked_id: CallId
    """Stands for the two agents' talk on the floor."""
    decision: asyncio.Future[Decision]
    coming: Goes | None = None
    """Who is on the way into the first one's room, and may be there."""
    asked: Goes | None = None
    """Who is there for sure."""

    def decide(self, decision: Decision) -> None:
        """End it; the first word counts."""
        if not self.decision.done():
            self.decision.set_result(decision)


class Consults:
    """All questions of one engine."""

    def __init__(self, switch: Switch, floor: FloorRunner, new_id: Callable[[], str]) -> None:
        self._switch = switch
        self._floor = floor
        self._new_id = new_id
        self._questions: dict[CallId, Question] = {}

    def begin(self, call_id: CallId, asker: Goes, queue: QueueName, only: AgentId | None, music: str) -> None:
        """From the end of the talk on, which is to be ended now, the caller is held and the other one is asked."""
        decision = asyncio.get_running_loop().create_future()
        asked_id = CallId(f"ask-{self._new_id()}")
        self._questions[call_id] = Question(call_id, asker, queue, only, music, asked_id, decision)

    def forget(self, call_id: CallId) -> None:
        """The talk did not end, or the call has: there is nothing to ask."""
        self._questions.pop(call_id, None)

    def asks(self, call_id: CallId) -> bool:
        """Whether the agent of the call wants to ask another one."""
        return call_id in self._questions

    def decide(self, agent_id: AgentId, decision: Decision) -> str:
        """The agent hands the caller over, or takes the caller back. In words.

        Raises:
            UserError: the agent asks nobody, or nobody has answered yet.
        """
        question = next((each for each in self._questions.values() if each.asker.agent_id == agent_id), None)
        if question is None:
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

    async def hold(self, channel: CallChannel, recorder: CallRecorder, call_id: CallId) -> Goes | HungUp:
        """Hold the caller until the agents have decided; where the caller goes then, with a hold that a ``Connect``
        interrupts.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        question = self._questions[call_id]
        held = asyncio.ensure_future(channel.perform(Hold(LONGEST_S, question.music)))
        asking = asyncio.ensure_future(self._ask(question, recorder))
        try:
            await _first(held, question.decision)
            try:
                gone = held.result() if held.done() else None
            except SwitchError:
                await self._part(question)
                raise
            if isinstance(gone, HungUp):
                await self._part(question)
                self._floor.tell(TalkOver(call_id, question.asker.agent_id))
                return gone
            question.decide(Decision.CANCEL)
            held.add_done_callback(_look_at)
            decision = question.decision.result()
            recorder.note("consult_ended", {"by": decision.value})
            return await self._led_on(question, decision)
        finally:
            self._questions.pop(call_id, None)
            asking.cancel()
            await asyncio.wait({asking})

    async def _led_on(self, question: Question, decision: Decision) -> Goes:
        passes = decision in (Decision.COMPLETE, Decision.ASKER_GONE)
        there = await self._part(question)
        if passes and there and question.asked is not None:
            asked = question.asked
            giver = question.asker.agent_id
            self._floor.tell(TalkPassed(question.call_id, giver, question.asked_id, asked.agent_id))
            return asked
        return question.asker  # also where that leg has gone: only a Connect ends the hold

    async def _ask(self, question: Question, recorder: CallRecorder) -> None:
        """Bring the other agent in, and keep the two together until this is cancelled."""
        call = CallWaiting(question.asked_id, question.queue, CallKind.INBOUND, URGENT, ANSWERS_S, only=question.only)
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

    async def _part(self, question: Question) -> bool:
        """Put the other agent's leg back into its own room; whether it is there. One on the way into the first one's
        room is put back as well: nobody is left beside a talk."""
        other = question.coming
        return other is not None and await lead_home(self._switch, other.agent_id, other.leg_id)


async def lead_home(switch: Switch, agent_id: AgentId, leg_id: LegId) -> bool:
    """Put a leg that may be beside another one into its own room; whether it is there. One of which that is not
    sure is ended: it would hear the next caller there."""
    try:
        await switch.seat(leg_id, Seat.OWN)
    except SwitchError as problem:
        log.get().warning("an agent's leg did not come home", agent=agent_id, problem=str(problem))
    else:
        return True
    try:
        await switch.hang_up(leg_id)
    except SwitchError as problem:
        log.get().error("an agent's leg was not ended", agent=agent_id, problem=str(problem))
    return False


async def _first(*of: asyncio.Future[Any]) -> None:
    """Returns when one of them is done."""
    await asyncio.wait(of, return_when=asyncio.FIRST_COMPLETED)


def _look_at(held: asyncio.Future[Result]) -> None:
    """Take note of how an interrupted hold ended: its failure is the Connect's failure too."""
    if not held.cancelled():
        held.exception()
