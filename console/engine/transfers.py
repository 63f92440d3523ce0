"""Agents who put their caller on hold, or hand the caller on: to another agent, a queue, a destination, the phone of
a supervisor or a number.

The order waits until the agent's talk has ended, which it ends; then the caller goes where it says. Where nobody is
reached the caller goes to the queue that the first talk came from, before all who wait there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from calls import log
from calls.agents.events import URGENT, CallKind, CallWaiting
from calls.agents.states import AgentState
from calls.errors import SwitchError, UserError
from calls.ids import AgentId, CallId, QueueName
from calls.log import masked
from calls.places import supervisors_place
from calls.settings import Settings
from calls.switch.port import CallChannel, EndedBy, HungUp, Result, Transfer, TransferFailed, Transferred
from console.engine.consults import Consults, Goes, Inside, Question
from console.engine.floor import FloorRunner
from console.engine.lines_beside import Wanted
from console.engine.recorder import CallRecorder
from console.engine.talk import Deserted, Hears, LiveTalk, Meetings, Met, NobodyCame, Talked, Wait
from console.engine.third_parties import Outside
from console.engine.tolls import Tolls
from ivr.commands import TransferRefused

AGENT_S = 30.0
"""How long a caller waits for the agent who was named."""

RING_S = 25.0
"""How long a destination rings."""


class To(Enum):
    """What kind of place a caller is handed on to."""

    AGENT = "agent"
    QUEUE = "queue"
    DESTINATION = "destination"
    SUPERVISOR = "supervisor"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a caller is handed on to. ``name``: an agent's or supervisor's id, a queue's or destination's name, or a
    number."""

    to: To
    name: str

    def __str__(self) -> str:
        return f"{self.to.value} {self.name}"

    @property
    def place(self) -> str:
        """What a switch calls it, of a destination or a supervisor's phone."""
        return supervisors_place(self.name) if self.to is To.SUPERVISOR else self.name


@dataclass(frozen=True, slots=True)
class Order:
    """What an agent wants done with the caller when their talk has ended."""

    target: Target
    by: AgentId
    who: str


