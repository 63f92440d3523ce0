"""A call is led through a flow: to its end, whatever fails, with all of it in the call's record."""

from __future__ import annotations

from dataclasses import dataclass

from calls import log
from calls.clock import Clock
from calls.errors import CallwrightError, RemoteProtocolError, SwitchTimeout, SwitchUnavailable
from calls.switch.port import CallChannel, EndedBy, Hangup, HungUp, Play, Prompt
from console.engine.conversation import Conversations, Trail, instant
from console.engine.recorder import CallRecorder
from ivr.flow import SORRY, Flow
from ivr.session import FAULT, Context, Session
from ivr.trail import Kind


@dataclass(frozen=True, slots=True)
class Led:
    """How it went. ``failed``: by a fault of ours, before anybody was met."""

    gone: HungUp
    failed: bool


class Leading:
    """Leads the calls of an engine."""

    def __init__(self, conversations: Conversations, clock: Clock) -> None:
        self._conversations = conversations
        self._clock = clock

    async def lead(self, channel: CallChannel, recorder: CallRecorder, flow: Flow, context: Context) -> Led:
        """Lead the call through ``flow``; it has ended when this returns."""
        session = Session(flow)
        trail = Trail(recorder, session)
        failed = False
        try:
            gone = await self._conversations.run(channel, recorder, session, trail, context)
        except (SwitchUnavailable, SwitchTimeout, RemoteProtocolError) as problem:
            log.get().error("the switch failed under a call", problem=str(problem))
            gone = HungUp(EndedBy.SWITCH)
        except Exception as problem:  # noqa: BLE001 - the supervisor of one call
            log.get().error("a call failed", exc_info=problem)
            words = f": {problem}" if isinstance(problem, CallwrightError) else ""  # others' may hold a secret
            recorder.note(Kind.FAULT.value, {"error": f"{type(problem).__name__}{words}"})
            failed = True
            gone = await sorry(channel, Prompt(SORRY, flow.language))
        finished = session.hangup(instant(self._clock), gone.by, gone.cause)
        trail.keep()
        for commit in finished.commits:
            await self._conversations.commit(recorder.live, commit)
        recorder.last_node = finished.last_node
        met_somebody = recorder.abandoned or finished.talk_s > 0
        return Led(gone, failed or (finished.outcome == FAULT and not met_somebody))


async def sorry(channel: CallChannel, message: Prompt) -> HungUp:
    """Apologise and hang up: a caller is never left in silence by a fault of ours."""
    try:
        for command in (Play((message,)), Hangup()):
            if isinstance(result := await channel.perform(command), HungUp):
                return result
    except CallwrightError as problem:
        log.get().error("no apology could be played", problem=str(problem))
    return HungUp(EndedBy.US)
