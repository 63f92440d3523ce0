"""Talks with agents that are recorded: which of them, and not while a card number is said.

An agent pauses the recording of the talk in hand and takes it up again; it goes on by itself after a while, for who
forgets it would record nothing any more. Paused, nobody else hears the talk either.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from calls import log
from calls.errors import SwitchError, UserError
from calls.ids import AgentId, QueueName
from calls.recording_rule import share_of
from calls.recordings import MOST_TALKS, of_talk
from calls.settings import QueueSettings
from calls.switch.port import Done, MuteRecording, RecordingFailed
from console.engine.recorder import CallRecorder
from console.engine.recordings import RecordingKeeper
from console.engine.supervision import Supervision
from console.engine.talk import LiveTalk, Meetings
from console.engine.tasks import Tasks

NOT_PAUSED = "the recording could not be paused: let no card number be said"


@dataclass(slots=True)
class _Pause:
    """One pause. ``masked``: a flow had masked the call before."""

    talk: LiveTalk
    masked: bool
    ends: asyncio.TimerHandle


class TalkRecordings:
    """All of one engine."""

    def __init__(
        self,
        queues: Iterable[QueueSettings],
        keeper: RecordingKeeper,
        meetings: Meetings,
        supervision: Supervision,
        tasks: Tasks,
        draw: Callable[[], float],
        pause_limit_s: float,
    ) -> None:
        """``draw`` gives a number in [0, 1) at random: which talks a share takes."""
        self._rules = {QueueName(queue.name): queue.record for queue in queues}
        self._keeper = keeper
        self._meetings = meetings
        self._supervision = supervision
        self._tasks = tasks
        self._draw = draw
        self._pause_limit_s = pause_limit_s
        self._pauses: dict[AgentId, _Pause] = {}
        self._turns: defaultdict[AgentId, asyncio.Lock] = defaultdict(asyncio.Lock)
        """One pause or its end at a time: an end that is late must not undo the pause that came after it."""

    def name_for(self, recorder: CallRecorder, rule: str | None) -> str:
        """The recording of the talk that is about to begin; "": there is none, by the rule (None: the queue's) or by
        chance, because the flow records the whole call, because nothing may be recorded now or of this person, for
        lack of room, or after very many talks in one call."""
        share = share_of(rule or self._rules.get(recorder.queue or QueueName(""), "off"))
        call_id = recorder.live.call_id
        by_flow = recorder.recording is not None and not recorder.recording.startswith(of_talk(call_id, ""))
        if not share or by_flow or recorder.masked or not recorder.may_record:
            return ""
        if recorder.talks >= MOST_TALKS or self._draw() >= share or not self._keeper.has_room():
            return ""
        return of_talk(call_id, recorder.talks + 1)

    @property
    def paused(self) -> Collection[AgentId]:
        """The agents whose talk is not recorded now, because they or somebody for them said so."""
        return self._pauses.keys()

    async def pause(self, agent_id: AgentId, who: str) -> str:
        """Nothing of the agent's talk is recorded, or heard by supervisors, when this returns. In words.

        Raises:
            UserError: the agent talks to nobody, or the recording could not be paused.
            SwitchError: the switch failed, and it is unknown what is recorded.
        """
        self._talk_of(agent_id)
        async with self._turns[agent_id]:
            talk = self._talk_of(agent_id)
            if agent_id in self._pauses:
                return f"agent {agent_id}: the recording is paused already"
            masked, talk.recorder.masked = talk.recorder.masked, True
            ends = asyncio.get_running_loop().call_later(self._pause_limit_s, self._too_long, agent_id)
            self._pauses[agent_id] = _Pause(talk, masked, ends)
            try:
                await self._supervision.mask(talk.call_id)
                muted = isinstance(await talk.channel.perform(MuteRecording(True)), Done)
            except SwitchError:
                await self._over(agent_id)
                raise
            if not muted:
                await self._over(agent_id)
                raise UserError(NOT_PAUSED)
            talk.recorder.note("recording_paused", {"agent": agent_id, "who": who})
        return f"agent {agent_id}: the recording is paused, for {self._pause_limit_s:g} s at most"

    async def resume(self, agent_id: AgentId, who: str) -> str:
        """The agent's talk is recorded again. In words.

        Raises:
            UserError: nothing was paused, or it could not be taken up again.
            SwitchError: the switch failed.
        """
        talk = self._talk_of(agent_id)
        async with self._turns[agent_id]:
            if agent_id not in self._pauses:
                raise UserError(f"agent {agent_id}: no recording is paused")
            await self._go_on(agent_id, who)
        return f"agent {agent_id}: the recording goes on" if talk.recorder.recording else f"agent {agent_id}: over"

    async def talk_over(self, talk: LiveTalk) -> None:
        """A talk has ended: what was paused in it goes on with the call. When this returns it does, so that a flow
        that masks a card number next is not undone."""
        async with self._turns[talk.agent_id]:
            pause = self._pauses.get(talk.agent_id)
            if pause is None or pause.talk is not talk:
                return
            try:
                await self._go_on(talk.agent_id, "the end of the talk")
            except SwitchError as problem:
                log.get().error("a recording was not taken up again", agent=talk.agent_id, problem=str(problem))
            finally:
                await self._over(talk.agent_id)

    def _too_long(self, agent_id: AgentId) -> None:
        self._tasks.start(self._limited(agent_id, self._pauses[agent_id]), f"recording {agent_id}")

    async def _limited(self, agent_id: AgentId, pause: _Pause) -> None:
        async with self._turns[agent_id]:
            if self._pauses.get(agent_id) is not pause:
                return
            try:
                await self._go_on(agent_id, "its limit")
            except SwitchError as problem:
                log.get().error("a recording was not taken up again", agent=agent_id, problem=str(problem))

    async def _go_on(self, agent_id: AgentId, who: str) -> None:
        pause = self._pauses[agent_id]
        recorder = pause.talk.recorder
        if not pause.masked:
            muted = await pause.talk.channel.perform(MuteRecording(False))
            if isinstance(muted, RecordingFailed):
                log.get().warning("a recording stays muted", call_id=recorder.live.call_id)
        recorder.note("recording_resumed", {"agent": agent_id, "who": who})
        await self._over(agent_id)

    async def _over(self, agent_id: AgentId) -> None:
        pause = self._pauses.pop(agent_id, None)
        if pause is not None:
            pause.ends.cancel()
            pause.talk.recorder.masked = pause.masked
            await self._supervision.unmask(pause.talk.call_id)

    def _talk_of(self, agent_id: AgentId) -> LiveTalk:
        talk = self._meetings.of_agent(agent_id)
        if talk is None:
            raise UserError(f"agent {agent_id} talks to nobody")
        return talk
