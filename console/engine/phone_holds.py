"""Agents who put their caller on hold by their phone's own key: the same hold as the desk's, music and record alike.

The phone's key stops what the phone sends and hears; the switch tells of it, and the caller is led to the queue's
music. The key pressed again takes the caller back, unless somebody is asked meanwhile. Who dials a code on a second
line has the first one on hold: an order for the talk in hand has the caller back first. Where the switch plays music
by itself the two stay together, and the record alone says what happens.
"""

from __future__ import annotations

import asyncio

from calls import log
from calls.errors import SwitchError, UserError
from calls.ids import AgentId, LegId
from calls.records.durations import Phase
from console.engine.consults import Consults
from console.engine.floor import FloorRunner
from console.engine.talk import LiveTalk, Meetings
from console.engine.tasks import Tasks
from console.engine.transfers import Transfers

BACK_S = 5.0
"""How long the way back to the caller may take before an order is done without it."""


class PhoneHolds:
    """Of all agents' phones."""

    def __init__(
        self, floor: FloorRunner, meetings: Meetings, transfers: Transfers, consults: Consults, tasks: Tasks
    ) -> None:
        self._floor = floor
        self._meetings = meetings
        self._transfers = transfers
        self._consults = consults
        self._tasks = tasks
        self._held: set[LegId] = set()
        """The phones whose key says hold."""
        self._marked: dict[LegId, LiveTalk] = {}
        """The talks that the switch itself has on hold."""
        self._talks: dict[AgentId, asyncio.Future[None]] = {}

    def told(self, leg_id: LegId, *, held: bool, has_music: bool) -> None:
        """The key of the phone was pressed. Of a leg that is no agent's nothing comes. ``has_music``: as
        :class:`calls.switch.events.LegHeld` has it."""
        if has_music:
            self._mark(leg_id, held=held)
            return
        if held == (leg_id in self._held):
            return
        if held:
            self._held.add(leg_id)
            self._tasks.start(self._hold(leg_id), f"hold by {leg_id}")
        else:
            self._held.discard(leg_id)
            self._back(leg_id)

    def leg_ended(self, leg_id: LegId) -> None:
        """The leg is gone."""
        self._held.discard(leg_id)

    def talk_began(self, talk: LiveTalk) -> None:
        """The agent and the caller hear each other."""
        if (waits := self._talks.pop(talk.agent_id, None)) is not None and not waits.done():
            waits.set_result(None)

    def talk_over(self, talk: LiveTalk) -> None:
        """They hear each other no longer."""
        self._marked.pop(talk.leg_id, None)

    async def talks(self, agent_id: AgentId) -> None:
        """The agent has their caller back when this returns, where a key of the phone had them on hold and nobody is
        asked. The phone's line may still be on hold: it hears nothing until its key is pressed."""
        if self._consults.held_by(agent_id) is None or self._leg_of(agent_id) not in self._held:
            return
        waits = self._talks.setdefault(agent_id, asyncio.get_running_loop().create_future())
        self._consults.take_back(agent_id)
        await asyncio.wait({waits}, timeout=BACK_S)

    def _mark(self, leg_id: LegId, *, held: bool) -> None:
        if held:
            agent_id = self._floor.agent_of(leg_id)
            talk = None if agent_id is None else self._meetings.of_agent(agent_id)
            if talk is not None and talk.leg_id == leg_id and leg_id not in self._marked:
                self._marked[leg_id] = talk
                talk.recorder.hold(talk.agent_id)
        elif (talk := self._marked.pop(leg_id, None)) is not None:
            talk.recorder.enter(Phase.TALK)

    async def _hold(self, leg_id: LegId) -> None:
        agent_id = self._floor.agent_of(leg_id)
        if agent_id is None or leg_id not in self._held:
            return
        try:
            await self._transfers.hold(agent_id)
        except UserError as problem:  # there is no talk, or it must not be held now: the phone is silent all the same
            log.get().info("a phone's hold was not followed", agent=agent_id, problem=str(problem))
        except SwitchError as problem:
            log.get().error("a phone's hold was not followed", agent=agent_id, problem=str(problem))
        if leg_id not in self._held:
            self._back(leg_id)

    def _back(self, leg_id: LegId) -> None:
        agent_id = self._floor.agent_of(leg_id)
        if agent_id is not None:
            self._consults.phone_takes_back(agent_id)

    def _leg_of(self, agent_id: AgentId) -> LegId | None:
        return next((each.leg_id for each in self._floor.view().agents if each.agent_id == agent_id), None)
