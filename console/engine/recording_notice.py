"""Tells a person that their talk is recorded, and takes a no by a key: only then is anything recorded."""

from __future__ import annotations

from calls.switch.port import CallChannel, Done, Gather, HungUp, KeyPlan, Match, NoMatch, Play, Prompt
from console.engine.recorder import CallRecorder
from dialer.recording_notice import NOT_RECORDED, Notice

KEY_WITHIN_S = 3.0
"""So long after the announcement its key still counts; the agent waits meanwhile."""

PLAYS = 2
"""A wrong key cuts the announcement off; then it is played once more from its beginning."""


async def tell(channel: CallChannel, recorder: CallRecorder, notice: Notice) -> HungUp | None:
    """Play the announcement. Afterwards ``recorder`` knows whether the talk may be recorded. How the call ended, None
    where it is still up.

    Raises:
        SwitchError: the switch failed; the call's state is unknown.
    """
    result = await _play(channel, notice)
    detail = {"prompt": notice.prompt.key}
    match result:
        case HungUp():
            recorder.note("recording_not_announced", detail | {"because": "hangup"})
            return result
        case Match(key):
            recorder.may_record = recorder.untold = False
            recorder.note("recording_refused", detail | {"key": key})
            result = await channel.perform(Play((Prompt(NOT_RECORDED, notice.prompt.language),)))
            return result if isinstance(result, HungUp) else None
        case NoMatch():
            recorder.note("recording_not_announced", detail | {"because": "cut off"})
        case _:
            recorder.untold = False
            recorder.note("recording_announced", detail)
    return None


async def _play(channel: CallChannel, notice: Notice) -> object:
    if not notice.refuse_key:
        result = await channel.perform(Play((notice.prompt,)))
        return result if isinstance(result, HungUp | Done) else NoMatch("")
    gather = Gather((notice.prompt,), KeyPlan(frozenset({notice.refuse_key})), KEY_WITHIN_S, KEY_WITHIN_S)
    for _ in range(PLAYS):
        result = await channel.perform(gather)
        if not isinstance(result, NoMatch):
            break
    return result