class Transfers:
    """Of one engine. In the place of :class:`Meetings` for whoever lets a caller meet an agent."""

    def __init__(
        self, settings: Settings, floor: FloorRunner, meetings: Meetings, consults: Consults, tolls: Tolls
    ) -> None:
        self._queues = {queue.name: queue for queue in settings.queues}
        self._agents = {agent.id for agent in settings.agents}
        self._destinations = {each.name for each in settings.destinations}
        self._supervisors = {each.id for each in settings.supervisors}
        self._dialled_on = {(each.name, each.switch) for each in settings.destinations}
        self._dialled_on |= {(supervisors_place(each.id), each.switch) for each in settings.supervisors}
        self._floor = floor
        self._meetings = meetings
        self._consults = consults
        self._tolls = tolls
        self._orders: dict[CallId, Order] = {}

    async def order(self, agent_id: AgentId, target: Target, who: str, *, attended: bool = False) -> str:
        """End the agent's talk and hand the caller on; ``attended``: hold the caller and let the agent ask first.
        What is done, in words.

        Raises:
            UserError: the agent talks to nobody, there is no such target, or it cannot take anybody now.
            SwitchError: the switch did not take it.
        """
        held = self._consults.held_by(agent_id)
        if held is not None:
            return await self._ask_on_hold(held, target, attended=attended)
        talk = self._free(agent_id)
        await self._check(target, agent_id)
        if self._meetings.talk_of(talk.call_id) is not talk:
            raise UserError(f"the talk of agent {agent_id} has just ended")
        if attended:
            queue = self._queue_of(talk)
            self._consults.begin(talk.call_id, _leg(talk), _whom(target, queue), queue, self._queues[queue].music)
        else:
            self._orders[talk.call_id] = Order(target, agent_id, who)
        detail = {"agent": agent_id, "to": target.to.value, "name": _kept(target), "attended": attended, "who": who}
        talk.recorder.note("transfer", detail)
        await self._part(talk)
        return f"agent {agent_id}: {'asks' if attended else 'the caller goes to'} {target}"

    async def hold(self, agent_id: AgentId) -> str:
        """Put the agent's caller on hold, until the agent takes the caller back. What is done, in words.

        Raises:
            UserError: the agent talks to nobody, or the caller must not be put on hold now.
            SwitchError: the switch did not take it.
        """
        talk = self._free(agent_id)
        if talk.recorder.masked:
            raise UserError(f"agent {agent_id}: the recording is paused: take it up again, and then hold")
        if talk.recorder.untold:
            raise UserError(f"agent {agent_id}: the person is being told of the recording")
        queue = self._queue_of(talk)
        self._consults.begin(talk.call_id, _leg(talk), None, queue, self._queues[queue].music)
        await self._part(talk)
        return f"agent {agent_id}: the caller is on hold"

    def _free(self, agent_id: AgentId) -> LiveTalk:
        """The talk of an agent of whose caller nothing else is to be done.

        Raises:
            UserError: there is none.
        """
        talk = self._meetings.of_agent(agent_id)
        if talk is None:
            raise UserError(f"agent {agent_id} talks to nobody")
        if talk.call_id in self._orders or self._consults.asks(talk.call_id):
            raise UserError(f"agent {agent_id} hands the caller on already")
        return talk

    async def _part(self, talk: LiveTalk) -> None:
        try:
            await talk.channel.end_talk()
        except SwitchError:
            self._orders.pop(talk.call_id, None)
            self._consults.forget(talk.call_id)
            raise

    async def _ask_on_hold(self, held: Question, target: Target, *, attended: bool) -> str:
        agent_id = held.asker.agent_id
        if not attended:
            raise UserError(f"agent {agent_id}: the caller is on hold: take the caller back, or ask first")
        await self._check(target, agent_id)
        if self._consults.held_by(agent_id) is not held:
            raise UserError(f"agent {agent_id}: the caller is on hold no longer")
        self._consults.ask(held, _whom(target, held.queue))
        return f"agent {agent_id}: asks {target}"

    def _queue_of(self, talk: LiveTalk) -> QueueName:
        return talk.recorder.queue or QueueName(next(iter(self._queues)))

    async def meet(self, channel: CallChannel, recorder: CallRecorder, wait: Wait, hears: Hears) -> Met:
        """As :meth:`Meetings.meet`, and on to where agents hand the caller.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        call_id = wait.call.call_id
        talked_s = 0.0
        try:
            met = await self._meet(channel, recorder, wait, wait, hears)
            while isinstance(met, Talked) and (order := self._orders.pop(call_id, None)) is not None:
                talked_s += met.talk_s
                met = await self._move(channel, recorder, wait, hears, order)
        finally:
            self._orders.pop(call_id, None)
        return replace(met, talk_s=met.talk_s + talked_s) if isinstance(met, Talked) else met

    async def _move(
        self, channel: CallChannel, recorder: CallRecorder, wait: Wait, hears: Hears, order: Order
    ) -> Met:
        target = order.target
        if target.to in (To.DESTINATION, To.SUPERVISOR, To.NUMBER):
            result = await self._dial(channel, target, wait.music)
            match result:
                case HungUp():
                    return result
                case Transferred(talk_s):
                    recorder.count_talk(talk_s)
                    recorder.note("transferred", {"to": target.to.value, "talk_s": round(talk_s, 3)})
                    return Talked(order.by, talk_s, EndedBy.AGENT)
                case TransferFailed(reason) | TransferRefused(reason):
                    recorder.note("transfer_failed", {"to": target.to.value, "reason": reason})
                case _:
                    raise AssertionError(f"Transfer gave {result}")
        else:
            met = await self._again(channel, recorder, self._wait_for(wait, target), wait, hears)
            if not isinstance(met, NobodyCame):
                return met
            recorder.note("transfer_failed", {"to": target.to.value, "reason": "no_answer"})
        return await self._again(channel, recorder, self._wait_for(wait, None), wait, hears)

    async def _meet(self, channel: CallChannel, recorder: CallRecorder, wait: Wait, first: Wait, hears: Hears) -> Met:
        """A caller whose agent has gone in the middle of a question waits anew, before all others."""
        met = await self._meetings.meet(channel, recorder, wait, hears)
        while isinstance(met, Deserted):
            met = await self._meetings.meet(channel, recorder, self._wait_for(first, None), hears)
        return met

    async def _again(
        self, channel: CallChannel, recorder: CallRecorder, wait: Wait, first: Wait, hears: Hears
    ) -> Met:
        """Another wait and talk of the same call, which stays one of its first queue."""
        queue = recorder.queue

        def talk(agent_id: AgentId) -> None:
            recorder.note("talk_passed", {"agent": agent_id})
            hears.passed(agent_id)

        try:
            return await self._meet(channel, recorder, wait, first, Hears(_nothing, talk, hears.passed))
        finally:
            recorder.queue = queue

    def _wait_for(self, wait: Wait, target: Target | None) -> Wait:
        """How the caller waits for the target; None: for anybody of the queue that the first talk came from."""
        first = wait.call
        queue, priority, agent_id = first.queue, URGENT, None
        if target is not None and target.to is To.QUEUE:
            queue, priority = QueueName(target.name), first.priority
        max_wait_s = self._queues[queue].max_wait_s
        if target is not None and target.to is To.AGENT:
            agent_id, max_wait_s = AgentId(target.name), AGENT_S
        call = CallWaiting(first.call_id, queue, CallKind.INBOUND, priority, max_wait_s, only=agent_id)
        return Wait(call, max_wait_s, wait.music, record=wait.record, notice=wait.notice)

    async def _dial(self, channel: CallChannel, target: Target, music: str) -> Result | TransferRefused:
        command = Transfer(target.place, RING_S, music=music)
        if target.to is not To.NUMBER:
            return await self.to_destination(channel, command)
        return await self._tolls.transfer(channel, replace(command, destination="", number=target.name))

    async def to_destination(self, channel: CallChannel, command: Transfer) -> Result:
        """Perform a transfer to a destination, which the call's own switch must be able to dial.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        if (command.destination, channel.info.switch) not in self._dialled_on:
            log.get().warning("no such destination on the call's switch", switch=channel.info.switch)
            return TransferFailed("unavailable")
        if trunk := self._tolls.trunk_to(command.destination, channel.info.switch):
            return await self._tolls.lines.dial(channel, {trunk: command}, Wanted(channel.info.call_id))
        return await channel.perform(command)

    async def _check(self, target: Target, agent_id: AgentId) -> None:
        """
        Raises:
            UserError: there is no such target, or it cannot take anybody now.
        """
        match target.to:
            case To.AGENT:
                self._check_agent(AgentId(target.name), agent_id)
            case To.QUEUE if target.name not in self._queues:
                raise UserError(f"no queue {target.name!r} in the settings: there are {', '.join(self._queues)}")
            case To.DESTINATION if target.name not in self._destinations:
                known = ", ".join(sorted(self._destinations)) or "none"
                raise UserError(f"no destination {target.name!r} in the settings: there are {known}")
            case To.SUPERVISOR if target.name not in self._supervisors:
                known = ", ".join(sorted(self._supervisors)) or "none"
                raise UserError(f"no supervisor {target.name!r} in the settings: there are {known}")
            case To.NUMBER if (rule := await self._tolls.refusal(target.name)) is not None:
                raise UserError(f"the number may not be dialled: {rule.value}")

    def _check_agent(self, wanted: AgentId, own: AgentId) -> None:
        if wanted == own:
            raise UserError(f"{own} is the agent who has the caller")
        found = next((each for each in self._floor.view().agents if each.agent_id == wanted), None)
        if found is None:
            raise UserError(f"no agent {wanted!r} in the settings: there are {', '.join(sorted(self._agents))}")
        if found.profile.switch != self._floor.home_of(own):
            raise UserError(
                f"agent {wanted} is reached on switch {found.profile.switch}, the caller is on"
                f" {self._floor.home_of(own)}: name an agent of that one, or a queue"
            )
        if found.state is not AgentState.READY:
            raise UserError(f"agent {wanted} is not ready: {found.state.value}")


def _leg(talk: LiveTalk) -> Goes:
    return Goes(talk.agent_id, talk.leg_id)


def _whom(target: Target, own: QueueName) -> Inside | Outside:
    """Who is asked; ``own``: the caller's queue."""
    match target.to:
        case To.DESTINATION | To.SUPERVISOR:
            return Outside(destination=target.place)
        case To.NUMBER:
            return Outside(number=target.name)
        case To.QUEUE:
            return Inside(QueueName(target.name), None)
        case To.AGENT:
            return Inside(own, AgentId(target.name))
        case _:
            assert_never(target.to)


def _kept(target: Target) -> str:
    """What the record keeps of a target: a number is personal data, and is masked."""
    return masked(target.name) if target.to is To.NUMBER else target.name


def _nothing(_agent_id: AgentId) -> None:
    """Nobody hears of it."""
